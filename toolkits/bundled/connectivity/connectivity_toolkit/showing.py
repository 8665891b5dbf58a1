"""Outcomes as views and files."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Any

from toolkit_sdk import Context, views

from connectivity_toolkit.probe import Outcome

_CELLS = {"open": "ok", "closed": "critical", "timeout": "warning", "no reply": "warning"}
#: More rows than this make a result that nobody scrolls through; the file has all of them.
MOST_ROWS = 5000
_FILE_ROWS = 500


def log(ctx: Context, outcome: Outcome) -> None:
    """One line for one outcome."""
    detail = f"{outcome.latency_ms} ms" if outcome.ok else outcome.error
    more = f", {outcome.detail}" if outcome.detail else ""
    ctx.log.info("%s is %s (%s%s)", outcome.probe.label, outcome.state, detail, more)


def cell(outcome: Outcome) -> dict[str, str]:
    """The state as a cell."""
    return views.state(_CELLS.get(outcome.state, "critical"), outcome.state)  # type: ignore[arg-type]


def table(outcomes: list[Outcome]) -> views.Table:
    """All outcomes; where there are too many, those that did not answer come first."""
    count = sum(outcome.ok for outcome in outcomes)
    caption = f"{count} of {len(outcomes)} open"
    shown = outcomes
    if len(outcomes) > MOST_ROWS:
        shown = sorted(outcomes, key=lambda outcome: outcome.ok)[:MOST_ROWS]
        caption += f"; the first {MOST_ROWS:,} are shown, the file has all"
    columns = _columns(shown)
    return views.Table(
        title="Reachability",
        columns=columns,
        rows=[_row(outcome) for outcome in shown],
        caption=caption,
    )


def _columns(shown: list[Outcome]) -> list[views.Column]:
    """The columns; those that would be empty all the way down are left out."""
    columns = [
        views.Column(key="host"),
        views.Column(key="port", type="code", align="end"),
        views.Column(key="state", type="state"),
        views.Column(key="latency", type="duration_ms"),
        views.Column(key="address", type="code"),
        views.Column(key="error"),
        views.Column(key="kind", label="Error kind"),
        views.Column(key="lookup", label="Look-up", type="duration_ms"),
    ]
    if any(outcome.tls_ms is not None for outcome in shown):
        columns.append(views.Column(key="tls", label="TLS", type="duration_ms"))
    if any(outcome.detail for outcome in shown):
        columns.append(views.Column(key="detail"))
    return columns


def _row(outcome: Outcome) -> dict[str, Any]:
    return {
        "host": outcome.probe.host,
        "port": outcome.probe.port,
        "state": cell(outcome),
        "latency": outcome.latency_ms,
        "address": outcome.address,
        "error": outcome.error,
        "lookup": outcome.dns_ms,
        "tls": outcome.tls_ms,
        "kind": outcome.kind,
        "detail": outcome.detail,
    }


def write_csv(ctx: Context, outcomes: Iterable[Outcome]) -> None:
    """Keep all outcomes as ``results.csv``."""
    with ctx.artifact("results.csv", text=True, content_type="text/csv") as stream:
        writer = csv.writer(stream)
        writer.writerow(
            ["host", "port", "protocol", "state", "address", "connect_ms", "dns_ms", "tls_ms",
             "error_kind", "error", "detail"]
        )  # fmt: skip
        for one in outcomes:
            row = [
                one.probe.host, one.probe.port, one.probe.protocol, one.state, one.address,
                one.latency_ms, one.dns_ms, one.tls_ms, one.kind, one.error, one.detail,
            ]  # fmt: skip
            writer.writerow(map(guarded, row))


def wants_file(outcomes: list[Outcome]) -> bool:
    """Whether there are so many outcomes that a file serves better."""
    return len(outcomes) >= _FILE_ROWS


def guarded(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value
