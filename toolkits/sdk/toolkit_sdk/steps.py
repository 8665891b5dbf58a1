"""Steps of a job: recorded one by one, so that a later attempt need not do them again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from toolkit_sdk.errors import CallError, ToolkitError

if TYPE_CHECKING:
    from toolkit_sdk.context import Context

T = TypeVar("T")


class StepsFailed(ToolkitError):
    """Items that failed, each with its message, after all of them were tried."""

    def __init__(self, name: str, failures: dict[str, str]) -> None:
        shown = "; ".join(f"{key}: {message}" for key, message in list(failures.items())[:5])
        items = "1 item" if len(failures) == 1 else f"{len(failures)} items"
        super().__init__(f"{name} failed for {items}: {shown}")
        self.failures = failures


class Step:
    """One step. ``done`` says that an earlier attempt completed it, with ``value``; set
    ``value`` to what a later attempt will need."""

    def __init__(self, name: str, key: str, *, done: bool = False, value: Any = None) -> None:
        self.name, self.key, self.done, self.value = name, key, done, value


@contextmanager
def step(ctx: Context, name: str, key: str) -> Iterator[Step]:
    """Record a step: completed when the block ends, failed when it raises."""
    begun = ctx._platform.call("step", action="begin", name=name, key=key)
    current = Step(name, key, done=bool(begun["done"]), value=begun.get("value"))
    if current.done:
        yield current
        return
    try:
        yield current
    except BaseException as error:
        message = str(error) or type(error).__name__
        with contextlib.suppress(CallError):
            _end(ctx, current, ok=False, message=message[:500])
        raise
    _end(ctx, current, ok=True)


def _end(ctx: Context, current: Step, *, ok: bool, message: str = "") -> None:
    outcome = {"ok": ok, "value": current.value if ok else None, "message": message}
    ctx._platform.call("step", action="end", name=current.name, key=current.key, **outcome)


def each(
    ctx: Context,
    name: str,
    items: Iterable[T],
    function: Callable[[T], Any],
    key: Callable[[T], str],
    on_error: Literal["stop", "continue"],
) -> list[Any]:
    """Do one step for each item that no earlier attempt completed; returns all the values."""
    values: list[Any] = []
    failures: dict[str, str] = {}
    for _, item in ctx.progress(list(items), label=name):
        try:
            with step(ctx, name, key(item)) as current:
                if not current.done:
                    current.value = function(item)
            values.append(current.value)
        except Exception as error:
            if on_error == "stop":
                raise
            failures[key(item)] = str(error) or type(error).__name__
            ctx.log.warning("%s %s failed: %s", name, key(item), error)
            values.append(None)
    if failures:
        raise StepsFailed(name, failures)
    return values
