"""What to say about a pattern that had to be stopped: measured growth, suspects, a way out."""

from __future__ import annotations

from toolkit_sdk import Context, views

from regex_toolkit.app import NAMES
from regex_toolkit.engine import Outcome, Task, run
from regex_toolkit.explaining import warning
from regex_toolkit.suspects import suspects

_PROBE_SECONDS = 0.25


def report(ctx: Context, task: Task, outcome: Outcome, limit: float) -> views.Section:
    """Say that the pattern ran away, how it grows, which part does it, and what RE2 finds."""
    ctx.log.warning(
        "stopped after %.1f s: %s was still searching at offset %d",
        outcome.seconds, NAMES[task.engine], outcome.reached,
    )  # fmt: skip
    found = suspects(task.pattern, task.flags)
    growth = _growth(ctx, task, outcome.reached)
    catastrophic = bool(found) or growth == "exponential"
    label = "catastrophic pattern" if catastrophic else "too slow on this text"
    shown: list[views.View] = [
        views.Stat(
            value="stopped",
            label=label,
            state="critical",
            detail=f"Stopped after {limit:g} s at offset {outcome.reached:,} of "
            f"{len(task.text):,}. {_sentence(growth)}",
        )
    ]
    if found:
        shown.append(warning(found))
    shown.append(_other_engine(ctx, task, limit))
    return views.Section(title="The pattern ran away", views=shown)


def _growth(ctx: Context, task: Task, start: int) -> str:
    """Search ever longer pieces of the text from where it stuck, and see how the time grows."""
    if task.action != "find":
        return ""
    tail = task.text[start : start + 4000]
    size = 8
    while size <= len(tail):
        piece = Task(task.pattern, tail[:size], task.flags, task.engine)
        outcome = run(ctx, piece, _PROBE_SECONDS)
        if outcome.stopped:
            return "exponential" if size < 100 else "polynomial"
        size = size + 4 if size < 64 else size * 2
    return ""


def _sentence(growth: str) -> str:
    return {
        "exponential": "Already a few dozen characters more double its time again and again.",
        "polynomial": "Its time grows much faster than the text.",
    }.get(growth, "")


def _other_engine(ctx: Context, task: Task, limit: float) -> views.View:
    if task.engine == "re2":
        return views.Text(text="RE2 needs time in proportion to the text: give it less text.")
    flags = task.flags.replace("a", "")
    if "x" in flags:
        return views.Text(
            text="Take the verbose flag away to try it with RE2, which cannot run away."
        )
    outcome = run(ctx, Task(task.pattern, task.text, flags, "re2"), limit)
    if outcome.result is None:
        why = outcome.error or "it was too slow as well"
        return views.Text(text=f"RE2, which cannot run away, does not help here: {why}.")
    total, took = outcome.result["total"], outcome.result["ms"]
    return views.Text(
        text=f"RE2 finds {total:,} matches in the same text in {took:.1f} ms. "
        "Choose the engine re2, or make the part above unambiguous."
    )
