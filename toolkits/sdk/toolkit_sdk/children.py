"""Running other operations of the toolkit as jobs of their own, and waiting for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from toolkit_sdk.errors import ToolkitError

if TYPE_CHECKING:
    from toolkit_sdk.context import Context


class ChildFailed(ToolkitError):
    """A child job that did not succeed. ``state`` is how it ended, ``job_id`` which one it is."""

    def __init__(self, operation: str, state: str, reason: str, job_id: str) -> None:
        super().__init__(f"{operation} {state.replace('_', ' ')}: {reason}")
        self.operation, self.state, self.reason, self.job_id = operation, state, reason, job_id


@dataclass(frozen=True)
class Child:
    """A child job that has ended. ``value`` is its result, None unless it succeeded."""

    inputs: Mapping[str, Any]
    job_id: str
    state: str
    value: Any
    reason: str

    @property
    def ok(self) -> bool:
        """Whether it succeeded."""
        return self.state == "succeeded"


def start(ctx: Context, operation: str, inputs: Mapping[str, Any]) -> str:
    """Request a child job and return its id."""
    asked = {"operation": operation, "inputs": dict(inputs)}
    return str(ctx._platform.call("child", action="start", **asked)["id"])


def wait_any(ctx: Context, ids: Iterable[str]) -> dict[str, Any]:
    """Wait for the first of some child jobs to end."""
    found = ctx._platform.wait("child", ctx.checkpoint, action="wait", ids=list(ids))
    return dict(found)


def _value(result: Any) -> Any:
    """What the operation returned: a view as JSON, and anything else as it was."""
    if isinstance(result, dict) and result.get("view") == "json":
        return result.get("data")
    return result


def run(ctx: Context, operation: str, inputs: Mapping[str, Any]) -> Any:
    """Run one child and return its result, or raise ``ChildFailed``."""
    ended = wait_any(ctx, [start(ctx, operation, inputs)])
    child = _child(inputs, ended)
    if not child.ok:
        raise ChildFailed(operation, child.state, child.reason, child.job_id)
    return child.value


def _child(inputs: Mapping[str, Any], ended: dict[str, Any]) -> Child:
    result = _value(ended.get("result"))
    return Child(inputs, ended["id"], ended["state"], result, ended.get("reason") or "")


def run_many(
    ctx: Context,
    operation: str,
    items: Iterable[Mapping[str, Any]],
    at_most: int,
    on_error: Literal["raise", "collect"],
) -> list[Child]:
    """Run a child for each item, at most so many at a time, and return them in their order."""
    waiting = list(items)
    found: dict[int, Child] = {}
    running: dict[str, int] = {}
    following = iter(range(len(waiting)))
    while len(found) < len(waiting):
        while len(running) < max(1, at_most) and (number := next(following, None)) is not None:
            running[start(ctx, operation, waiting[number])] = number
        ctx.report(len(found), len(waiting), operation)
        ended = wait_any(ctx, running)
        number = running.pop(ended["id"])
        child = found[number] = _child(waiting[number], ended)
        if not child.ok and on_error == "raise":
            # The platform cancels the others when this job ends.
            raise ChildFailed(operation, child.state, child.reason, child.job_id)
    ctx.report(len(found), len(waiting), operation)
    return [found[number] for number in range(len(waiting))]
