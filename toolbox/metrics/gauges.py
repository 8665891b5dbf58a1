"""What is measured at the moment of asking: each app registers its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.db import DatabaseError

from toolbox.health.checks import run_checks

log = logging.getLogger(__name__)

_DEPENDENCIES = ("database", "redis", "vault", "storage")


@dataclass(frozen=True)
class Gauge:
    """One value now. ``labels`` are pairs of name and value."""

    name: str
    help: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()


_sources: list[Callable[[], Iterable[Gauge]]] = []


def register(source: Callable[[], Iterable[Gauge]]) -> None:
    """Let ``source`` be asked at each scrape."""
    if source not in _sources:
        _sources.append(source)


def read() -> Iterator[Gauge]:
    """Ask every source. What a source knows from a database that is away is left out, so that the
    rest, such as that it is away, is still told."""
    for source in _sources:
        try:
            yield from source()
        except DatabaseError as error:
            log.warning("not all of what is measured is told: %s", type(error).__name__)


def dependencies() -> Iterator[Gauge]:
    """Whether each dependency works, and how long it took to find out."""
    for result in run_checks(_DEPENDENCIES):
        label = (("dependency", result.name),)
        yield Gauge(
            "toolbox_dependency_up", "1 while a dependency works.", float(result.ok), label
        )
        yield Gauge(
            "toolbox_dependency_check_seconds",
            "Time that its check took.",
            result.duration_ms / 1000,
            label,
        )


register(dependencies)
