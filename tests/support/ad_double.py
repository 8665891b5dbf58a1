"""A small LDAP server that knows Active Directory's rule for groups within groups, which OpenLDAP
lacks. It reads and writes BER (RFC 4511) itself, holds entries in memory, and keeps every
comparison that it is asked for."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support import listeners, tls

IN_CHAIN = "1.2.840.113556.1.4.1941"
AD = b"1.2.840.113556.1.4.800"
_BIND, _SEARCH = 0x60, 0x63
_AND, _OR, _EQUAL, _PRESENT, _EXTENSIBLE = 0xA0, 0xA1, 0xA3, 0x87, 0xA9
Node = tuple[int, Any]


@dataclass
class Double:
    """Entries by their DN, each a mapping of attributes to values, and what was asked: the
    matching rule if one is named, the attribute, the value."""

    entries: dict[str, dict[str, list[bytes]]]
    url: str = ""
    ca: str = ""
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def talk(self, connection: socket.socket) -> None:
        """Answer what comes until the client leaves."""
        data = b""
        while more := connection.recv(65536):
            data += more
            while len(data) > 1 and len(data) >= (size := _size(data)):
                ((_, (number, operation)),) = _read(data[:size])
                data = data[size:]
                for answer in self._answers(operation):
                    connection.sendall(_tlv(0x30, _tlv(number[0], number[1]) + answer))

    def _answers(self, operation: Node) -> Iterator[bytes]:
        tag, content = operation
        success = _tlv(0x0A, b"\0") + _tlv(0x04, b"") * 2
        if tag == _BIND:
            yield _tlv(0x61, success)
        if tag == _SEARCH:
            for dn, attributes in self._found(content[0][1].decode(), content[6]):
                yield _tlv(0x64, _entry(dn, attributes))
            yield _tlv(0x65, success)

    def _found(self, base: str, query: Node) -> Iterator[tuple[str, dict[str, list[bytes]]]]:
        if not base:
            yield "", {"supportedCapabilities": [AD]}
            return
        for dn, attributes in self.entries.items():
            if dn.endswith(base) and self._fits(query, dn, attributes):
                yield dn, attributes

    def _fits(self, query: Node, dn: str, attributes: dict[str, list[bytes]]) -> bool:
        tag, content = query
        if tag in {_AND, _OR}:
            parts = [self._fits(part, dn, attributes) for part in content]
            return all(parts) if tag == _AND else any(parts)
        if tag == _PRESENT:
            return True
        if tag == _EQUAL:
            name, value = content[0][1].decode(), content[1][1]
            self.asked.append(("", name, value.decode("utf-8", "replace")))
            return value.lower() in [held.lower() for held in attributes.get(name, [])]
        assert tag == _EXTENSIBLE, tag
        given = {part: value.decode("utf-8", "replace") for part, value in content}
        rule, name, value = given[0x81], given[0x82], given[0x83]
        self.asked.append((rule, name, value))
        return rule == IN_CHAIN and self._holds(dn, name, value, set())

    def _holds(self, group: str, name: str, member: str, seen: set[str]) -> bool:
        """Whether ``group`` has ``member``, itself or by other groups."""
        if group in seen:
            return False
        seen.add(group)
        held = [value.decode() for value in self.entries.get(group, {}).get(name, [])]
        return member in held or any(self._holds(dn, name, member, seen) for dn in held)


def _size(data: bytes) -> int:
    """How long the element is that begins here, with its header."""
    return sum(_length(data))


def _length(data: bytes) -> tuple[int, int]:
    """Bytes of the header, and of the content."""
    if data[1] < 128:
        return 2, data[1]
    count = data[1] & 127
    return 2 + count, int.from_bytes(data[2 : 2 + count], "big")


def _read(data: bytes) -> list[Node]:
    """Elements as tag and content, which is a list of elements where it is made of some."""
    found: list[Node] = []
    while data:
        header, length = _length(data)
        content = data[header : header + length]
        found.append((data[0], _read(content) if data[0] & 0x20 else content))
        data = data[header + length :]
    return found


def _tlv(tag: int, content: bytes) -> bytes:
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    size = len(content).to_bytes(4, "big")
    return bytes([tag, 0x84]) + size + content


def _entry(dn: str, attributes: dict[str, list[bytes]]) -> bytes:
    listed = b""
    for name, values in attributes.items():
        held = _tlv(0x31, b"".join(_tlv(0x04, value) for value in values))
        listed += _tlv(0x30, _tlv(0x04, name.encode()) + held)
    return _tlv(0x04, dn.encode()) + _tlv(0x30, listed)


@contextmanager
def running(entries: dict[str, dict[str, list[bytes]]], folder: Path) -> Iterator[Double]:
    """The server, over TLS on a free port."""
    ca = tls.issue("Test CA", ca=True)
    tls.issue("localhost", by=ca, names=("localhost",)).write(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    double = Double(entries, ca=ca.pem)
    with listeners.tcp(listeners.over_tls(context, double.talk)) as port:
        double.url = f"ldaps://localhost:{port}"
        yield double
