"""Writes a pack as a zip, piece by piece: it is sent while it is made."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from io import RawIOBase
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from audit import canonical, evidence, keys, signing
from toolbox.events import emit
from toolkits.evidence.content import job_data, version_data
from toolkits.evidence.selection import Selection
from toolkits.jobs import artifacts, logs
from toolkits.models import ToolkitVersion

_BLOCK = 1 << 18
_README = """\
Evidence pack of an SRE Toolbox, made {when} by {who}.

jobs/       what each job was given, what it did, its log and its files
toolkits.json   the toolkits that ran, by the digest of their bundles
audit/chain.jsonl   the part of the audit trail that proves it; events that are not about this
                    selection are in it as digests alone
manifest.json, manifest.sig   the digest of every file, signed

To verify, with Python 3.8 or newer and no network:

    python3 verify.py --key KEYID

KEYID is what "manage.py audit key" prints first on the installation that made this pack. Ask for
it over another way than the one on which this pack came.
"""


class _Buffer(RawIOBase):
    """A stream that cannot be sought: what zipfile writes is taken out piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """Return what was written since the last time."""
        data = b"".join(self._parts)
        self._parts.clear()
        return data


class _Writer:
    """Writes files into the zip and remembers their digests."""

    def __init__(self) -> None:
        self.buffer = _Buffer()
        self.digests: dict[str, str] = {}
        self._zip = zipfile.ZipFile(self.buffer, "w", zipfile.ZIP_DEFLATED)

    def add(self, name: str, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Write one file, giving out what the zip has ready."""
        made = hashlib.sha256()
        with self._zip.open(name, "w", force_zip64=True) as target:
            for block in blocks:
                made.update(block)
                target.write(block)
                yield self.buffer.take()
        self.digests[name] = made.hexdigest()
        yield self.buffer.take()

    def end(self) -> bytes:
        """Close the zip."""
        self._zip.close()
        return self.buffer.take()


def stream(selection: Selection, actor: Any) -> Iterator[bytes]:
    """Record that a pack is made, and return it as blocks of a zip."""
    emit(
        "audit.evidence_packed",
        actor=actor,
        jobs=len(selection.jobs),
        events=len(selection.events),
        since=selection.since or "",
        until=selection.until or "",
    )
    return _blocks(selection, str(actor or "the command line"))


def _blocks(selection: Selection, who: str) -> Iterator[bytes]:
    writer = _Writer()
    when = timezone.now()
    readme = _README.format(when=f"{when:%Y-%m-%d %H:%M:%S} UTC", who=who)
    yield from writer.add("README.txt", [readme.encode()])
    yield from writer.add("verify.py", [evidence.script().encode()])
    for job in selection.jobs:
        folder = f"jobs/{job.pk}"
        yield from writer.add(f"{folder}/job.json", [_json(job_data(job))])
        yield from writer.add(f"{folder}/log.txt", (text.encode() for text in logs.text(job)))
        for artifact in job.artifacts.all():
            name = f"{folder}/artifacts/{_safe(artifact.name)}"
            try:
                with artifacts.open_file(artifact) as source:
                    yield from writer.add(name, _read(source))
            except FileNotFoundError:
                yield from writer.add(f"{name}.missing", [b"It is not in the storage any more.\n"])
    yield from writer.add("toolkits.json", [_json(_versions(selection))])
    yield from writer.add("audit/chain.jsonl", _chain(selection))
    manifest = canonical.text(_manifest(selection, writer.digests, who, canonical.timestamp(when)))
    yield from writer.add("manifest.json", [manifest.encode()])
    yield from writer.add("manifest.sig", [keys.current().sign(manifest).encode()])
    yield writer.end()


def _json(value: Any) -> bytes:
    text = json.dumps(value, indent=2, ensure_ascii=False, cls=DjangoJSONEncoder)
    return text.encode("utf-8", "replace")


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._ -]", "_", name).lstrip(".") or "file"


def _read(source: Any) -> Iterator[bytes]:
    while block := source.read(_BLOCK):
        yield block


def _versions(selection: Selection) -> list[dict[str, Any]]:
    wanted = {job.version_id for job in selection.jobs if job.version_id}
    versions = ToolkitVersion.objects.filter(pk__in=wanted).select_related("toolkit")
    return [version_data(version) for version in versions.order_by("pk")]


def _chain(selection: Selection) -> Iterator[bytes]:
    for part in evidence.parts(selection.events):
        lines = [part.head(), *part.events, part.end]
        yield "".join(f"{canonical.text(line)}\n" for line in lines).encode()


def _manifest(
    selection: Selection, digests: dict[str, str], who: str, when: str
) -> dict[str, Any]:
    return {
        "format": "sre-toolbox-evidence/1",
        "made_at": when,
        "made_by": who,
        "since": canonical.timestamp(selection.since) if selection.since else "",
        "until": canonical.timestamp(selection.until) if selection.until else "",
        "jobs": [str(job.pk) for job in selection.jobs],
        "key": keys.current().id,
        "keys": signing.public_keys(),
        "files": digests,
    }
