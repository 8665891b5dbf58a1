"""Responses as views."""

from __future__ import annotations

import json
from typing import Any

from toolkit_sdk import views

from api_toolkit.asserting import Verdict
from api_toolkit.sender import Answer

_HEX_BYTES = 512


def response(answer: Answer, verdicts: list[Verdict], shown: int) -> views.Section:
    """Everything about a response: status, assertions, timing, headers, body."""
    got = answer.response
    failed = [one for one in verdicts if not one.holds]
    state: Any = "critical" if failed or got.status >= 500 else "ok"
    if state == "ok" and got.status >= 400 and not verdicts:
        state = "warning"
    detail = f"{failed[0].sentence}: it is {failed[0].found}" if failed else got.reason
    parts: list[views.View] = [
        views.Stat(
            value=got.status, label=f"in {answer.total_ms:.0f} ms", state=state, detail=detail
        )
    ]
    if verdicts:
        parts.append(assertions(verdicts))
    if answer.hops:
        parts.append(_hops(answer))
    parts += [_timing(answer), _headers(answer), *body(answer, shown)]
    return views.Section(title=f"{got.status} {got.reason}".strip(), views=parts)


def assertions(verdicts: list[Verdict]) -> views.Table:
    """Which assertions hold."""
    return views.Table(
        title="Assertions",
        columns=[views.Column(key="state", type="state"), "assertion", "found"],
        rows=[
            {
                "state": views.state("ok", "holds")
                if one.holds
                else views.state("critical", "fails"),
                "assertion": one.sentence,
                "found": one.found,
            }
            for one in verdicts
        ],
        caption=f"{sum(one.holds for one in verdicts)} of {len(verdicts)} hold",
    )


def _hops(answer: Answer) -> views.Table:
    return views.Table(
        title="Redirects",
        columns=[
            views.Column(key="status", type="number"),
            views.Column(key="url", label="From", type="code"),
            views.Column(key="took", type="duration_ms"),
        ],
        rows=[{"status": hop.status, "url": hop.url, "took": hop.took} for hop in answer.hops],
        caption=f"then {answer.response.url}",
    )


def _timing(answer: Answer) -> views.KeyValue:
    phases, got = answer.response.phases, answer.response
    items: dict[str, Any] = {
        name: f"{value:.2f} ms"
        for name, value in (
            ("name look-up", phases.dns),
            ("connecting", phases.connect),
            ("TLS", phases.tls),
            ("first byte", phases.first_byte),
            ("transfer", phases.transfer),
            ("in all", answer.total_ms),
        )
        if value is not None
    }
    items["address"] = got.address
    items["protocol"] = f"HTTP/{got.version}" + (f" over {got.tls}" if got.tls else "")
    items["size"] = f"{len(answer.body):,} bytes" + (" and more" if answer.truncated else "")
    return views.KeyValue(items=items)


def _headers(answer: Answer) -> views.Table:
    return views.Table(
        title="Headers",
        columns=[views.Column(key="name", type="code"), views.Column(key="value", type="code")],
        rows=[{"name": name, "value": value} for name, value in answer.response.headers],
    )


def body(answer: Answer, limit: int) -> list[views.View]:
    """The body: pretty where it can be, as text, or the first bytes in hex."""
    if not answer.body:
        return [views.Text(text="The response has no body.")]
    if not answer.is_text:
        return [
            views.Code(code=_hex(answer.body[:_HEX_BYTES])),
            views.Text(text=_note(answer, None)),
        ]
    parts: list[views.View] = []
    text = answer.text
    pretty = _pretty(answer)
    if pretty is not None:
        parts.append(views.Code(code=pretty[:limit], language="json"))
    if pretty is None or pretty != text:
        parts.append(views.Code(code=text[:limit], language="raw" if pretty else ""))
    longest = max(len(text), len(pretty or ""))
    if answer.truncated or longest > limit:
        parts.append(views.Text(text=_note(answer, limit if longest > limit else None)))
    return parts


def _note(answer: Answer, limit: int | None) -> str:
    if answer.truncated:
        read = f"Only the first {len(answer.body):,} bytes were read, the limit of the settings."
    else:
        read = f"The body has {len(answer.body):,} bytes."
    shown = f" Shown are {limit:,} characters." if limit else ""
    return f"{read}{shown}"


def _pretty(answer: Answer) -> str | None:
    if "json" not in answer.content_type and answer.body[:1] not in (b"{", b"["):
        return None
    try:
        return json.dumps(answer.json(), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return None


def _hex(data: bytes) -> str:
    lines = []
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{at:08x}  {row.hex(' '):<47}  {text}")
    return "\n".join(lines)
