"""A strict reader of zip archives (PKWARE APPNOTE 6.3.10, without zip64 and encryption).

The standard library's reader accepts archives whose parts overlap, hide data or say
different things in their two directories. Here every byte of the file must belong to
exactly one entry, to the directory or to its end record, and both headers must agree.
"""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from toolkits.bundles import names
from toolkits.errors import BundleError

_END = struct.Struct("<4s4H2LH")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_UNIX = 3
_ENCRYPTED, _DESCRIPTOR, _UTF8 = 0x1, 0x8, 0x800
_REFUSED_FLAGS = 0x1 | 0x20 | 0x40 | 0x2000
_STORED, _DEFLATED = 0, 8
_CHUNK = 1 << 16
MOST_ENTRIES = 10_000
# Ten thousand of the longest paths that are accepted, with room for extra fields.
_LARGEST_DIRECTORY = 12 << 20
_EXTRA = struct.Struct("<2H")
_EXTRA_ZIP64, _EXTRA_PKWARE_UNIX = 0x0001, 0x000D
# Times and owner; what follows these is where a hard or symbolic link leads to.
_PKWARE_UNIX_FIXED = 12


@dataclass(frozen=True)
class Entry:
    """One file of the archive. ``data`` is where its bytes begin."""

    path: str
    size: int
    packed: int
    crc: int
    method: int
    flags: int
    header: int
    data: int = 0


