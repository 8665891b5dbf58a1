"""Delete what belongs to nothing: shown first, tried in a transaction, then with consent."""

from __future__ import annotations

import time
from typing import Annotated, Any

from pydantic import Field
from toolkit_sdk import Concurrency, Context, ToolkitError, views

from zabbix_toolkit.app import toolkit
from zabbix_toolkit.database import Database, Session, StatementFailed, connected
from zabbix_toolkit.orphans import Kind, Orphans, chosen

Kinds = Annotated[list[Kind], Field(description="Which orphans; none chosen means all")]
LOCK = "zabbix-database:{database}"


@toolkit.operation(
    title="Clean orphans in the database",
    effect="destroy",
    dry_run=True,
    requires_approval=True,
    timeout=14_400,
    locks=[LOCK],
    concurrency=Concurrency(limit=1, scope="key", key="database"),
)
def clean_orphans(ctx: Context, database: Database, kinds: Kinds = []) -> views.Section:
    """Delete history, trends, events, problems and escalations of items and triggers that are gone.

    A dry run shows the statements, runs them in a transaction, and rolls it back. Deleting goes
    in batches that commit one by one, so that a run that is stopped keeps what it did.
    """
    with connected(ctx, database) as session:
        wanted = _there(session, kinds)
        if ctx.dry_run:
            return _tried(session, wanted)
        rows = [_cleaned(session, one) for _, one in ctx.progress(wanted, label="Cleaning")]
    total = sum(row["rows"] for row in rows)
    stat = views.Stat(value=total, label="rows deleted", state="ok")
    return views.Section(title="Cleaned", views=[stat, _table(rows, "deleted"), _statements(rows)])


def _there(session: Session, kinds: list[Kind]) -> list[Orphans]:
    found = [
        one for one in chosen(kinds)
        if session.value("SELECT to_regclass(%s)", one.table) is not None
    ]  # fmt: skip
    if not found:
        raise ToolkitError("this database has no tables of these kinds.", field="kinds")
    return found


def _tried(session: Session, wanted: list[Orphans]) -> views.Section:
    ctx, rows = session.ctx, []
    with session.rolled_back():
        for _, one in ctx.progress(wanted, label="Trying"):
            statement = one.delete()
            row: dict[str, Any] = {
                "orphans": one.name, "about": one.about, "statement": session.text(statement),
            }  # fmt: skip
            started = time.monotonic()
            session.run("SAVEPOINT one")
            try:
                row["rows"] = session.run(statement).rowcount
                row["why"] = ""
            except StatementFailed as error:
                row |= {"rows": None, "why": str(error)}
            session.run("ROLLBACK TO SAVEPOINT one")
            row["took"] = (time.monotonic() - started) * 1000
            rows.append(row)
            ctx.log.info("%s: %s", one.name, row["why"] or f"{row['rows']} rows, rolled back")
    total = sum(row["rows"] or 0 for row in rows)
    failed = any(row["why"] for row in rows)
    stat = views.Stat(
        value=total, label="rows would be deleted", state="warning" if failed else "ok",
        detail="tried in a transaction and rolled back",
    )  # fmt: skip
    return views.Section(
        title="What would be cleaned",
        views=[stat, _table(rows, "would be deleted"), _statements(rows)],
    )


def _cleaned(session: Session, one: Orphans) -> dict[str, Any]:
    ctx = session.ctx
    started = time.monotonic()
    with ctx.step("orphans", key=one.name) as step:
        if not step.done:
            step.value = _delete_by_item(session, one) if one.by_item else _delete(session, one)
    ctx.log.info("%s: %d rows deleted", one.name, step.value)
    return {
        "orphans": one.name,
        "about": one.about,
        "rows": step.value,
        "took": (time.monotonic() - started) * 1000,
        "statement": session.text(one.delete()),
    }


def _delete(session: Session, one: Orphans) -> int:
    size, total = session.ctx.settings.batch_rows, 0
    while True:
        gone = session.run(one.batch(), size).rowcount
        total += gone
        if gone < size:
            return total
        session.ctx.log.info("%s: %d rows so far", one.name, total)


def _delete_by_item(session: Session, one: Orphans) -> int:
    size, total = session.ctx.settings.batch_rows, 0
    for (itemid,) in session.rows(one.items()):
        while True:
            gone = session.run(one.batch_of_item(), itemid, itemid, size).rowcount
            total += gone
            if gone < size:
                break
    return total


def _table(rows: list[dict[str, Any]], word: str) -> views.Table:
    columns: list[Any] = [
        "orphans",
        "about",
        views.Column(key="rows", label=f"Rows {word}", type="number"),
        views.Column(key="took", type="duration_ms"),
    ]
    if any(row.get("why") for row in rows):
        columns.append("why")
    kept = ("orphans", "about", "rows", "took", "why")
    shown = [{key: row.get(key) for key in kept if key in row} for row in rows]
    return views.Table(columns=columns, rows=shown)


def _statements(rows: list[dict[str, Any]]) -> views.Code:
    lines = [f"-- {row['orphans']}\n{row['statement']};" for row in rows]
    return views.Code(code="\n".join(lines), language="sql")
