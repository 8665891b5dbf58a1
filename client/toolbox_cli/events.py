"""Following a job: server-sent events, taken up again wherever they broke off."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import requests

from toolbox_cli.errors import BY_STATE, ApiError, Unreachable
from toolbox_cli.http import Client

# The server sends a sign of life every ten seconds.
_SILENCE = 45.0
_LONGEST_PAUSE = 15.0
FINISHED = frozenset(BY_STATE)


@dataclass
class Event:
    """One event of a stream."""

    name: str = "message"
    data: str = ""
    id: str = ""


@dataclass
class Watcher:
    """What to do with what comes."""

    log: Callable[[dict[str, Any]], None]
    state: Callable[[dict[str, Any]], None] = field(default=lambda _: None)
    progress: Callable[[dict[str, Any]], None] = field(default=lambda _: None)
    note: Callable[[str], None] = field(default=lambda _: None)


def parse(lines: Iterable[str]) -> Iterator[Event]:
    """Events of the lines of a stream, as the HTML standard reads them."""
    name, number = "", ""
    data: list[str] = []
    for line in lines:
        if not line:
            if data:
                yield Event(name or "message", "\n".join(data), number)
            name, data = "", []
            continue
        key, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if key == "event":
            name = value
        elif key == "data":
            data.append(value)
        elif key == "id":
            number = value


def follow(
    client: Client, job_id: str, watcher: Watcher, *, after: int = 0, patience: float = 300.0
) -> str:
    """Tell everything about a job until it ends; returns its final state.

    No line is missed and none comes twice, however often the connection breaks. After
    ``patience`` seconds without an answer ``Unreachable`` is raised.
    """
    run = _Run(client, job_id, watcher, after)
    lost_since, pause = 0.0, 1.0
    while True:
        try:
            state = run.stream()
            lost_since, pause = 0.0, 1.0
        except (Unreachable, ApiError, requests.RequestException) as error:
            if not _may_pass(error):
                raise
            now = time.monotonic()
            lost_since = lost_since or now
            if now - lost_since > patience:
                raise Unreachable(
                    f"{error}\nThe job goes on. Follow it with: toolbox jobs follow {job_id}"
                ) from None
            if pause == 1.0:
                watcher.note("the connection broke off; trying again")
            time.sleep(max(pause, getattr(error, "retry_after", 0.0)))
            pause = min(pause * 2, _LONGEST_PAUSE)
            continue
        if state:
            return state


def _may_pass(error: Exception) -> bool:
    """Whether asking again may help."""
    return not isinstance(error, ApiError) or error.status >= 500 or error.status == 429


class _Run:
    """One following: remembers how far it came."""

    def __init__(self, client: Client, job_id: str, watcher: Watcher, after: int) -> None:
        self.client, self.job_id, self.watcher, self.after = client, job_id, watcher, after

    def stream(self) -> str:
        """Read one stream to its end; the final state, or nothing where it broke off."""
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(self.after)}
        try:
            response = self.client.request(
                "GET", f"jobs/{self.job_id}/events/",
                headers=headers, stream=True, timeout=(10.0, _SILENCE),
            )  # fmt: skip
        except ApiError as error:
            if error.status != 503:
                raise
            return self.poll()  # every stream of the server is taken
        with response:
            if response.status_code == 204:
                return self.final()
            for event in parse(_lines(response)):
                if state := self.take(event):
                    return state
        return ""

    def final(self) -> str:
        """The state of the job, which has ended."""
        return str(self.client.get(f"jobs/{self.job_id}/")["state"])

    def take(self, event: Event) -> str:
        """Hand an event on; the final state if it was the last one."""
        data = json.loads(event.data)
        if event.name == "log":
            for line in data["lines"]:
                self.watcher.log(line)
            self.after = int(event.id)
        elif event.name == "state":
            self.watcher.state(data)
        elif event.name == "progress":
            self.watcher.progress(data)
        return str(data["state"]) if event.name == "done" else ""

    def poll(self) -> str:
        """Ask for the log instead, for as long as there is no stream to be had."""
        page = self.client.get(f"jobs/{self.job_id}/logs/", after=self.after)
        for line in page["lines"]:
            self.watcher.log(line)
        self.after = page["next_after"]
        if page["done"]:
            return self.final()
        time.sleep(1.0)
        return ""


def _lines(response: requests.Response) -> Iterator[str]:
    """Lines as they come. They end at a newline alone: ``str.splitlines`` would also break a
    log's text at separators that stand within it."""
    rest = b""
    try:
        for chunk in response.iter_content(chunk_size=None):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield line.removesuffix(b"\r").decode("utf-8", "replace")
    except requests.RequestException as error:
        raise Unreachable(f"the stream broke off: {type(error).__name__}") from None
