"""Zip archives made byte by byte, also wrong ones."""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass, field

MANIFEST = {
    "manifest_version": 1,
    "slug": "crafted",
    "name": "Crafted",
    "version": "1.0.0",
    "requires": {"toolbox": ">=1.0,<2"},
    "entry": "kit",
}
CODE = b"from toolkit_sdk import Toolkit\ntoolkit = Toolkit()\n"


@dataclass
class Entry:
    """One entry; what is left as None is what it should be."""

    name: bytes
    data: bytes = b""
    method: int = 8
    flags: int = 0x800
    crc: int | None = None
    size: int | None = None
    packed: int | None = None
    local_name: bytes | None = None
    local_size: int | None = None
    attributes: int = 0o100644 << 16
    made_by: int = 3 << 8 | 20
    payload: bytes | None = None
    offset: int | None = None
    extra: bytes = b""
    central_extra: bytes = b""
    body: bytes = field(default=b"", init=False)


def _packed(entry: Entry) -> bytes:
    if entry.payload is not None:
        return entry.payload
    if entry.method != 8:
        return entry.data
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(entry.data) + packer.flush()


def build(
    entries: list[Entry],
    *,
    before: bytes = b"",
    after: bytes = b"",
    comment: bytes = b"",
    total: int | None = None,
) -> bytes:
    """Return the archive's bytes."""
    out, central = bytearray(before), bytearray()
    for entry in entries:
        body = _packed(entry)
        crc = zlib.crc32(entry.data) if entry.crc is None else entry.crc
        size = len(entry.data) if entry.size is None else entry.size
        packed = len(body) if entry.packed is None else entry.packed
        at = len(out) if entry.offset is None else entry.offset
        name = entry.name if entry.local_name is None else entry.local_name
        local_size = size if entry.local_size is None else entry.local_size
        if entry.offset is None:
            out += struct.pack(
                "<4s5H3L2H", b"PK\3\4", 20, entry.flags, entry.method, 0, 0x21, crc, packed,
                local_size, len(name), len(entry.extra),
            ) + name + entry.extra + body  # fmt: skip
        central += struct.pack(
            "<4s6H3L5H2L", b"PK\1\2", entry.made_by, 20, entry.flags, entry.method, 0, 0x21, crc,
            packed, size, len(entry.name), len(entry.central_extra), 0, 0, 0, entry.attributes, at,
        ) + entry.name + entry.central_extra  # fmt: skip
    at = len(out)
    count = len(entries) if total is None else total
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(central), at, len(comment))
    return bytes(out + central + end + comment + after)


def manifest(**changes: object) -> Entry:
    """The entry of a good manifest, with changes."""
    return Entry(b"toolkit.json", json.dumps({**MANIFEST, **changes}).encode())


def good(*more: Entry, **changes: object) -> list[Entry]:
    """The entries of a bundle that is accepted, and more."""
    return [manifest(**changes), Entry(b"kit.py", CODE), *more]
