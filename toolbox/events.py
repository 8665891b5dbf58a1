"""The one door through which every part reports a security-relevant act.

The audit app registers the recorder at start-up; foundations and accounts, which may not
import it, emit here. Emitting without a recorder is an error: an act that cannot be
audited does not happen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class ActorKind(StrEnum):
    """What can act."""

    USER = "user"
    SERVICE_ACCOUNT = "service_account"
    TOKEN = "token"  # noqa: S105
    SCHEDULE = "schedule"
    SYSTEM = "system"


@dataclass(frozen=True)
class Actor:
    """Who acts, where it is not simply a user; ``behalf`` is for whom."""

    kind: ActorKind
    id: str = ""
    label: str = ""
    behalf: Any = None


class Recorder(Protocol):
    """What records an event, in the caller's transaction."""

    def __call__(
        self,
        name: str,
        *,
        actor: Any = None,
        target: Any = None,
        outcome: str = "success",
        changes: dict[str, Any] | None = None,
        details: dict[str, Any] | None = None,
    ) -> Any: ...


@dataclass(frozen=True)
class HistoryEntry:
    """One recorded act, as the page of the object that it was done to shows it."""

    time: datetime
    name: str
    meaning: str
    severity: str
    outcome: str
    actor: str
    changes: dict[str, Any] = field(default_factory=dict)


Reader = Callable[[Any, int], Sequence[HistoryEntry]]

_recorder: Recorder | None = None
_reader: Reader | None = None


def register(recorder: Recorder) -> None:
    """Make ``recorder`` the one that keeps events."""
    global _recorder
    _recorder = recorder


def register_reader(reader: Reader) -> None:
    """Make ``reader`` the one that tells an object's history."""
    global _reader
    _reader = reader


def history(target: Any, limit: int) -> Sequence[HistoryEntry]:
    """What was done to ``target``, newest first. Who may see the object is up to the caller."""
    return _reader(target, limit) if _reader is not None else []


def emit(
    name: str,
    /,
    *,
    actor: Any = None,
    target: Any = None,
    outcome: str = "success",
    changes: dict[str, Any] | None = None,
    **details: Any,
) -> None:
    """Record that ``actor`` did ``name`` to ``target``.

    ``name`` is registered in the audit catalogue with the fields that ``details`` may have; an
    unknown one raises ``LookupError``. ``actor`` is a user or an ``Actor``, or None for the
    system itself. Emit in the transaction of the act: what is rolled back was not recorded,
    so the failure of an act is emitted outside of the transaction that it ended.
    """
    if _recorder is None:
        raise RuntimeError(f"no audit recorder is registered, so {name!r} cannot be recorded")
    _recorder(name, actor=actor, target=target, outcome=outcome, changes=changes, details=details)
