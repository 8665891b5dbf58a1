"""From what the platform tells to what that means: a state and a sentence for each component."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from toolkit_sdk import PlatformHealth, views
from toolkit_sdk.platform import Part, Queue

from health_toolkit.app import Config

OK, WARNING, CRITICAL, UNKNOWN = "ok", "warning", "critical", "unknown"
_WORST_LAST = (OK, UNKNOWN, WARNING, CRITICAL)
_TITLES = {"redis": "Redis"}
#: Parts whose trouble leaves the platform working.
_MILD = frozenset({"runners"})
#: Parts whose latency is the time of an answer, so that it may be too long.
_ANSWERING = frozenset({"database", "redis", "vault", "storage", "web"})


@dataclass(frozen=True)
class Standing:
    """How one component is."""

    component: str
    state: views.State
    text: str
    hint: str = ""
    latency_ms: float | None = None


def rank(state: str) -> int:
    """How bad a state is."""
    return _WORST_LAST.index(state)


def worst(states: Iterable[str]) -> views.State:
    """The worst of some states; ok when there is none."""
    found: views.State = max(states, key=rank, default=OK)  # type: ignore[assignment]
    return found


def judge(health: PlatformHealth, config: Config) -> list[Standing]:
    """Say how each component is."""
    found = [_part(part, config) for part in health.parts]
    if health.queues is None:
        found.append(Standing("queues", UNKNOWN, "not known without the database"))
    else:
        found += [_queue(queue, config) for queue in health.queues]
    return [*found, *_workers(health)]


def _part(part: Part, config: Config) -> Standing:
    name = _TITLES.get(part.name, part.name.capitalize())
    if part.ok is None:
        return Standing(name, UNKNOWN, part.detail, part.hint, part.latency_ms)
    if not part.ok:
        state: views.State = WARNING if part.name in _MILD else CRITICAL
        return Standing(name, state, part.detail, part.hint, part.latency_ms)
    slow = part.name in _ANSWERING and (part.latency_ms or 0) > config.slow_ms
    if slow:
        text = f"slow: {part.latency_ms:.0f} ms, more than {config.slow_ms:g} ms"
        return Standing(name, WARNING, text, "See what keeps it busy.", part.latency_ms)
    return Standing(name, OK, part.detail, "", part.latency_ms)


def _queue(queue: Queue, config: Config) -> Standing:
    name = f"Queue {queue.name}"
    waited = queue.oldest_seconds or 0.0
    told = f"{queue.waiting} waiting, {queue.running} at work"
    if queue.workers is None:
        return Standing(name, UNKNOWN, f"{told}; its workers are not known without Redis")
    if not queue.workers:
        state: views.State = CRITICAL if queue.waiting else WARNING
        hint = f"Start manage.py rqworker {queue.name}."
        return Standing(name, state, f"no worker listens; {told}", hint)
    told += f", {queue.workers} listening"
    if waited >= config.wait_warning_seconds:
        state = CRITICAL if waited >= config.wait_critical_seconds else WARNING
        text = f"the oldest job has waited {lasted(waited)}; {told}"
        return Standing(name, state, text, "Start more workers, or see what keeps them.")
    if queue.waiting >= config.waiting_warning:
        return Standing(name, WARNING, told, "Start more workers, or see what fills the queue.")
    return Standing(name, OK, told)


def _workers(health: PlatformHealth) -> Iterator[Standing]:
    if health.workers is None:
        yield Standing("Workers", UNKNOWN, "not known without Redis and the database")
        return
    silent = [worker.name for worker in health.workers if worker.silent]
    alive = len(health.workers) - len(silent)
    text = f"{alive} of {len(health.workers)} report"
    if silent:
        text += f"; gone or silent: {', '.join(silent[:5])}"
    state: views.State = OK if alive and not silent else WARNING if alive else CRITICAL
    yield Standing("Workers", state, text, "Start them again." if silent or not alive else "")


def lasted(seconds: float) -> str:
    """A length of time in words: ``42 s``, ``3 min 5 s``, ``2 h 10 min``, ``3 d 4 h``."""
    whole = round(seconds)
    for size, unit, smaller, small in ((86_400, "d", 3600, "h"), (3600, "h", 60, "min"),
                                       (60, "min", 1, "s")):  # fmt: skip
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {unit} {rest} {small}" if rest else f"{whole // size} {unit}"
    return f"{whole} s"
