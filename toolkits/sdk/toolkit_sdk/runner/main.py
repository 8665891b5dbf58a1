"""The runner's life: hello, confinement, ready, then one request after the other."""

from __future__ import annotations

import os
import sys
import threading

import toolkit_sdk
from toolkit_sdk.runner.channel import Channel
from toolkit_sdk.runner.confine import confine
from toolkit_sdk.runner.requests import Requests

PROTOCOL = 1


def main(read_fd: int, write_fd: int) -> None:
    """Serve the worker at the other end of the descriptors until it is done with this."""
    parent = os.getppid()
    for descriptor in (read_fd, write_fd):
        os.set_inheritable(descriptor, False)
    channel = Channel(read_fd, write_fd)
    hello = channel.read()
    if hello is None:
        return
    if hello.get("protocol") != PROTOCOL:
        message = f"runner speaks protocol {PROTOCOL}, not {hello.get('protocol')}"
        channel.send(type="error", id=None, kind="protocol", message=message)
        return
    try:
        enforced = confine(hello, parent)
    except OSError as error:
        message = f"cannot become user {hello.get('uid')}: {error.strerror}"
        channel.send(type="error", id=None, kind="confinement", message=message)
        return
    sys.path[:0] = [hello["bundle"], *hello["paths"]]
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    threading.excepthook = _thread_failed
    # The system's 8 MiB a thread would use up the memory limit with a hundred threads.
    threading.stack_size(1 << 20)
    channel.send(
        type="ready",
        pid=os.getpid(),
        sdk=toolkit_sdk.__version__,
        protocol=PROTOCOL,
        enforced=enforced,
    )
    channel.start()
    Requests(channel, hello).serve()


def _thread_failed(arguments: threading.ExceptHookArgs) -> None:
    name = arguments.thread.name if arguments.thread else "a thread"
    print(f"{name} failed: {arguments.exc_type.__name__}: {arguments.exc_value}", file=sys.stderr)
