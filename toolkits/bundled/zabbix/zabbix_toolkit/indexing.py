"""Rebuild indexes of a Zabbix database: tried in a transaction, then beside the running server."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Annotated, Any

from psycopg import sql
from pydantic import Field
from toolkit_sdk import Concurrency, Context, ToolkitError, views

from zabbix_toolkit.app import toolkit
from zabbix_toolkit.cleaning import LOCK
from zabbix_toolkit.database import Database, Session, StatementFailed, connected
from zabbix_toolkit.hostrow import parts

_FIND = """
SELECT i.relname, t.relname, pg_relation_size(i.oid), x.indisvalid
FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid AND i.relkind = 'i'
JOIN pg_class t ON t.oid = x.indrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE n.nspname = current_schema() AND t.relname = ANY (%s)
ORDER BY pg_relation_size(i.oid) DESC, i.relname
"""
# What a rebuild that was cut off leaves behind.
_LEFT = "_ccnew"


@dataclass(frozen=True)
class Index:
    """An index with its size in bytes."""

    name: str
    table: str
    size: int
    valid: bool

    @property
    def left_behind(self) -> bool:
        """Whether it is what an earlier rebuild did not finish."""
        return not self.valid and _LEFT in self.name

    def rebuild(self, *, concurrently: bool) -> sql.Composed:
        """The statement that rebuilds it."""
        word = "CONCURRENTLY " if concurrently else ""
        return sql.SQL("REINDEX INDEX {}{}").format(sql.SQL(word), sql.Identifier(self.name))

    def drop(self) -> sql.Composed:
        """The statement that drops it."""
        return sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS {}").format(sql.Identifier(self.name))


@toolkit.operation(
    title="Rebuild indexes of the database",
    effect="change",
    dry_run=True,
    requires_approval=True,
    timeout=14_400,
    locks=[LOCK],
    concurrency=Concurrency(limit=1, scope="key", key="database"),
)
def rebuild_indexes(
    ctx: Context,
    database: Database,
    tables: Annotated[
        str,
        Field(min_length=1, max_length=4000, description="Tables parted by ;"),
    ] = "history; history_uint; history_str; history_text; history_log; trends; trends_uint; "
    "events; problem",
    concurrently: Annotated[
        bool, Field(description="Beside the running server; slower, and writing goes on")
    ] = True,
    at_least_mib: Annotated[
        int, Field(ge=0, le=1_000_000, title="At least MiB", description="Leave smaller ones out")
    ] = 0,
) -> views.Section:
    """Rebuild the indexes of tables that have grown.

    A dry run shows the statements, rebuilds in a transaction to see what is gained, and rolls it
    back; meanwhile those tables cannot be written to. The time limits of the settings hold.
    """
    with connected(ctx, database) as session:
        found = _indexes(session, parts(tables))
        wanted = [
            one for one in found if one.size >= at_least_mib << 20 and not one.left_behind
        ]
        if not wanted:
            raise ToolkitError("none of their indexes is that large.", field="tables")
        if ctx.dry_run:
            rows = _tried(session, wanted)
            for row, one in zip(rows, wanted, strict=True):
                # What the run itself would send, where the try went another way.
                row["statement"] = session.text(one.rebuild(concurrently=concurrently))
        else:
            rows = [_dropped(session, one) for one in found if one.left_behind]
            for _, one in ctx.progress(wanted, label="Rebuilding"):
                rows.append(_rebuilt(session, one, concurrently=concurrently))
    return _section(rows, dry_run=ctx.dry_run)


def _indexes(session: Session, tables: list[str]) -> list[Index]:
    found = [Index(*row) for row in session.rows(_FIND, tables)]
    missing = sorted(set(tables) - {one.table for one in found})
    unknown = [
        name for name in missing if session.value("SELECT to_regclass(%s)", name) is None
    ]  # fmt: skip
    if unknown and not found:
        raise ToolkitError(f"there is no table {', '.join(unknown)}.", field="tables")
    for name in unknown:
        session.ctx.log.warning("there is no table %s", name)
    return found


def _size(session: Session, one: Index) -> int:
    return int(session.value("SELECT pg_relation_size(to_regclass(quote_ident(%s)))", one.name))


def _tried(session: Session, wanted: list[Index]) -> list[dict[str, Any]]:
    rows = []
    with session.rolled_back():
        for _, one in session.ctx.progress(wanted, label="Trying"):
            session.run("SAVEPOINT one")
            rows.append(_done(session, one, concurrently=False))
            # Back at once: the locks of one index are not kept while the next is rebuilt.
            session.run("ROLLBACK TO SAVEPOINT one")
    return rows


def _rebuilt(session: Session, one: Index, *, concurrently: bool) -> dict[str, Any]:
    with session.ctx.step("index", key=one.name) as step:
        if not step.done:
            step.value = _done(session, one, concurrently=concurrently)
            if step.value["why"]:
                raise ToolkitError(f"{one.name}: {step.value['why']}")
    row: dict[str, Any] = step.value
    return row


def _done(session: Session, one: Index, *, concurrently: bool) -> dict[str, Any]:
    started, why, after = time.monotonic(), "", None
    statement = one.rebuild(concurrently=concurrently)
    try:
        session.run(statement)
        after = _size(session, one)
    except StatementFailed as error:
        why = str(error)
    took = (time.monotonic() - started) * 1000
    session.ctx.log.info("%s: %s", one.name, why or f"{one.size} bytes, then {after}")
    return {
        "index": one.name, "table": one.table, "before": one.size, "after": after, "took": took,
        "why": why, "statement": session.text(statement),
    }  # fmt: skip


def _dropped(session: Session, one: Index) -> dict[str, Any]:
    started = time.monotonic()
    session.run(one.drop())
    session.ctx.log.info("%s, left by an earlier rebuild: dropped", one.name)
    return {
        "index": one.name, "table": one.table, "before": one.size, "after": 0,
        "took": (time.monotonic() - started) * 1000, "why": "left by an earlier rebuild: dropped",
        "statement": session.text(one.drop()),
    }  # fmt: skip


def _section(rows: list[dict[str, Any]], *, dry_run: bool) -> views.Section:
    gained = sum(row["before"] - row["after"] for row in rows if row["after"] is not None)
    label = "MiB would be gained" if dry_run else "MiB gained"
    detail = "rebuilt in a transaction and rolled back" if dry_run else ""
    stat = views.Stat(value=round(gained / (1 << 20), 1), label=label, state="ok", detail=detail)
    table = views.Table(
        columns=[
            "index", "table", views.Column(key="before", type="bytes"),
            views.Column(key="after", type="bytes"), views.Column(key="took", type="duration_ms"),
            "why",
        ],
        rows=[{key: value for key, value in row.items() if key != "statement"} for row in rows],
    )  # fmt: skip
    code = views.Code(code="\n".join(f"{row['statement']};" for row in rows), language="sql")
    return views.Section(title="Indexes", views=[stat, table, code])
