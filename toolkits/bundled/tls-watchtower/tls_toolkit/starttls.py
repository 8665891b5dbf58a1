"""Asks a server, in its own protocol, to begin TLS."""

from __future__ import annotations

import socket
from collections.abc import Callable

from toolkit_sdk.net import NetError

_LONGEST_LINE = 2048
_MOST_LINES = 100


def _refused(protocol: str, what: str) -> NetError:
    return NetError("protocol", f"{protocol}: {what}")


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        if not (more := connection.recv(size - len(data))):
            raise NetError("reset", "the server closed the connection before TLS began")
        data += more
    return data


def _line(connection: socket.socket) -> str:
    # Byte by byte: what follows the line may already be TLS.
    data = b""
    while not data.endswith(b"\n"):
        data += _exactly(connection, 1)
        if len(data) > _LONGEST_LINE:
            raise NetError("protocol", "the server sent a line without an end")
    return data.decode("utf-8", "replace").rstrip("\r\n")


def _reply(connection: socket.socket, wanted: str, protocol: str) -> list[str]:
    """Read a reply of lines ``250-…`` up to one ``250 …``, as SMTP and FTP have them."""
    lines: list[str] = []
    while len(lines) < _MOST_LINES:
        lines.append(_line(connection))
        if lines[-1][3:4] != "-" and lines[-1][:3].isdigit():
            break
    if not lines[-1].startswith(wanted):
        raise _refused(protocol, f"the server said {lines[-1][:120]!r}")
    return lines


def smtp(connection: socket.socket) -> None:
    """STARTTLS of RFC 3207."""
    _reply(connection, "220", "SMTP")
    connection.sendall(b"EHLO toolbox.invalid\r\n")
    offered = _reply(connection, "250", "SMTP")
    if not any(line[4:].strip().upper() == "STARTTLS" for line in offered):
        raise _refused("SMTP", "the server does not offer STARTTLS")
    connection.sendall(b"STARTTLS\r\n")
    _reply(connection, "220", "SMTP")


def ftp(connection: socket.socket) -> None:
    """AUTH TLS of RFC 4217."""
    _reply(connection, "220", "FTP")
    connection.sendall(b"AUTH TLS\r\n")
    _reply(connection, "234", "FTP")


def imap(connection: socket.socket) -> None:
    """STARTTLS of RFC 3501."""
    greeting = _line(connection)
    if not greeting.upper().startswith("* OK"):
        raise _refused("IMAP", f"the server said {greeting[:120]!r}")
    connection.sendall(b"a1 STARTTLS\r\n")
    for _ in range(_MOST_LINES):
        line = _line(connection)
        if line.lower().startswith("a1 "):
            if line[3:5].upper() != "OK":
                raise _refused("IMAP", f"the server said {line[:120]!r}")
            return
    raise _refused("IMAP", "the server did not answer STARTTLS")


def pop3(connection: socket.socket) -> None:
    """STLS of RFC 2595."""
    for command in (b"", b"STLS\r\n"):
        if command:
            connection.sendall(command)
        line = _line(connection)
        if not line.startswith("+OK"):
            raise _refused("POP3", f"the server said {line[:120]!r}")


_LDAP_REQUEST = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x16" + b"1.3.6.1.4.1.1466.20037"


def ldap(connection: socket.socket) -> None:
    """The StartTLS extended operation of RFC 4511."""
    connection.sendall(_LDAP_REQUEST)
    tag, length = _exactly(connection, 2)
    if tag != 0x30:
        raise _refused("LDAP", "the answer is not LDAP")
    if length & 0x80:
        length = int.from_bytes(_exactly(connection, length & 0x7F))
    if length > 65_536:
        raise _refused("LDAP", "the answer is too long")
    code = _ldap_result(_exactly(connection, length))
    if code != 0:
        raise _refused("LDAP", f"the server refused StartTLS with result code {code}")


def _ldap_result(body: bytes) -> int:
    # messageID INTEGER, then the extended response [APPLICATION 24] with its result code.
    try:
        at = 2 + body[1]
        if body[at] != 0x78:
            raise _refused("LDAP", "the answer is not one to StartTLS")
        at += 2 if not body[at + 1] & 0x80 else 2 + (body[at + 1] & 0x7F)
        if body[at] != 0x0A:
            raise _refused("LDAP", "the answer has no result code")
        return body[at + 2]
    except IndexError:
        raise _refused("LDAP", "the answer is cut off") from None


def postgresql(connection: socket.socket) -> None:
    """The SSLRequest message."""
    connection.sendall(b"\x00\x00\x00\x08\x04\xd2\x16\x2f")
    answer = _exactly(connection, 1)
    if answer == b"N":
        raise _refused("PostgreSQL", "the server does not offer TLS")
    if answer != b"S":
        raise _refused("PostgreSQL", "the answer is not PostgreSQL's")


ASK: dict[str, Callable[[socket.socket], None]] = {
    "smtp": smtp,
    "imap": imap,
    "pop3": pop3,
    "ftp": ftp,
    "ldap": ldap,
    "postgresql": postgresql,
}
