"""The places that lines are sent to, named by a URL."""

from __future__ import annotations

import hashlib
import hmac
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import requests
from django.conf import settings

from audit.forward import syslog

_CONNECT_SECONDS, _READ_SECONDS = 3.0, 10.0


class CannotSend(Exception):
    """A place did not take what was sent."""


@dataclass(frozen=True)
class Entry:
    """One line with what envelopes need of it."""

    line: str
    name: str
    severity: str
    sequence: int
    time: str


class Sink(Protocol):
    """Takes entries, all of them or raises ``CannotSend``."""

    def send(self, entries: Sequence[Entry]) -> None: ...


class Stdout:
    """Standard output of the scheduler, for platforms that collect it."""

    def send(self, entries: Sequence[Entry]) -> None:
        sys.stdout.write("".join(f"{entry.line}\n" for entry in entries))
        sys.stdout.flush()


@dataclass(frozen=True)
class File:
    """A file that lines are added to, and that is on the disk before it counts as sent."""

    path: Path

    def send(self, entries: Sequence[Entry]) -> None:
        text = "".join(f"{entry.line}\n" for entry in entries)
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            with open(os.open(self.path, flags, 0o600), "a", encoding="ascii") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise CannotSend(str(error)) from error


@dataclass(frozen=True)
class Webhook:
    """An HTTP server that answers 2xx; lines are its body, signed where a secret is set."""

    url: str

    def send(self, entries: Sequence[Entry]) -> None:
        body = "".join(f"{entry.line}\n" for entry in entries).encode("ascii")
        first, last = entries[0].sequence, entries[-1].sequence
        headers = {
            "Content-Type": "application/x-ndjson",
            "User-Agent": "sre-toolbox-audit",
            # A place that got them once already can tell by this.
            "Idempotency-Key": f"{first}-{last}-{hashlib.sha256(body).hexdigest()[:16]}",
            **_signature(body),
        }
        try:
            # The status is all that counts: of the answer's body nothing is read.
            with requests.post(
                self.url,
                data=body,
                headers=headers,
                timeout=(_CONNECT_SECONDS, _READ_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as response:
                status = response.status_code
        except requests.RequestException as error:
            raise CannotSend(f"{type(error).__name__}") from error
        if not 200 <= status < 300:
            raise CannotSend(f"it answered {status}")


def _signature(body: bytes) -> dict[str, str]:
    secret = settings.AUDIT_WEBHOOK_SECRET
    if not secret:
        return {}
    moment = str(int(time.time()))
    mac = hmac.digest(secret.encode(), moment.encode() + b"." + body, "sha256").hex()
    return {"X-Audit-Timestamp": moment, "X-Audit-Signature": f"sha256={mac}"}


@dataclass(frozen=True)
class Syslog:
    """A syslog server, over UDP, TCP or TLS."""

    target: syslog.Target

    def send(self, entries: Sequence[Entry]) -> None:
        messages = [
            syslog.message(entry.line, entry.name, entry.severity, entry.sequence, entry.time)
            for entry in entries
        ]
        try:
            syslog.send(self.target, messages)
        except OSError as error:
            raise CannotSend(str(error)) from error


def parse(url: str) -> Sink:
    """Return the sink that a URL names; raises ``ValueError`` in words for an unknown one."""
    parts = urlsplit(url)
    if parts.scheme == "stdout":
        return Stdout()
    if parts.scheme == "file" and parts.path:
        return File(Path(unquote(parts.path)))
    if parts.scheme in ("http", "https") and parts.hostname:
        return Webhook(url)
    if parts.scheme.startswith("syslog+") and parts.hostname:
        kind = parts.scheme.removeprefix("syslog+")
        if kind in syslog.PORTS:
            ca = parse_qs(parts.query).get("ca", [""])[0]
            port = parts.port or syslog.PORTS[kind]
            return Syslog(syslog.Target(kind, parts.hostname, port, ca))
    raise ValueError(
        f"{label(url)!r} is no place to send to: use stdout:, file:///path, https://host/path, "
        "syslog+udp://host:514, syslog+tcp://host:601 or syslog+tls://host:6514"
    )


def label(url: str) -> str:
    """Name a place without what may be secret in its URL: user, password, path and query."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return f"file://{parts.path}"[:200]
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}"[:200] if parts.hostname else parts.scheme
