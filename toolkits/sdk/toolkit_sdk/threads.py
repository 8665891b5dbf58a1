"""Blocking calls in threads that a cancelled job does not wait for."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from toolkit_sdk.context import Context

T = TypeVar("T")
R = TypeVar("R")

_TICK = 0.1
_MOST = 64


def _run(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[bool, Any]:
    try:
        return True, function(*arguments)
    except BaseException as error:
        return False, error


def interruptible(ctx: Context, function: Callable[..., R], *arguments: Any) -> R:
    """Call ``function`` in a thread and wait for it until the job is asked to stop."""
    answer: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()
    thread = threading.Thread(
        target=lambda: answer.put(_run(function, arguments)), name=function.__name__, daemon=True
    )
    thread.start()
    while True:
        try:
            done, value = answer.get(timeout=_TICK)
        except queue.Empty:
            ctx.checkpoint()
            continue
        if done:
            return value  # type: ignore[no-any-return]
        raise value


def in_threads(
    ctx: Context, function: Callable[[T], R], items: Iterable[T], workers: int, label: str
) -> Iterator[tuple[T, R]]:
    """Yield each item with its result as they come, at most ``workers`` at a time."""
    waiting = list(items)
    total, feed = len(waiting), iter(waiting)
    answers: queue.SimpleQueue[tuple[T, bool, Any]] = queue.SimpleQueue()
    lock, stop = threading.Lock(), threading.Event()

    def work() -> None:
        while not (stop.is_set() or ctx.cancelled):
            with lock:
                item = next(feed, answers)
            if item is answers:
                return
            answers.put((item, *_run(function, (item,))))  # type: ignore[arg-type]

    for number in range(min(workers, _MOST, total)):
        threading.Thread(target=work, name=f"worker-{number}", daemon=True).start()
    try:
        for done in range(total):
            yield _next(ctx, answers)
            ctx.report(done + 1, total, label)
    finally:
        # Calls under way end by their own time limit; nobody waits for them.
        stop.set()


def _next(ctx: Context, answers: queue.SimpleQueue[Any]) -> tuple[Any, Any]:
    while True:
        try:
            item, done, value = answers.get(timeout=_TICK)
        except queue.Empty:
            ctx.checkpoint()
            continue
        if done:
            return item, value
        raise value
