"""A mail server for tests: it keeps what it is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.processes import free_port


@dataclass
class Mailbox:
    """What came, as ``(recipients, message)``. ``refuse`` is answered instead where it is set."""

    password: str = ""
    got: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    refuse: str = ""
    port: int = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refuse:
            return self.refuse
        content = envelope.content
        assert isinstance(content, bytes)
        told = message_from_bytes(content, policy=policy.default)
        assert isinstance(told, EmailMessage)
        self.got.append((list(envelope.rcpt_tos), told))
        return "250 OK"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any
    ) -> AuthResult:
        ok = isinstance(given, LoginPassword) and given.password == self.password.encode()
        return AuthResult(success=ok, handled=False)


@contextmanager
def receiving(password: str = "") -> Iterator[Mailbox]:
    """A mail server for a block; with a password, whoever signs in must have it."""
    mailbox = Mailbox(password)
    mailbox.port = free_port()
    controller = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=mailbox.port,
        authenticator=mailbox.authenticate,
        auth_require_tls=False,
    )
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()
