"""One sample: a request, measured phase by phase, and whether it kept the promise."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from toolkit_sdk.net import ExchangeError, NetError, Options, Phases, Request, exchange

from latency_toolkit.app import Config, Template, status_fits

PHASES = ("dns", "connect", "tls", "first_byte", "transfer")
NAMES = {
    "dns": "name look-up",
    "connect": "connecting",
    "tls": "TLS",
    "first_byte": "first byte",
    "transfer": "transfer",
}
_BODY = 1 << 20
_KEYS = {"dns": "d", "connect": "c", "tls": "s", "first_byte": "f", "transfer": "x"}


@dataclass(frozen=True)
class Sample:
    """A sample. ``error`` is empty where the answer was the expected one; ``breach`` is true
    for one that was not, or that took longer than promised."""

    at: float
    total: float
    phases: dict[str, float | None]
    status: int | None
    error: str
    breach: bool
    address: str = ""

    def packed(self) -> dict[str, Any]:
        """The sample as the history keeps it: short, because there are many."""
        value: dict[str, Any] = {"t": round(self.total, 2), "b": int(self.breach)}
        for name, phase in self.phases.items():
            if phase is not None:
                value[_KEYS[name]] = round(phase, 2)
        if self.status is not None:
            value["st"] = self.status
        if self.error:
            value["e"] = self.error[:200]
        return value


def unpacked(at: float, value: dict[str, Any]) -> Sample:
    """A sample out of the history."""
    return Sample(
        at=at,
        total=value["t"],
        phases={name: value.get(key) for name, key in _KEYS.items()},
        status=value.get("st"),
        error=value.get("e", ""),
        breach=bool(value["b"]),
    )


def probe(template: Template, config: Config) -> Sample:
    """Take one sample. Never raises: what went wrong is the sample's error."""
    at = time.time()
    try:
        answer = exchange(
            request_of(template),
            Options(
                reach=config.reach,
                timeout=template.timeout_seconds,
                verify=template.verify_tls,
                body_limit=_BODY,
            ),
        )
    except ExchangeError as error:
        return _failed(at, error.phases, str(error), error.address)
    except (NetError, ValueError) as error:
        return _failed(at, Phases(), str(error), "")
    error = _unexpected(template, answer.status, answer.body)
    total = answer.phases.total
    return Sample(
        at=at,
        total=total,
        phases=_measured(answer.phases),
        status=answer.status,
        error=error,
        breach=bool(error) or total > template.sla_ms,
        address=answer.address,
    )


def request_of(template: Template) -> Request:
    """The request of a template."""
    headers = [(header.name, header.value) for header in template.headers]
    if template.token is not None:
        headers.append(("Authorization", f"Bearer {template.token.reveal().strip()}"))
    body = template.body.encode() if template.method == "POST" else None
    return Request(template.method, template.url.strip(), tuple(headers), body)


def _failed(at: float, phases: Phases, error: str, address: str) -> Sample:
    return Sample(at, phases.total, _measured(phases), None, error, True, address)


def _measured(phases: Phases) -> dict[str, float | None]:
    return {name: getattr(phases, name) for name in PHASES}


def _unexpected(template: Template, status: int, body: bytes) -> str:
    try:
        if not status_fits(status, template.expected_status):
            return f"status {status}, not {template.expected_status}"
    except ValueError as error:
        return str(error)
    wanted = template.expected_content
    if wanted and wanted.encode() not in body:
        return f"the body does not contain {wanted[:60]!r}"
    return ""
