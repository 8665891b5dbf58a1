"""Types of what people write to name a target: refused at the field, before anything runs.

A record is checked by its schema alone, so what is wrong with it has to stand there: a pattern
that browsers read as well, and under ``x-says`` what was expected, in words.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import Field

_PORT = r"([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])"
_PORTS = rf"{_PORT}(\s*-\s*{_PORT})?"
_HOST = r"(\[[0-9A-Fa-f:.%]+\]|[^\s\/?#:@\[\]]+)"

#: An address of the web. Its port is one that there is.
URL = rf"^https?:\/\/([^\s\/?#@]*@)?{_HOST}(:{_PORT})?([\/?#]\S*)?$"
#: One name or address, without a port: what has colons is an IPv6 address.
HOST = (
    r"^([^\s:\/?#@\[\]!\x22'\(\),;&=<>\\%*]+|[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)$"
)
#: Ports and ranges of them.
PORTS = rf"^\s*{_PORTS}(\s*,\s*{_PORTS})*\s*$"

Url = Annotated[
    str,
    Field(
        pattern=URL,
        json_schema_extra={"x-says": "write a URL such as https://example.com or "
        "http://192.0.2.7:8080/health, with a port from 1 to 65535"},
    ),
]  # fmt: skip
Host = Annotated[
    str,
    Field(
        pattern=HOST,
        json_schema_extra={"x-says": "write a name or an address, without a port, such as "
        "example.com, 192.0.2.7 or 2001:db8::7"},
    ),
]  # fmt: skip
Ports = Annotated[
    str,
    Field(
        pattern=PORTS,
        json_schema_extra={"x-says": "write ports from 1 to 65535: 443 or 80,443,8000-8010"},
    ),
]

_LABEL = re.compile(r"[\w-]{1,63}")


def is_host(text: str) -> bool:
    """Whether ``text`` can be a name or is an address. Shorthands of addresses, such as 127.1,
    are none: what they mean differs from program to program."""
    try:
        ipaddress.ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        labels = text.removesuffix(".").split(".")
        return all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdecimal()
    return True
