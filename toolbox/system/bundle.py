"""The support bundle: what somebody who helps needs to know, and no secret."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from toolbox.health.checks import run_checks
from toolbox.system import facts, recent
from toolbox.system.masking import Scrubber

_ABOUT = """Support bundle of SRE Toolbox, made {moment}.

health.json         what the platform depends on, and whether it works
versions.json       of the platform, its libraries and its servers
configuration.json  settings by name; secrets and credentials are masked
disk.json           room where files are kept
counts.json         rows in the tables
warnings.json       the last warnings and errors of all processes
Others              parts that the apps add

Secrets of the configuration were masked, also within messages. Messages may hold names of
hosts and people: read them before you pass the bundle on.
"""


def build(parts: Mapping[str, Callable[[], Any]]) -> bytes:
    """Return the zip, with ``parts`` besides what every bundle has."""
    whole: dict[str, Callable[[], Any]] = {
        "health": lambda: [asdict(result) for result in run_checks()],
        "versions": facts.versions,
        "configuration": lambda: [asdict(setting) for setting in facts.configuration()],
        "disk": lambda: [asdict(disk) for disk in facts.disks()],
        "counts": lambda: [asdict(count) for count in facts.counts()],
        "warnings": recent.recent,
        **parts,
    }
    scrub = Scrubber()
    about = _ABOUT.format(moment=datetime.now(UTC).isoformat(timespec="seconds"))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", about)
        for name, source in whole.items():
            archive.writestr(f"{name}.json", _json(source(), scrub))
    return buffer.getvalue()


def _json(value: Any, scrub: Scrubber) -> str:
    """JSON whose every text was scrubbed, before quoting can hide what a secret looks like."""
    return json.dumps(_clean(value, scrub), indent=2, ensure_ascii=False)


def _clean(value: Any, scrub: Scrubber) -> Any:
    if isinstance(value, Mapping):
        return {scrub(str(key)): _clean(inner, scrub) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(inner, scrub) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return scrub(str(value))
