#!/usr/bin/env python3
"""Verifies an evidence pack offline, with Python's standard library alone.

    python3 verify.py [--key KEYID] [FOLDER]

FOLDER is where the pack was unzipped: by default, where this script is. KEYID is the id of the
key of the installation, from "manage.py audit key": without it the pack is checked against the
key that it brings along, which shows that it is consistent, but not where it comes from.

Checked are: the signature of the manifest; the digest of every file, and that no file is missing
or added; the hash of every event of the chain; the signatures of the checkpoints at the end of
each part of the chain. Exit status 0 says that all of it fits.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

Point = tuple[int, int, int, int]
Entry = dict[str, Any]

# Ed25519 as RFC 8032 has it, by plain arithmetic: slow, and enough for a handful of signatures.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def recover_x(y: int, sign: int) -> int | None:
    """The x of the point with this y, or None where there is none."""
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = recover_x(BASE_Y, 0) or 0
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def add(a: Point, b: Point) -> Point:
    """The sum of two points in extended coordinates."""
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    left, middle, right, last = f - e, h - g, h + g, f + e
    return (left * middle % P, right * last % P, middle * right % P, left * last % P)


def times(number: int, point: Point) -> Point:
    """A multiple of a point."""
    total: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = add(total, point)
        point = add(point, point)
        number >>= 1
    return total


def point_of(data: bytes) -> Point | None:
    """The point that 32 bytes stand for, or None."""
    y = int.from_bytes(data, "little")
    x = recover_x(y & (1 << 255) - 1, y >> 255)
    y &= (1 << 255) - 1
    return None if x is None else (x, y, 1, x * y % P)


def signed_by(public: str, text: str, signature: str) -> bool:
    """Whether ``signature`` is that of the key ``public`` over ``text``; both hexadecimal."""
    try:
        key, made = bytes.fromhex(public), bytes.fromhex(signature)
    except ValueError:
        return False
    if len(key) != 32 or len(made) != 64:
        return False
    a, r, s = point_of(key), point_of(made[:32]), int.from_bytes(made[32:], "little")
    if a is None or r is None or s >= ORDER:
        return False
    digest = hashlib.sha512(made[:32] + key + text.encode("ascii")).digest()
    left = times(s, BASE)
    right = add(r, times(int.from_bytes(digest, "little") % ORDER, a))
    same_x = (left[0] * right[2] - right[0] * left[2]) % P == 0
    return same_x and (left[1] * right[2] - right[1] * left[2]) % P == 0


def canonical(value: Any) -> str:
    """JSON in the one form that is hashed and signed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def sha256(data: bytes) -> str:
    """A digest in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


PLACE = ("sequence", "proof", "hash")


class Pack:
    """A pack, and what is wrong with it."""

    def __init__(self, folder: Path, key: str) -> None:
        self.folder, self.key = folder, key
        self.wrong: list[str] = []
        self.keys: dict[str, str] = {}
        self.events = self.hidden = self.files = 0

    def report(self, text: str) -> None:
        """Note that something is wrong."""
        self.wrong.append(text)

    def check(self) -> None:
        """Check everything."""
        manifest_text = (self.folder / "manifest.json").read_text("utf-8")
        signature = (self.folder / "manifest.sig").read_text("utf-8").strip()
        manifest = json.loads(manifest_text)
        self.keys = {
            name: public
            for name, public in manifest["keys"].items()
            if sha256(bytes.fromhex(public))[:16] == name
        }
        own = manifest["key"]
        if self.key and own != self.key:
            self.report(f"the manifest is signed by key {own}, not by {self.key}")
        if not signed_by(self.keys.get(own, ""), canonical(manifest), signature):
            self.report("the signature of the manifest does not fit it")
        self.check_files(manifest["files"])
        self.check_chain()

    def check_files(self, listed: dict[str, str]) -> None:
        """Every file is there as it is listed, and nothing else."""
        found = {
            path.relative_to(self.folder).as_posix(): path
            for path in self.folder.rglob("*")
            if path.is_file() or path.is_symlink()
        }
        for name in sorted(set(found) - set(listed) - {"manifest.json", "manifest.sig"}):
            self.report(f"{name} was added")
        for name, digest in sorted(listed.items()):
            path = found.get(name)
            if path is None:
                self.report(f"{name} is missing")
            elif path.is_symlink() or self.digest_of(path) != digest:
                self.report(f"{name} was changed")
            else:
                self.files += 1

    def digest_of(self, path: Path) -> str:
        """The digest of a file, which may be large."""
        made = hashlib.sha256()
        with path.open("rb") as stream:
            for block in iter(lambda: stream.read(1 << 20), b""):
                made.update(block)
        return made.hexdigest()

    def check_chain(self) -> None:
        """Every part of the chain, line by line."""
        with (self.folder / "audit" / "chain.jsonl").open(encoding="utf-8") as stream:
            while line := stream.readline():
                head = json.loads(line)
                events = [json.loads(stream.readline()) for _ in range(head["events"])]
                end = json.loads(stream.readline())
                if head["hash"]:
                    self.check_part(head, events, end)
                else:
                    self.check_kept(events, end)
                self.check_end(end)

    def digest(self, event: Entry) -> str:
        """The digest of an event, or the one that stands for it."""
        if "digest" in event:
            self.hidden += 1
            return str(event["digest"])
        self.events += 1
        return sha256(canonical({k: v for k, v in event.items() if k not in PLACE}).encode())

    def check_part(self, head: Entry, events: list[Entry], end: Entry) -> None:
        """Hashes that follow each other up to a checkpoint."""
        number, before = head["after"], head["hash"]
        for event in events:
            number += 1
            if event["sequence"] != number:
                self.report(f"event {number} is missing")
                number = event["sequence"]
            text = f"{number}\n{before}\n{self.digest(event)}\n{event['proof']}"
            computed = sha256(text.encode())
            if "hash" in event and event["hash"] != computed:
                self.report(f"event {number} ({event['id']}) does not fit the chain")
            before = computed
        if (number, before) != (end["sequence"], end["hash"]):
            self.report(
                f"the events up to {number} do not lead to the checkpoint at {end['sequence']}"
            )

    def check_kept(self, events: list[Entry], end: Entry) -> None:
        """Events that a legal hold kept, by the digests in a retention checkpoint."""
        kept = dict(end["kept"])
        for event in events:
            if kept.get(event["sequence"]) != self.digest(event):
                self.report(f"event {event['sequence']} is not the one that was kept")

    def check_end(self, end: Entry) -> None:
        """The signature of a checkpoint."""
        statement = {name: value for name, value in end.items() if name != "signature"}
        public = self.keys.get(end["key"], "")
        if not signed_by(public, canonical(statement), end["signature"]):
            self.report(f"the checkpoint at {end['sequence']} is not signed by a known key")


def main() -> int:
    """Verify, print, and exit."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--key", default="", help="id of the key that must have signed")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    given = parser.parse_args()
    pack = Pack(given.folder, given.key)
    try:
        pack.check()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        pack.report(f"the pack cannot be read: {error!r}")
    for text in pack.wrong:
        print("WRONG: " + re.sub(r"[^ -~]", "?", text))
    print(f"{pack.files} files, {pack.events} events whole, {pack.hidden} as digests")
    if pack.wrong:
        print("The pack is NOT what was made.")
        return 1
    if not given.key:
        print("It is consistent. Give --key to know whose it is.")
    print("The pack is what was made.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
