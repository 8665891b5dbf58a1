"""Judgements as views."""

from __future__ import annotations

import ipaddress
from typing import Any

from toolkit_sdk import views

from tls_toolkit import facts
from tls_toolkit.handshake import Seen
from tls_toolkit.judgement import Finding, Judgement, days


def stat(judgement: Judgement, name: str) -> views.Stat:
    """Days left, and the worst that there is to say."""
    left = judgement.leaf.days_left
    first = judgement.findings[0].text if judgement.findings else "Nothing to object to."
    return views.Stat(
        value=int(left) if left >= 0 else days(left),
        unit="days left" if left >= 0 else None,
        label=name,
        state=judgement.state,
        detail=first,
    )


def findings(found: tuple[Finding, ...]) -> views.View:
    """What there is to say, as a table."""
    if not found:
        return views.Text(
            text="Nothing to object to: dates, names, chain, keys and protocol are good."
        )
    return views.Table(
        title="Findings",
        columns=[views.Column(key="state", type="state"), views.Column(key="what", label="What")],
        rows=[
            {"state": views.state(one.state, one.code.replace("_", " ")), "what": one.text}
            for one in found
        ],
    )


def certificate(leaf: facts.Facts, own: bool = True) -> views.KeyValue:
    """The facts of a certificate."""
    items: dict[str, Any] = {
        "subject": leaf.subject,
        "names": ", ".join(leaf.names) or "none",
        "issuer": leaf.issuer + (" (itself)" if leaf.self_signed else ""),
        "valid from": f"{leaf.begins:%Y-%m-%d %H:%M} UTC",
        "valid until": f"{leaf.ends:%Y-%m-%d %H:%M} UTC ({days(leaf.days_left)})",
        "key": leaf.key,
        "signature": leaf.signature,
        "serial number": leaf.serial,
        "SHA-256": leaf.fingerprint,
    }
    return views.KeyValue(items=items)


def chain(judgement: Judgement) -> views.Table:
    """The certificates in the order in which they were sent."""
    return views.Table(
        title="Chain as sent",
        columns=[
            views.Column(key="number", label="#", type="number"),
            "subject",
            "issuer",
            views.Column(key="ends", label="Valid until", type="datetime"),
            views.Column(key="days", label="Days left", type="number"),
            "key",
            "signature",
            views.Column(key="ca", label="CA", type="bool"),
        ],
        rows=[
            {
                "number": number,
                "subject": one.subject,
                "issuer": one.issuer + (" (itself)" if one.self_signed else ""),
                "ends": one.ends.isoformat(),
                "days": int(one.days_left),
                "key": one.key,
                "signature": one.signature,
                "ca": one.is_ca,
            }
            for number, one in enumerate(judgement.chain)
        ],
    )


def connection(seen: Seen, judgement: Judgement, offered: dict[str, bool]) -> views.KeyValue:
    """How the handshake went."""
    items: dict[str, Any] = {
        "address": seen.address,
        "protocol": seen.version,
        "cipher": f"{seen.cipher} ({seen.bits} bits)",
        "connected in": f"{seen.connect_ms:.1f} ms",
        "handshake in": f"{seen.handshake_ms:.1f} ms",
        "OCSP staple": judgement.staple.text if judgement.staple else "",
    }
    if offered:
        items["versions it takes"] = ", ".join(name for name, ok in offered.items() if ok)
    return views.KeyValue(items=items)


def old_versions(offered: dict[str, bool]) -> tuple[Finding, ...]:
    """Findings on old versions that a server still takes."""
    return tuple(
        Finding("warning", "old_protocol_offered", f"the server still takes {name}")
        for name in ("TLSv1", "TLSv1.1")
        if offered.get(name)
    )


def address_of(host: str, port: int) -> str:
    """Host and port as people write them."""
    try:
        literal = ipaddress.ip_address(host).version == 6
    except ValueError:
        literal = False
    return f"[{host}]:{port}" if literal else f"{host}:{port}"
