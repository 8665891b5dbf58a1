"""Try a pattern: find, substitute, split, and compare the engines."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from toolkit_sdk import Context, LongText, ToolkitError, views

from regex_toolkit import runaway
from regex_toolkit.app import (
    NAMES,
    Engine,
    EngineInput,
    Flags,
    PatternText,
    Sample,
    Upload,
    letters,
    text_of,
    toolkit,
)  # fmt: skip
from regex_toolkit.engine import Outcome, Task, run

_SHOWN_TEXT = 20_000
_CELL = 300

Most = Annotated[int, Field(ge=1, le=5000, description="How many to list; all are counted")]


@toolkit.operation(title="Test a pattern", interactive=True, timeout=60)
def test(
    ctx: Context,
    pattern: PatternText,
    sample: Sample = "",
    upload: Upload = None,
    flags: Flags = [],
    engine: EngineInput = "re",
    most: Most = 200,
) -> views.Section:
    """Find all matches: highlighted, with positions, groups and named groups."""
    text = text_of(sample, upload, ctx)
    return find(ctx, Task(pattern, text, letters(flags), engine, options={"most": most}))


def find(ctx: Context, task: Task) -> views.Section:
    """Run a search and show what it found."""
    limit = ctx.settings.limit_seconds
    outcome = run(ctx, task, limit)
    if outcome.stopped:
        return runaway.report(ctx, task, outcome, limit)
    result = checked(outcome)
    matches, total = result["matches"], result["total"]
    ctx.log.info("%s: %d matches in %.2f ms", NAMES[task.engine], total, result["ms"])
    shown: list[views.View] = [_stat(total, result["ms"], task.engine)]
    if matches:
        shown += [
            _highlight(task.text, matches),
            _table(task.text, matches, total, result["names"]),
        ]
    return views.Section(title="Matches", views=shown)


def checked(outcome: Outcome) -> dict[str, Any]:
    """The result, or a ``ToolkitError`` that says what is wrong with the pattern."""
    if outcome.result is not None:
        return outcome.result
    where = f" at character {outcome.position + 1}" if outcome.position is not None else ""
    raise ToolkitError(f"it is not valid: {outcome.error}{where}.", field=outcome.blamed)


def _stat(total: int, took: float, engine: Engine) -> views.Stat:
    return views.Stat(
        value=total,
        label="match" if total == 1 else "matches",
        state="ok" if total else "warning",
        detail=f"{NAMES[engine]}, {took:.2f} ms" if total else "Nothing in the text matches.",
    )


def _highlight(text: str, matches: list[Any]) -> views.Highlight:
    spans = [
        {"start": start, "end": end, "label": str(number)}
        for number, (start, end, _) in enumerate(matches, 1)
        if start < end <= _SHOWN_TEXT
    ]
    return views.Highlight(text=text[:_SHOWN_TEXT], spans=spans)


def _table(text: str, matches: list[Any], total: int, names: dict[str, str]) -> views.Table:
    groups = max((len(groups) for _, _, groups in matches), default=0)
    columns: list[Any] = [
        views.Column(key="number", label="#", type="number"),
        views.Column(key="line", type="number"),
        views.Column(key="column", type="number"),
        views.Column(key="start", type="number"),
        views.Column(key="end", type="number"),
        views.Column(key="text", type="code"),
    ]
    columns += [
        views.Column(
            key=f"g{number}", label=names.get(str(number)) or f"group {number}", type="code"
        )
        for number in range(1, groups + 1)
    ]
    rows, place = [], _Place(text)
    for number, (start, end, found) in enumerate(matches, 1):
        line, column = place.of(start)
        row = {
            "number": number, "line": line, "column": column, "start": start, "end": end,
            "text": _cut(text[start:end]),
        }  # fmt: skip
        row |= {f"g{index}": _cut(value) for index, _, _, _, value in found}
        rows.append(row)
    cut = f"The first {len(matches):,} of {total:,} matches" if total > len(matches) else None
    return views.Table(columns=columns, rows=rows, caption=cut)


class _Place:
    """Line and column of offsets that are asked for in order."""

    def __init__(self, text: str) -> None:
        self.text, self.line, self.start, self.seen = text, 1, 0, 0

    def of(self, offset: int) -> tuple[int, int]:
        between = self.text.count("\n", self.seen, offset)
        if between:
            self.line += between
            self.start = self.text.rfind("\n", 0, offset) + 1
        self.seen = offset
        return self.line, offset - self.start + 1


def _cut(value: str | None) -> str | None:
    if value is None or len(value) <= _CELL:
        return value
    return f"{value[:_CELL]}… ({len(value):,} characters)"


@toolkit.operation(title="Substitute", interactive=True, timeout=60)
def substitute(
    ctx: Context,
    pattern: PatternText,
    replacement: Annotated[
        LongText, Field(max_length=10_000, description=r"\1 or \g<name> inserts a group")
    ] = "",
    sample: Sample = "",
    upload: Upload = None,
    flags: Flags = [],
    engine: EngineInput = "re",
    count: Annotated[int, Field(ge=0, description="How many to replace; 0 for all")] = 0,
) -> views.Section:
    """Replace what matches and show what changed."""
    text = text_of(sample, upload, ctx)
    options = {"replacement": replacement, "count": count}
    task = Task(pattern, text, letters(flags), engine, "substitute", options)
    limit = ctx.settings.limit_seconds
    outcome = run(ctx, task, limit)
    if outcome.stopped:
        return runaway.report(ctx, task, outcome, limit)
    result = checked(outcome)
    ctx.log.info("replaced %d in %.2f ms", result["count"], result["ms"])
    state = "ok" if result["count"] else "warning"
    diff = views.Diff(
        before=text, after=result["text"], before_label="text", after_label="substituted"
    )
    stat = views.Stat(value=result["count"], label="replaced", state=state)
    return views.Section(title="Substitution", views=[stat, diff, views.Code(code=result["text"])])


@toolkit.operation(title="Split", interactive=True, timeout=60)
def split(
    ctx: Context,
    pattern: PatternText,
    sample: Sample = "",
    upload: Upload = None,
    flags: Flags = [],
    engine: EngineInput = "re",
    count: Annotated[int, Field(ge=0, description="How many cuts; 0 for all")] = 0,
    most: Most = 200,
) -> views.Section:
    """Cut the text where the pattern matches; groups of the pattern are kept as pieces."""
    text = text_of(sample, upload, ctx)
    task = Task(pattern, text, letters(flags), engine, "split", {"count": count, "most": most})
    limit = ctx.settings.limit_seconds
    outcome = run(ctx, task, limit)
    if outcome.stopped:
        return runaway.report(ctx, task, outcome, limit)
    result = checked(outcome)
    pieces, total = result["pieces"], result["total"]
    ctx.log.info("%d pieces in %.2f ms", total, result["ms"])
    cut = f"The first {len(pieces):,} of {total:,} pieces" if total > len(pieces) else None
    table = views.Table(
        columns=[
            views.Column(key="number", label="#", type="number"),
            views.Column(key="length", type="number"),
            views.Column(key="piece", type="code"),
        ],
        rows=[
            {"number": n, "length": len(piece or ""), "piece": _cut(piece)}
            for n, piece in enumerate(pieces, 1)
        ],
        caption=cut,
    )
    return views.Section(title="Pieces", views=[views.Stat(value=total, label="pieces"), table])


@toolkit.operation(title="Compare the engines", interactive=True, timeout=60)
def compare(
    ctx: Context,
    pattern: PatternText,
    sample: Sample = "",
    upload: Upload = None,
    flags: Flags = [],
) -> views.Table:
    """Run a pattern with Python re and with RE2, and say whether they find the same."""
    text = text_of(sample, upload, ctx)
    rows, spans = [], []
    for engine in ("re", "re2"):
        kept = letters(flags) if engine == "re" else letters(flags).replace("a", "")
        task = Task(pattern, text, kept, engine, options={"most": 5000})  # type: ignore[arg-type]
        outcome = run(ctx, task, ctx.settings.limit_seconds)
        row: dict[str, Any] = {"engine": NAMES[engine], "matches": None, "took": None}
        if outcome.stopped:
            row["outcome"] = views.state("critical", "stopped: it ran away")
        elif outcome.result is None:
            row["outcome"] = views.state("warning", f"not accepted: {outcome.error}")
        else:
            spans.append([match[:2] for match in outcome.result["matches"]])
            row["outcome"] = views.state("ok", "done")
            row["matches"], row["took"] = outcome.result["total"], outcome.result["ms"]
        rows.append(row)
    same = "They find the same." if len(spans) == 2 and spans[0] == spans[1] else "They differ."
    ctx.log.info(same)
    return views.Table(
        columns=[
            "engine",
            views.Column(key="outcome", type="state"),
            views.Column(key="matches", type="number"),
            views.Column(key="took", type="duration_ms"),
        ],
        rows=rows,
        caption=same,
    )
