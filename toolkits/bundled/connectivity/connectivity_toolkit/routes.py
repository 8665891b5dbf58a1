"""Traceroute without privileges, where the system tells of ICMP errors on a UDP socket."""

from __future__ import annotations

import ipaddress
import os
import select
import socket
import struct
import sys
import time
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field
from toolkit_sdk import Context, ToolkitError, views
from toolkit_sdk.net import Endpoint, Family, NetError, resolve

from connectivity_toolkit.app import toolkit

# Numbers of linux/in.h, in6.h and errqueue.h.
_RECVERR = {socket.AF_INET: (socket.IPPROTO_IP, 11), socket.AF_INET6: (socket.IPPROTO_IPV6, 25)}
_HOPS = {
    socket.AF_INET: (socket.IPPROTO_IP, socket.IP_TTL),
    socket.AF_INET6: (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS),
}
_FIRST_PORT = 33_434
_EXCEEDED = {2: 11, 3: 3}
_UNREACHABLE = {2: 3, 3: 1}
_PORT_UNREACHABLE = {2: 3, 3: 4}


@dataclass(frozen=True)
class Hop:
    """One answer: from where, after how long, and whether it was the end of the way."""

    address: str | None
    took_ms: float | None
    end: bool = False
    note: str = ""


@toolkit.operation(title="Trace a route", interactive=True, timeout=300)
def trace(
    ctx: Context,
    host: Annotated[str, Field(min_length=1, max_length=253, description="Name or address")],
    family: Annotated[Family, Field(description="any takes the first address of the name")] = "any",
    most_hops: Annotated[int, Field(ge=1, le=64)] = 30,
    tries: Annotated[int, Field(ge=1, le=5, description="Packets for each hop")] = 3,
    timeout_seconds: Annotated[float, Field(ge=0.1, le=10)] = 1.0,
    names: Annotated[bool, Field(description="Look the names of routers up")] = False,
) -> views.Table:
    """Find the routers on the way to a host, by UDP packets that live for ever more hops."""
    if not sys.platform.startswith("linux"):
        raise ToolkitError("This system does not tell of ICMP errors without privileges.")
    try:
        found = ctx.interruptible(_resolve, host.strip(), ctx.settings.reach, family)
    except NetError as error:
        raise ToolkitError(f"{error}.", field="host") from None
    endpoint: Endpoint = found.endpoints[0]
    ctx.log.info("tracing the route to %s (%s)", host, endpoint.address)
    rows, reached = [], False
    for done, number in ctx.progress(range(1, most_hops + 1), label="Hop"):
        hops = [
            ctx.interruptible(
                ask, endpoint, number, _FIRST_PORT + done * tries + n, timeout_seconds
            )
            for n in range(tries)
        ]
        rows.append(_row(number, hops))
        if names and (address := next((hop.address for hop in hops if hop.address), None)):
            rows[-1]["name"] = ctx.interruptible(_name, address)
        ctx.log.info("%d: %s", number, rows[-1]["address"] or "no answer")
        if any(hop.end for hop in hops):
            reached = hops[-1].address == endpoint.address or any(
                hop.address == endpoint.address for hop in hops
            )
            break
    caption = (
        f"{endpoint.address} was reached" if reached else f"{endpoint.address} was not reached"
    )
    return views.Table(
        title=f"Route to {host}",
        columns=[
            views.Column(key="hop", type="number"),
            views.Column(key="state", type="state"),
            views.Column(key="address", type="code"),
            views.Column(key="name"),
            *(
                views.Column(key=f"t{n}", label=f"Try {n}", type="duration_ms")
                for n in range(1, tries + 1)
            ),
            views.Column(key="note"),
        ],
        rows=rows,
        caption=caption,
    )


def _resolve(host: str, reach: Any, family: Family) -> Any:
    return resolve(host, _FIRST_PORT, reach, family=family)


def _row(number: int, hops: list[Hop]) -> dict[str, Any]:
    addresses = list(dict.fromkeys(hop.address for hop in hops if hop.address))
    if any(hop.end and not hop.note for hop in hops):
        state = views.state("ok", "reached")
    elif any(hop.end for hop in hops):
        state = views.state("critical", "unreachable")
    else:
        state = views.state("info", "router") if addresses else views.state("unknown", "silent")
    row: dict[str, Any] = {
        "hop": number,
        "state": state,
        "address": ", ".join(addresses) or None,
        "name": None,
        "note": next((hop.note for hop in hops if hop.note), ""),
    }
    return row | {f"t{n}": hop.took_ms for n, hop in enumerate(hops, 1)}


def _name(address: str) -> str | None:
    try:
        return socket.gethostbyaddr(address)[0]
    except OSError:
        return None


def ask(endpoint: Endpoint, hops: int, port: int, timeout: float) -> Hop:
    """Send one packet that lives for ``hops`` hops, and wait for who ends it."""
    level, option = _RECVERR[endpoint.family]  # type: ignore[index]
    sockaddr = (endpoint.sockaddr[0], port, *endpoint.sockaddr[2:])
    with socket.socket(endpoint.family, socket.SOCK_DGRAM) as connection:
        connection.setblocking(False)
        connection.setsockopt(level, option, 1)
        connection.setsockopt(*_HOPS[endpoint.family], hops)  # type: ignore[index,call-overload]
        started = time.perf_counter()
        try:
            connection.connect(sockaddr)
            connection.send(b"toolbox-trace")
        except OSError as error:
            return Hop(None, None, True, os.strerror(error.errno or 0))
        return _wait(connection, started, timeout)


def _wait(connection: socket.socket, started: float, timeout: float) -> Hop:
    poll = select.poll()
    poll.register(connection, select.POLLIN | select.POLLERR)
    deadline = started + timeout
    while (left := deadline - time.perf_counter()) > 0:
        if not poll.poll(left * 1000):
            break
        took = round((time.perf_counter() - started) * 1000, 2)
        try:
            _, extra, _, _ = connection.recvmsg(512, 512, socket.MSG_ERRQUEUE)
        except BlockingIOError:
            # Not an error: the host itself answered on that port.
            return Hop(connection.getpeername()[0], took, True)
        for _, _, data in extra:
            if (hop := _read(data, took)) is not None:
                return hop
    return Hop(None, None)


def _read(data: bytes, took: float) -> Hop | None:
    """Read a ``sock_extended_err`` and the address after it."""
    number, origin, kind, code = struct.unpack_from("=IBBB", data)
    if origin not in _EXCEEDED:
        return Hop(None, None, True, os.strerror(number)) if origin == 1 else None
    address = _offender(data[16:])
    if kind == _EXCEEDED[origin]:
        return Hop(address, took)
    if kind != _UNREACHABLE[origin]:
        return None
    if code == _PORT_UNREACHABLE[origin]:
        return Hop(address, took, True)
    return Hop(address, took, True, f"the way ends here: {os.strerror(number)}")


def _offender(data: bytes) -> str | None:
    family = struct.unpack_from("=H", data)[0] if len(data) >= 8 else 0
    if family == socket.AF_INET:
        return str(ipaddress.IPv4Address(data[4:8]))
    if family == socket.AF_INET6 and len(data) >= 24:
        return str(ipaddress.IPv6Address(data[8:24]))
    return None
