"""What a verification finds, and the words for it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What is wrong."""

    CHANGED = "changed"
    REMOVED = "removed"
    INSERTED = "inserted"
    MOVED = "moved"
    TRUNCATED = "truncated"
    REWRITTEN = "rewritten"
    CHECKPOINT = "checkpoint"
    HEAD = "head"
    REPORTED = "reported"
    GUARD = "guard"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: with which event, or with which place of the chain."""

    kind: Kind
    sequence: int
    text: str
    event: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self) | {"kind": str(self.kind)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Finding:
        """The opposite of ``as_dict``."""
        return cls(Kind(data["kind"]), data["sequence"], data["text"], data["event"])


def span(first: int, last: int) -> str:
    """Name one event or a range of them by number."""
    return f"event {first} is" if first == last else f"events {first} to {last} are"
