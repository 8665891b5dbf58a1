"""Patterns to keep: saved ones with their tests, and ready ones for logs."""

from __future__ import annotations

from enum import Enum
from typing import Any

from toolkit_sdk import Context, ToolkitError, views

from regex_toolkit.app import Pattern, Sample, Upload, letters, text_of, toolkit
from regex_toolkit.engine import Task, run
from regex_toolkit.ready import BY_NAME, READY
from regex_toolkit.trying import Most, find

ReadyName = Enum("ReadyName", {entry.name: entry.name for entry in READY})  # type: ignore[misc]


@toolkit.operation(title="Test a saved pattern", interactive=True, timeout=60)
def test_saved(
    ctx: Context, saved: Pattern, sample: Sample = "", upload: Upload = None, most: Most = 200
) -> views.Section:
    """Find all matches of a pattern that was saved."""
    text = text_of(sample, upload, ctx)
    task = Task(saved.pattern, text, letters(saved.flags), saved.engine, options={"most": most})
    return find(ctx, task)


@toolkit.operation(title="Test a ready pattern", interactive=True, timeout=60)
def test_ready(
    ctx: Context, ready: ReadyName, sample: Sample = "", upload: Upload = None, most: Most = 200
) -> views.Section:
    """Find all matches of a ready pattern; without a text, in its own example."""
    chosen = BY_NAME[ready.value]
    text = text_of(sample or chosen.example, upload, ctx)
    flags = letters(list(chosen.flags))  # type: ignore[arg-type]
    return find(ctx, Task(chosen.pattern, text, flags, options={"most": most}))


@toolkit.operation(title="Ready patterns", interactive=True, timeout=15)
def ready_patterns(ctx: Context) -> views.Table:
    """List the ready patterns, each with a line that it matches."""
    return views.Table(
        columns=[
            "name", "about", views.Column(key="pattern", type="code"),
            views.Column(key="example", type="code"), "flags",
        ],
        rows=[
            {
                "name": entry.name, "about": entry.about, "pattern": entry.pattern,
                "example": entry.example, "flags": ", ".join(entry.flags),
            }
            for entry in READY
        ],
        caption='"Save a ready pattern" copies one to your own, to change it there.',
    )  # fmt: skip


@toolkit.operation(title="Save a ready pattern", effect="change", interactive=True, timeout=15)
def save_ready(ctx: Context, ready: ReadyName) -> views.KeyValue:
    """Copy a ready pattern, with its examples as tests, to the saved patterns."""
    chosen = BY_NAME[ready.value]
    patterns = ctx.records(Pattern)
    if patterns.list(name=chosen.name):
        raise ToolkitError(f"there already is a saved pattern {chosen.name!r}.", field="ready")
    record = Pattern(
        name=chosen.name,
        pattern=chosen.pattern,
        flags=list(chosen.flags),  # type: ignore[arg-type]
        description=chosen.about,
        matches=[chosen.example],
        rejects=[chosen.rejects],
    )
    patterns.create(record)
    ctx.log.info("saved %s", chosen.name)
    return views.KeyValue(items={"name": record.name, "pattern": record.pattern})


@toolkit.operation(title="Check saved patterns", timeout=600)
def check_saved(ctx: Context) -> views.Table:
    """Run every saved pattern on the lines that it must match and must not match."""
    patterns = ctx.records(Pattern).list()
    rows: list[dict[str, Any]] = []
    for _, pattern in ctx.progress(patterns, label="Checking"):
        failures = failing(ctx, pattern)
        for failure in failures:
            ctx.log.warning("%s: %s", pattern.name, failure)
        count = len(pattern.matches) + len(pattern.rejects)
        word = "passes" if count else "has no lines"
        state = views.state("critical", "fails") if failures else views.state("ok", word)
        rows.append(
            {"name": pattern.name, "state": state, "lines": count, "why": "; ".join(failures)}
        )
    columns: list[Any] = [
        "name", views.Column(key="state", type="state"), views.Column(key="lines", type="number"),
        "why",
    ]  # fmt: skip
    caption = None if rows else 'There are no saved patterns yet. "Save a ready pattern" makes one.'
    return views.Table(columns=columns, rows=rows, caption=caption)


def failing(ctx: Context, pattern: Pattern) -> list[str]:
    """What a saved pattern does wrong with its own lines."""
    lines = [*pattern.matches, *pattern.rejects]
    options = {"lines": lines}
    flags = letters(pattern.flags)
    try:
        task = Task(pattern.pattern, "", flags, pattern.engine, "check", options)
        outcome = run(ctx, task, ctx.settings.limit_seconds)
    except ToolkitError as error:
        return [str(error)]
    if outcome.stopped:
        return ["it ran away and was stopped"]
    if outcome.result is None:
        return [f"it is not valid: {outcome.error}"]
    wanted = [True] * len(pattern.matches) + [False] * len(pattern.rejects)
    return [
        f"{'does not match' if want else 'matches'} {line[:80]!r}"
        for line, want, got in zip(lines, wanted, outcome.result["found"], strict=True)
        if want != got
    ]


_CARD_PATTERNS = 50


@toolkit.card(title="Saved patterns", refresh=3600)
def saved_patterns(ctx: Context) -> views.Stat:
    """Whether the saved patterns pass their own tests."""
    patterns = ctx.records(Pattern).list()[:_CARD_PATTERNS]
    if not patterns:
        return views.Stat(
            value=0, label="saved patterns", detail='"Save a ready pattern" makes a first one.'
        )
    bad = [pattern.name for pattern in patterns if failing(ctx, pattern)]
    detail = f"Fails: {', '.join(bad[:5])}" if bad else "All match their examples."
    value = f"{len(patterns) - len(bad)} of {len(patterns)}"
    return views.Stat(
        value=value, label="patterns pass", state="critical" if bad else "ok", detail=detail
    )
