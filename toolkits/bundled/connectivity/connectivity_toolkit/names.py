"""Look names up: addresses of both families, names of addresses."""

from __future__ import annotations

import ipaddress
import socket
from typing import Annotated, Any

from pydantic import Field
from toolkit_sdk import Context, views
from toolkit_sdk.net import NetError, Reach, resolve

from connectivity_toolkit.app import toolkit


@toolkit.operation(title="Look names up", interactive=True, timeout=120)
def lookup(
    ctx: Context,
    names: Annotated[
        list[str], Field(min_length=1, max_length=500, description="Names or addresses")
    ],
) -> views.Table:
    """Ask the system's resolver for the addresses of names, and for the names of addresses."""
    wanted = [part for name in names for part in name.replace(",", " ").split()]
    reach = ctx.settings.reach
    rows: dict[str, list[dict[str, Any]]] = {}
    for name, found in ctx.in_threads(_look, wanted, workers=32, label="Looking up"):
        for row in found:
            address = row["address"]
            row["note"] = row["note"] or (reach.refusal(address) if address else "") or ""
            ctx.log.info("%s: %s %s", name, address or "", row["note"])
        rows[name] = found
    return views.Table(
        columns=[
            views.Column(key="name"),
            views.Column(key="state", type="state"),
            views.Column(key="address", type="code"),
            views.Column(key="family"),
            views.Column(key="took", type="duration_ms"),
            views.Column(key="reverse", label="Name of the address"),
            views.Column(key="note"),
        ],
        rows=[row for name in dict.fromkeys(wanted) for row in rows[name]],
    )


def _look(name: str) -> list[dict[str, Any]]:
    found = []
    for family, label in (("ipv4", "IPv4"), ("ipv6", "IPv6")):
        try:
            # What may not be reached may still be looked up: the note says so.
            resolved = resolve(name, 0, Reach(), family=family)  # type: ignore[arg-type]
        except NetError as error:
            if _family(name) in ("", label):
                found.append(_none(name, label, str(error)))
            continue
        found += [
            {
                "name": name,
                "state": views.state("ok", "found"),
                "address": endpoint.address,
                "family": label,
                "took": resolved.dns_ms,
                "reverse": _reverse(endpoint.address),
                "note": "",
            }
            for endpoint in resolved.endpoints
        ]
    good = [row for row in found if row["address"]]
    # A name with addresses of one family alone is no failure.
    return good or found[:1]


def _none(name: str, family: str, why: str) -> dict[str, Any]:
    return {
        "name": name,
        "state": views.state("critical", "none"),
        "address": None,
        "family": family,
        "took": None,
        "reverse": None,
        "note": why,
    }


def _family(name: str) -> str:
    try:
        return f"IPv{ipaddress.ip_address(name).version}"
    except ValueError:
        return ""


def _reverse(address: str) -> str | None:
    try:
        return socket.gethostbyaddr(address)[0]
    except (OSError, UnicodeError):
        return None
