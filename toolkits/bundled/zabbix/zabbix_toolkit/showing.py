"""Plans and their outcomes as views, and as a file that the job keeps."""

from __future__ import annotations

import csv
from typing import Any

from toolkit_sdk import Context, views

from zabbix_toolkit.hostfile import guarded
from zabbix_toolkit.planning import Plan

_MOST_SHOWN = 500
_STATES: dict[str, Any] = {"create": "ok", "change": "info", "unchanged": "unknown"}
_DONE = {"create": "created", "change": "changed"}
REPORT = "hosts-report.csv"


def plans(
    ctx: Context, found: list[Plan], outcomes: dict[str, str], *, dry_run: bool
) -> views.Section:
    """What every row does or did, refused and failed ones first."""
    report(ctx, found, outcomes)
    counts = {act: sum(one.act == act for one in found) for act in ("create", "change")}
    refused = sum(one.act == "refused" for one in found)
    failed = sum(bool(why) for why in outcomes.values())
    words = ("to create", "to change") if dry_run else ("created", "changed")
    items: list[dict[str, Any]] = [
        {"label": word, "value": count} for word, count in zip(words, counts.values(), strict=True)
    ]
    same = sum(one.act == "unchanged" for one in found)
    items.append({"label": "unchanged", "value": same})
    items.append(
        {"label": "refused", "value": refused, "state": "critical" if refused else "ok"}
    )
    if failed:
        items.append({"label": "failed", "value": failed, "state": "critical"})
    rows = sorted((_row(one, outcomes, dry_run=dry_run) for one in found), key=_first)
    more = f"the first {_MOST_SHOWN} of {len(rows)}; all are in the file"
    table = views.Table(
        columns=[
            views.Column(key="row", type="number"),
            views.Column(key="host"),
            views.Column(key="state", type="state"),
            views.Column(key="what"),
        ],
        rows=rows[:_MOST_SHOWN],
        caption=more if len(rows) > _MOST_SHOWN else None,
    )
    title = "What would be done" if dry_run else "What was done"
    files = views.Files(files=[{"name": REPORT, "description": "Every row as CSV"}])
    return views.Section(title=title, views=[views.KeyValue(items=items), table, files])


def _first(row: dict[str, Any]) -> tuple[bool, int]:
    return row["state"]["state"] != "critical", row["row"]


def _row(one: Plan, outcomes: dict[str, str], *, dry_run: bool) -> dict[str, Any]:
    word, why = outcome(one, outcomes, dry_run=dry_run)
    bad = word in ("refused", "failed")
    return {
        "row": one.number,
        "host": one.host,
        "state": views.state("critical" if bad else _STATES[one.act], word),
        "what": why,
    }


def outcome(one: Plan, outcomes: dict[str, str], *, dry_run: bool) -> tuple[str, str]:
    """A word for what becomes of a row, and what it is about."""
    what = "; ".join(one.what)
    if outcomes.get(one.host) and one.calls:
        return "failed", outcomes[one.host]
    if one.act in _DONE and not dry_run and one.host in outcomes:
        return _DONE[one.act], what
    return one.act, what


def report(ctx: Context, found: list[Plan], outcomes: dict[str, str]) -> None:
    """Keep every row with its outcome, also when the job is about to fail."""
    with ctx.artifact(REPORT, text=True, content_type="text/csv") as stream:
        writer = csv.writer(stream)
        writer.writerow(["row", "host", "outcome", "what"])
        for one in found:
            word, why = outcome(one, outcomes, dry_run=ctx.dry_run)
            writer.writerow([one.number, guarded(one.host), word, guarded(why)])
