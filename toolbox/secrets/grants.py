"""What one run may read in Vault: the paths that its toolkit declares, as fields of a name.

One policy (``deploy/vault/toolkit-run.hcl``) serves every run, so the platform need not write
policies, with which it could give itself any right. The policy is a template over the fields of
the name that a token is made for. Vault puts no value with a slash or a star into a path, so each
part of each declared path is a field of its own, and the policy has places for so many paths of
one, two and three parts. What does not fit is widened to the path above it, and never left out;
the worker still answers nothing but what is declared.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

#: With what the names of runs begin in Vault; the platform can make no others.
NAMES = "toolbox-run-"

#: How many paths of one, two and three parts the policy has places for. Vault takes 64 fields.
OWN, SHARED = (8, 6, 4), (8, 6, 3)

_Parts = tuple[str, ...]
_Fields = dict[str, str]


@dataclass(frozen=True)
class Grant:
    """What a toolkit's runs may read: its settings and records, and ``fields`` of the policy."""

    slug: str
    fields: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """The name in Vault: another one for everything else that is declared."""
        told = json.dumps([self.slug, self.fields]).encode()
        return f"{NAMES}{self.slug}-{hashlib.sha256(told).hexdigest()[:16]}"

    def covers(self, path: str) -> bool:
        """Whether a path is of the kind that runs read with a token of their own."""
        return path.startswith((f"toolkits/{self.slug}/", "shared/"))


def grant(slug: str, declared: Iterable[str]) -> Grant:
    """Return what runs of a toolkit may read that declares these prefixes: below its own path, or
    beginning with ``shared/``; ``*`` is all of its own."""
    own: set[_Parts] = set()
    shared: set[_Parts] = set()
    for prefix in declared:
        parts = tuple(part for part in prefix.split("/") if part not in ("", "*"))
        if parts[:1] == ("shared",):
            shared.add(parts[1:])
        else:
            own.add(parts)
    fields = {"toolkit": slug, **_fields("own", own, OWN, slug)}
    return Grant(slug, tuple((fields | _fields("shared", shared, SHARED, "shared")).items()))


def _fields(kind: str, paths: set[_Parts], places: tuple[int, ...], all_of_it: str) -> _Fields:
    """The fields for some paths; those for all of a kind when one of the paths is empty."""
    fitting = _fitting(paths, places)
    if () in fitting:
        return {f"{kind}_all": all_of_it}
    found: _Fields = {}
    for length in range(1, len(places) + 1):
        of_length = sorted(parts for parts in fitting if len(parts) == length)
        for place, parts in enumerate(of_length):
            for number, part in enumerate(parts):
                found[f"{kind}{length}_{place}_{number}"] = part
    return found


def _fitting(paths: set[_Parts], places: tuple[int, ...]) -> set[_Parts]:
    """The same paths or wider ones, so few and so short that there are places for them."""
    paths = {parts[: len(places)] for parts in paths}
    for length in range(len(places), 0, -1):
        paths = {parts for parts in paths if not any(parts[:n] in paths for n in range(len(parts)))}
        if sum(len(parts) == length for parts in paths) > places[length - 1]:
            paths = {parts[: length - 1] if len(parts) == length else parts for parts in paths}
    return {parts for parts in paths if not any(parts[:n] in paths for n in range(len(parts)))}

