"""Targets in and out as CSV."""

from __future__ import annotations

import csv
import io
from typing import Annotated, Any

from pydantic import Field, ValidationError
from toolkit_sdk import Context, File, LongText, ToolkitError, views

from connectivity_toolkit import expand
from connectivity_toolkit.app import Target, toolkit
from connectivity_toolkit.showing import guarded

_COLUMNS = (
    "name", "hosts", "ports", "protocol", "expect", "max_ms", "at_least", "tags", "owner", "note",
    "enabled",
)  # fmt: skip
_LISTS = ("hosts", "tags")
_MOST_ROWS = 5000


@toolkit.operation(title="Import targets", effect="change", dry_run=True, timeout=600)
def import_targets(
    ctx: Context,
    text: Annotated[
        LongText, Field(max_length=500_000, description="CSV with a line of column names")
    ] = "",
    upload: Annotated[File | None, Field(description="Or a CSV file")] = None,
) -> views.Table:
    """Add targets from CSV; one with a known name is changed. A row that is wrong is told why."""
    rows = _rows(upload.text(), "upload") if upload else _rows(text, "text")
    records = ctx.records(Target)
    known = {target.name: target for target in records.list()}
    results = []
    for number, row in ctx.progress(rows, label="Importing"):
        line = number + 2
        name = row.get("name", "")
        try:
            target = _target(row)
        except ValueError as error:
            ctx.log.warning("line %d: %s", line, error)
            results.append(_result(line, name, "critical", "refused", str(error)))
            continue
        before = known.get(target.name)
        if before is not None and before.model_dump() == target.model_dump():
            results.append(_result(line, name, "info", "unchanged"))
            continue
        if not ctx.dry_run:
            known[target.name] = _stored(ctx, before, target)
        word = "changed" if before else "added"
        ctx.log.info("line %d: %s %s", line, target.name, word)
        results.append(_result(line, name, "ok", f"would be {word}" if ctx.dry_run else word))
    refused = sum(row["state"]["state"] == "critical" for row in results)
    return views.Table(
        columns=[
            views.Column(key="line", type="number"),
            views.Column(key="name"),
            views.Column(key="state", type="state"),
            views.Column(key="why"),
        ],
        rows=results,
        caption=f"{len(results) - refused} of {len(results)} rows are good",
    )


def _result(line: int, name: str, state: Any, word: str, why: str = "") -> dict[str, Any]:
    return {"line": line, "name": name, "state": views.state(state, word), "why": why}


def _stored(ctx: Context, before: Target | None, target: Target) -> Target:
    records = ctx.records(Target)
    if before is None:
        return records.create(target)
    return records.update(before.model_copy(update=target.model_dump()))


def _rows(content: str, field: str) -> list[dict[str, str]]:
    if not content.strip():
        raise ToolkitError("there is nothing to import: paste CSV, or give a file.", field=field)
    head = content.partition("\n")[0]
    delimiter = ";" if head.count(";") > head.count(",") else "\t" if "\t" in head else ","
    reader = csv.DictReader(io.StringIO(content), delimiter=delimiter, strict=True)
    try:
        names = [name.strip().lower() for name in reader.fieldnames or []]
        unknown = [name for name in names if name not in _COLUMNS]
        if unknown or "name" not in names or "hosts" not in names:
            what = f"unknown columns {', '.join(unknown)}" if unknown else "no column name or hosts"
            raise ToolkitError(
                f"the first line has {what}; the columns are {', '.join(_COLUMNS)}.", field=field
            )
        reader.fieldnames = names
        found = [
            {key: _unguarded(value or "") for key, value in row.items() if isinstance(key, str)}
            for row in reader
        ]
    except csv.Error as error:
        raise ToolkitError(f"line {reader.line_num} is not CSV: {error}.", field=field) from None
    if len(found) > _MOST_ROWS:
        raise ToolkitError(
            f"there are {len(found):,} rows; {_MOST_ROWS:,} is the most.", field=field
        )
    return found


def _unguarded(value: str) -> str:
    return value[1:].strip() if value[:2] in ("'=", "'+", "'-", "'@") else value.strip()


def _target(row: dict[str, str]) -> Target:
    data: dict[str, Any] = {key: value for key, value in row.items() if value != ""}
    for name in _LISTS:
        if name in data:
            data[name] = data[name].replace(",", " ").split()
    if "enabled" in data:
        data["enabled"] = data["enabled"].lower() in ("true", "yes", "1", "on")
    try:
        target = Target.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ValueError(f"{where}: {first['msg']}") from None
    expand.hosts(target.hosts)
    expand.ports([target.ports])
    return target


@toolkit.operation(title="Export targets", timeout=60)
def export_targets(ctx: Context) -> views.Files:
    """Write the targets to a CSV file that can be imported again."""
    targets = ctx.records(Target).list()
    with ctx.artifact("targets.csv", text=True, content_type="text/csv") as stream:
        writer = csv.DictWriter(stream, _COLUMNS)
        writer.writeheader()
        for _, target in ctx.progress(targets, label="Writing"):
            row = target.model_dump()
            row |= {name: " ".join(row[name]) for name in _LISTS}
            writer.writerow({name: guarded(value) for name, value in row.items()})
    return views.Files(files=[{"name": "targets.csv", "description": f"{len(targets)} targets"}])
