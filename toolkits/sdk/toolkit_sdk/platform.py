"""What a toolkit may be told of the platform itself, if its manifest asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit_sdk.context import Platform


@dataclass(frozen=True)
class Part:
    """A part of the platform: ``database``, ``redis``, ``vault``, ``storage``, ``web``,
    ``scheduler`` or ``runners``.

    ``ok`` is None where it cannot be known just now. ``hint`` says what to do when it is not
    ok. ``latency_ms`` is how long it took to answer; of the scheduler, how long ago it last
    gave a sign of life; of the runners, how long the last one took to start.
    """

    name: str
    ok: bool | None
    detail: str
    hint: str = ""
    latency_ms: float | None = None


@dataclass(frozen=True)
class Queue:
    """A queue of jobs. ``workers`` is None where Redis, which knows them, is away."""

    name: str
    waiting: int
    oldest_seconds: float | None
    running: int
    workers: int | None


@dataclass(frozen=True)
class Worker:
    """A worker process. A ``silent`` one is gone, or has not reported for long."""

    name: str
    queues: tuple[str, ...]
    state: str
    silent: bool
    host: str
    pid: int | None
    heartbeat_seconds: float | None
    done: int
    failed: int


@dataclass(frozen=True)
class PlatformHealth:
    """How the platform is at a moment, ``at``, in epoch seconds.

    ``queues`` is None where the database cannot be reached, ``workers`` where Redis or the
    database cannot.
    """

    at: float
    version: str
    parts: tuple[Part, ...]
    queues: tuple[Queue, ...] | None
    workers: tuple[Worker, ...] | None

    def part(self, name: str) -> Part:
        """Return the part of that name. Raises ``KeyError``."""
        for part in self.parts:
            if part.name == name:
                return part
        raise KeyError(name)

    @classmethod
    def of(cls, told: dict[str, Any]) -> PlatformHealth:
        """Make it from what the platform sends."""
        queues, workers = told["queues"], told["workers"]
        return cls(
            at=told["at"],
            version=told["version"],
            parts=tuple(Part(**part) for part in told["parts"]),
            queues=None if queues is None else tuple(Queue(**queue) for queue in queues),
            workers=None
            if workers is None
            else tuple(Worker(**{**one, "queues": tuple(one["queues"])}) for one in workers),
        )


class About:
    """``ctx.platform``: what the platform tells of itself."""

    def __init__(self, channel: Platform) -> None:
        self._channel = channel

    def health(self) -> PlatformHealth:
        """Look at every part of the platform now.

        The manifest must ask for it, with ``"permissions": {"platform": ["health"]}``; else
        this raises ``CallError`` of kind ``forbidden``.
        """
        return PlatformHealth.of(self._channel.call("platform", action="health"))