class ZipReader:
    """The files of one archive."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream, self._name = stream, name
        self._length = stream.seek(0, 2)
        entries = list(self._central())
        self._spans(entries)
        files = [entry for entry in self._located if not _folder(entry)]
        # Before they become a mapping, in which the last of two equal names would win.
        names.check_distinct([entry.path for entry in files])
        self.entries = {entry.path: entry for entry in files}

    def _refuse(self, why: str, where: str = "") -> BundleError:
        return BundleError(why, where=where or self._name, hint="Make the zip anew.")

    def _at(self, offset: int, size: int) -> bytes:
        self._stream.seek(offset)
        data = self._stream.read(size)
        if len(data) != size:
            raise self._refuse("the zip is cut off")
        return data

    def _central(self) -> Iterator[Entry]:
        if self._length < _END.size:
            raise self._refuse("this is not a zip archive")
        end_at = self._length - _END.size
        end = _END.unpack(self._at(end_at, _END.size))
        signature, disk, first_disk, here, total, size, offset, comment = end
        if signature != b"PK\5\6" or comment:
            raise self._refuse("this is not a zip archive, or data follows its end")
        if 0xFFFF in (here, total) or 0xFFFFFFFF in (size, offset):
            raise self._refuse("zip64 archives are not accepted")
        if disk or first_disk or here != total or offset + size != end_at:
            raise self._refuse("the directory of the zip is not where its end says")
        if total > MOST_ENTRIES:
            raise self._refuse(f"more than {MOST_ENTRIES:,} entries")
        if size > _LARGEST_DIRECTORY:
            raise self._refuse("the directory of the zip is larger than its entries can need")
        self._directory = offset
        data, position = self._at(offset, size), 0
        for _ in range(total):
            entry, position = self._central_entry(data, position)
            yield entry
        if position != size:
            raise self._refuse("the directory of the zip holds more than its entries")

    def _central_entry(self, data: bytes, position: int) -> tuple[Entry, int]:
        try:
            fields = _CENTRAL.unpack_from(data, position)
        except struct.error:
            raise self._refuse("the directory of the zip is cut off") from None
        (signature, made_by, _, flags, method, _, _, crc, packed, size) = fields[:10]
        (name_size, extra, comment, disk, _, attributes, header) = fields[10:]
        start = position + _CENTRAL.size
        after = start + name_size + extra + comment
        if signature != b"PK\1\2" or disk or after > len(data):
            raise self._refuse("the directory of the zip is damaged")
        path = self._path(data[start : start + name_size], flags)
        if flags & _REFUSED_FLAGS:
            raise self._refuse("encrypted or patched entries are not accepted", repr(path))
        self._check_extra(data[start + name_size : start + name_size + extra], path)
        if 0xFFFFFFFF in (packed, size, header):
            raise self._refuse("zip64 entries are not accepted", repr(path))
        if method not in (_STORED, _DEFLATED):
            raise self._refuse("packed by a method other than deflate", repr(path))
        if method == _STORED and packed != size:
            raise self._refuse("its sizes do not agree", repr(path))
        if made_by >> 8 == _UNIX:
            kind = stat.S_IFMT(attributes >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise self._refuse("links and special files are not accepted", repr(path))
        return Entry(path, size, packed, crc, method, flags, header), after

    def _check_extra(self, extra: bytes, path: str) -> None:
        """Refuse the extra fields that give an entry another size or make it a link."""
        position = 0
        while position + _EXTRA.size <= len(extra):
            kind, size = _EXTRA.unpack_from(extra, position)
            position += _EXTRA.size + size
            if kind == _EXTRA_ZIP64:
                raise self._refuse("zip64 entries are not accepted", repr(path))
            if kind == _EXTRA_PKWARE_UNIX and size > _PKWARE_UNIX_FIXED:
                raise self._refuse("links and special files are not accepted", repr(path))

    def _path(self, raw: bytes, flags: int) -> str:
        try:
            path = raw.decode("utf-8" if flags & _UTF8 else "ascii")
        except UnicodeDecodeError:
            raise self._refuse("a name is not UTF-8", repr(raw)[:120]) from None
        names.check(path.removesuffix("/"))
        return path

    def _spans(self, entries: list[Entry]) -> None:
        position = 0
        self._located: list[Entry] = []
        for entry in sorted(entries, key=lambda item: item.header):
            if entry.header != position:
                raise self._refuse("entries overlap, or data stands between them", repr(entry.path))
            located = self._local(entry)
            self._located.append(located)
            position = located.data + located.packed
            if entry.flags & _DESCRIPTOR:
                position += self._descriptor(entry, position)
        if position != self._directory:
            raise self._refuse("data stands between the last entry and the directory")

    def _local(self, entry: Entry) -> Entry:
        fields = _LOCAL.unpack(self._at(entry.header, _LOCAL.size))
        signature, _, flags, method, _, _, crc, packed, size, name_size, extra = fields
        raw = self._at(entry.header + _LOCAL.size, name_size)
        told = (crc, packed, size) == (entry.crc, entry.packed, entry.size)
        later = bool(flags & _DESCRIPTOR) and not any((crc, packed, size))
        same = (flags, method) == (entry.flags, entry.method) and (told or later)
        if signature != b"PK\3\4" or not same or self._path(raw, flags) != entry.path:
            raise self._refuse("its two headers do not agree", repr(entry.path))
        self._check_extra(self._at(entry.header + _LOCAL.size + name_size, extra), entry.path)
        start = entry.header + _LOCAL.size + name_size + extra
        return Entry(**{**vars(entry), "data": start})

    def _descriptor(self, entry: Entry, position: int) -> int:
        wanted = struct.pack("<3L", entry.crc, entry.packed, entry.size)
        for lead in (b"PK\7\x08", b""):
            size = len(lead) + 12
            if position + size <= self._length and self._at(position, size) == lead + wanted:
                return size
        raise self._refuse("its data descriptor is damaged", repr(entry.path))

    def chunks(self, path: str) -> Iterator[bytes]:
        """Yield the bytes of a file; refuses when they are not what the directory says."""
        entry = self.entries[path]
        written, crc = 0, 0
        for chunk in self._unpacked(entry):
            written += len(chunk)
            crc = zlib.crc32(chunk, crc)
            if written > entry.size:
                break
            yield chunk
        if written != entry.size or crc != entry.crc:
            raise self._refuse("its content does not match its size and checksum", repr(path))

    def _unpacked(self, entry: Entry) -> Iterator[bytes]:
        unpack = zlib.decompressobj(-15) if entry.method == _DEFLATED else None
        position, left = entry.data, entry.packed
        while left:
            data = self._at(position, min(left, _CHUNK))
            position, left = position + len(data), left - len(data)
            if unpack is None:
                yield data
                continue
            while data:
                try:
                    chunk = unpack.decompress(data, _CHUNK)
                except zlib.error:
                    raise self._refuse("it cannot be unpacked", repr(entry.path)) from None
                data = unpack.unconsumed_tail
                if chunk:
                    yield chunk
                elif not data:
                    break
        if unpack is not None:
            tail = unpack.flush()
            if tail:
                yield tail
            if not unpack.eof or unpack.unused_data:
                raise self._refuse("it cannot be unpacked", repr(entry.path))


def _folder(entry: Entry) -> bool:
    return entry.path.endswith("/")
