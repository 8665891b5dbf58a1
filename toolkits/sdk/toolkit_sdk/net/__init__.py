"""Reaching targets that people name: checked addresses, bounded time, measured phases."""

from toolkit_sdk.net.exchange import (
    ExchangeError,
    Options,
    Phases,
    Request,
    Response,
    exchange,
    interrupt,
    tls_context,
)
from toolkit_sdk.net.patterns import Host, Ports, Url, is_host
from toolkit_sdk.net.resolve import Endpoint, Family, Resolved, connect, explain, resolve
from toolkit_sdk.net.rules import NetError, ProbeSettings, Reach

__all__ = [
    "Endpoint",
    "ExchangeError",
    "Family",
    "Host",
    "NetError",
    "Options",
    "Phases",
    "Ports",
    "ProbeSettings",
    "Reach",
    "Request",
    "Resolved",
    "Response",
    "Url",
    "connect",
    "exchange",
    "explain",
    "interrupt",
    "is_host",
    "resolve",
    "tls_context",
]
