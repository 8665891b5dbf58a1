"""A mail server on loopback that keeps what it is given."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message

from tests.support import listeners


@dataclass
class Sink:
    """What came, and whether it is taken at all."""

    port: int = 0
    messages: list[Message] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refusing: bool = False

    def talk(self, connection: socket.socket) -> None:
        """Speak SMTP (RFC 5321) as far as it takes to be handed a message."""
        lines = connection.makefile("rb")

        def say(text: str) -> None:
            connection.sendall(text.encode() + b"\r\n")

        say("220 sink.test ESMTP")
        for line in lines:
            verb, _, rest = line.decode().strip().partition(" ")
            if verb.upper() == "RCPT" and self.refusing:
                say("451 try again later")
            elif verb.upper() == "RCPT":
                self.recipients.append(rest.partition("<")[2].partition(">")[0])
                say("250 ok")
            elif verb.upper() == "DATA":
                say("354 go on")
                self.messages.append(message_from_bytes(_body(lines)))
                say("250 kept")
            elif verb.upper() == "QUIT":
                say("221 bye")
                return
            else:
                say("250 ok")


def _body(lines: Iterator[bytes]) -> bytes:
    taken = []
    for line in lines:
        if line == b".\r\n":
            break
        taken.append(line.removeprefix(b"."))
    return b"".join(taken)


@contextmanager
def running() -> Iterator[Sink]:
    """A running sink."""
    sink = Sink()
    with listeners.tcp(sink.talk) as port:
        sink.port = port
        yield sink
