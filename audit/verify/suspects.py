"""Tells apart why the hash of an event does not fit: changed, moved, or its hash overwritten."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from audit import canonical
from audit.verify.findings import Finding, Kind

# More than this at once is no longer told apart by trying every place for every event.
_MOST = 24


@dataclass(frozen=True)
class Suspect:
    """An event whose hash does not follow from what is there."""

    sequence: int
    event: str
    before: str
    digest: str
    proof: str
    hash: str
    proven: bool | None


def judge(suspects: list[Suspect]) -> list[Finding]:
    """Return a finding for each suspect."""
    places = _places(suspects[:_MOST])
    return [_finding(suspect, places.get(suspect.sequence)) for suspect in suspects]


def _finding(suspect: Suspect, place: int | None) -> Finding:
    name = f"event {suspect.sequence} ({suspect.event})"
    if place is not None:
        text = f"{name} was moved here: its place was {place}"
        return Finding(Kind.MOVED, suspect.sequence, text, suspect.event)
    if suspect.proven:
        text = f"{name} does not follow from the event before it: its hash or place was changed"
        return Finding(Kind.CHANGED, suspect.sequence, text, suspect.event)
    text = f"{name} is not what was sealed: its content was changed"
    return Finding(Kind.CHANGED, suspect.sequence, text, suspect.event)


def _places(suspects: list[Suspect]) -> dict[int, int]:
    """For each suspect that fits at the place of another: its present place and that place."""
    known = {suspect.hash for suspect in suspects}
    befores = known | {suspect.before for suspect in suspects}
    found = {}
    for suspect in suspects:
        others = (other.sequence for other in suspects if other is not suspect)
        place = _place(suspect, others, befores, known)
        if place is not None:
            found[suspect.sequence] = place
    return found


def _place(
    suspect: Suspect, places: Iterable[int], befores: set[str], known: set[str]
) -> int | None:
    for place in places:
        for before in befores:
            if canonical.link(place, before, suspect.digest, suspect.proof) in known:
                return place
    return None
