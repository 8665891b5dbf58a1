"""Interfaces of hosts, from text like ``snmp 192.0.2.7:1161 v2 community={$SNMP_COMMUNITY}``."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Any

KINDS = {"agent": 1, "snmp": 2, "ipmi": 3, "jmx": 4}
NAMES = {number: name for name, number in KINDS.items()}
PORTS = {"agent": "10050", "snmp": "161", "ipmi": "623", "jmx": "12345"}
_LEVELS = {"noauthnopriv": 0, "authnopriv": 1, "authpriv": 2}
_AUTH = {"md5": 0, "sha1": 1, "sha224": 2, "sha256": 3, "sha384": 4, "sha512": 5}
_PRIV = {"des": 0, "aes128": 1, "aes192": 2, "aes256": 3, "aes192c": 4, "aes256c": 5}
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.\-]{0,253}[A-Za-z0-9_])?")
_MACRO = re.compile(r"\{[$#A-Z][^{}]*\}")
_OPTIONS = (
    "community", "bulk", "user", "level", "auth", "authpass", "priv", "privpass", "context",
)  # fmt: skip


@dataclass(frozen=True)
class Interface:
    """One interface as it was written."""

    kind: str
    address: str
    port: str
    main: bool = True
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def is_ip(self) -> bool:
        """Whether the address is one, not a name. Macros count as names, as Zabbix takes both."""
        try:
            ipaddress.ip_address(self.address)
        except ValueError:
            return False
        return True

    def params(self) -> dict[str, Any]:
        """As the API wants it."""
        made: dict[str, Any] = {
            "type": KINDS[self.kind],
            "main": int(self.main),
            "useip": int(self.is_ip),
            "ip": self.address if self.is_ip else "",
            "dns": "" if self.is_ip else self.address,
            "port": self.port,
        }
        return {**made, "details": self.details} if self.details else made

    def __str__(self) -> str:
        shown = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.kind} {shown}:{self.port}"


def interfaces(texts: list[str]) -> list[Interface]:
    """Read interfaces. The first of each kind is the main one. Raises ``ValueError``."""
    found: list[Interface] = []
    for text in texts:
        one = _interface(text, {made.kind for made in found})
        found.append(one)
    return found


def _interface(text: str, known: set[str]) -> Interface:
    words = text.split()
    kind = words[0].lower()
    if kind not in KINDS:
        # An address alone is an agent's.
        words, kind = ["agent", *words], "agent"
    if len(words) < 2:
        raise ValueError(f"{text!r} names no address; write {kind} 192.0.2.10:{PORTS[kind]}")
    address, port = _place(words[1], PORTS[kind])
    if kind == "snmp":
        details = _snmp(text, words[2:])
    elif len(words) > 2:
        raise ValueError(f"{text!r}: {' '.join(words[2:])!r} means nothing after the address")
    else:
        details = {}
    return Interface(kind, address, port, kind not in known, details)


def _place(text: str, usual: str) -> tuple[str, str]:
    found = re.fullmatch(r"\[([0-9A-Fa-f:.]+)\](?::(\S+))?", text)
    if found:
        address, port = found[1], found[2] or usual
    elif text.count(":") > 1 and not text.startswith("{"):
        address, port = text, usual
    else:
        macro = re.match(r"(\{[^{}]*\})(?::(.+))?$", text)
        address, _, given = (macro[1], "", macro[2]) if macro else text.partition(":")
        port = given or usual
    if not (_is_ip(address) or _NAME.fullmatch(address) or _MACRO.fullmatch(address)):
        raise ValueError(f"{address!r} is neither an address nor a name")
    if re.fullmatch(r"[\d.]+", address) and not _is_ip(address):
        raise ValueError(f"{address!r} is no IPv4 address")
    if not (port.isdigit() and 0 < int(port) < 65_536) and not _MACRO.fullmatch(port):
        raise ValueError(f"{port!r} is no port; it is a number from 1 to 65535, or a macro")
    return address, port


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _snmp(text: str, words: list[str]) -> dict[str, Any]:
    version, given = 2, {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals and name.lower() in ("v1", "v2", "v2c", "v3"):
            version = int(name[1])
        elif equals and name.lower() in _OPTIONS:
            given[name.lower()] = value
        else:
            raise ValueError(
                f"{text!r}: {word!r} is neither v1, v2 or v3 nor one of {', '.join(_OPTIONS)}"
            )
    made: dict[str, Any] = {"version": version, "bulk": int(given.get("bulk", "1") != "0")}
    if version < 3:
        return {**made, "community": given.get("community", "{$SNMP_COMMUNITY}")}
    made["securityname"] = given.get("user", "")
    level = _one_of("level", given.get("level", "noAuthNoPriv"), _LEVELS)
    made["securitylevel"] = level
    made["contextname"] = given.get("context", "")
    if level >= 1:
        made["authprotocol"] = _one_of("auth", given.get("auth", "sha1"), _AUTH)
        made["authpassphrase"] = given.get("authpass", "")
    if level == 2:
        made["privprotocol"] = _one_of("priv", given.get("priv", "aes128"), _PRIV)
        made["privpassphrase"] = given.get("privpass", "")
    return made


def _one_of(what: str, value: str, known: dict[str, int]) -> int:
    if value.lower() not in known:
        raise ValueError(f"{what}={value} is none of {', '.join(known)}")
    return known[value.lower()]


def written(kind: int, found: dict[str, Any]) -> str:
    """An interface of the API's answer as it would be written for an import.

    A community that is no macro is a secret, and left out.
    """
    name = NAMES.get(kind, "agent")
    address = found["ip"] if str(found.get("useip")) == "1" else found["dns"]
    shown = f"[{address}]" if ":" in address and not address.startswith("{") else address
    text = f"{name} {shown}:{found['port']}"
    details = found.get("details")
    if name != "snmp" or not isinstance(details, dict):
        return text
    if str(details.get("version")) != "3":
        community = str(details.get("community", ""))
        shown = f" community={community}" if _MACRO.fullmatch(community) else ""
        return f"{text} v{details.get('version', 2)}{shown}"
    levels = {str(number): level for level, number in _LEVELS.items()}
    level = levels.get(str(details.get("securitylevel")), "noauthnopriv")
    return f"{text} v3 user={details.get('securityname', '')} level={level}"
