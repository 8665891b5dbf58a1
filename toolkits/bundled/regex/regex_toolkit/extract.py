"""Turns a log file into a table: a row a match, a column a group."""

from __future__ import annotations

import csv
from collections import Counter
from typing import Annotated, Any

from pydantic import Field
from toolkit_sdk import Context, views

from regex_toolkit import runaway
from regex_toolkit.app import (
    EngineInput,
    Flags,
    PatternText,
    Sample,
    Upload,
    letters,
    text_of,
    toolkit,
)  # fmt: skip
from regex_toolkit.engine import Task, run
from regex_toolkit.trying import checked

_MOST = 50_000
_SHOWN = 20


@toolkit.operation(title="Extract to CSV", timeout=300)
def extract(
    ctx: Context,
    pattern: PatternText,
    sample: Sample = "",
    upload: Upload = None,
    flags: Flags = ["multiline"],
    engine: EngineInput = "re2",
    count_by: Annotated[
        str, Field(max_length=100, description="A group's name or number to count values of")
    ] = "",
) -> views.Section:
    """Write all matches with their groups to a CSV file, and count the values of one group."""
    text = text_of(sample, upload, ctx)
    task = Task(pattern, text, letters(flags), engine, options={"most": _MOST})
    limit = ctx.settings.limit_seconds
    outcome = run(ctx, task, limit)
    if outcome.stopped:
        return runaway.report(ctx, task, outcome, limit)
    result = checked(outcome)
    matches = result["matches"]
    ctx.log.info("%d matches; writing %d", result["total"], len(matches))
    _write(ctx, text, matches, result["names"])
    shown: list[views.View] = [
        views.Stat(value=result["total"], label="matches", state="ok" if matches else "warning"),
        views.Files(files=[{"name": "matches.csv", "description": f"{len(matches):,} rows"}]),
    ]
    if count_by:
        shown.append(_counted(matches, count_by, result["names"]))
    return views.Section(title="Extract", views=shown)


def _write(ctx: Context, text: str, matches: list[Any], names: dict[str, str]) -> None:
    groups = len(matches[0][2]) if matches else 0
    header = [names.get(str(number)) or f"group{number}" for number in range(1, groups + 1)]
    with ctx.artifact("matches.csv", text=True, content_type="text/csv") as stream:
        writer = csv.writer(stream)
        writer.writerow(["start", "end", *(header or ["text"])])
        for done, (start, end, found) in enumerate(matches):
            if done % 1000 == 0:
                ctx.report(done, len(matches), "Writing")
            values = [value for *_, value in found] or [text[start:end]]
            writer.writerow([start, end, *values])


def _counted(matches: list[Any], wanted: str, names: dict[str, str]) -> views.View:
    numbers = {name: int(number) for number, name in names.items()}
    number = int(wanted) if wanted.isdecimal() else numbers.get(wanted, 0)
    if not matches or not 1 <= number <= len(matches[0][2]):
        known = ", ".join(numbers) or "none with a name"
        return views.Text(
            text=f"The pattern has no group {wanted!r} to count by (it has: {known})."
        )
    counts = Counter(found[number - 1][4] for _, _, found in matches)
    bars = [
        {"label": "(not set)" if value is None else value[:80], "value": count}
        for value, count in counts.most_common(_SHOWN)
    ]
    return views.Bar(title=f"By {wanted}", bars=bars)
