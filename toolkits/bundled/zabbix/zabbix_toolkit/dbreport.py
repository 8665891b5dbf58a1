"""What a Zabbix database holds, read in a transaction that cannot write."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from toolkit_sdk import Context, views

from zabbix_toolkit.app import toolkit
from zabbix_toolkit.database import Database, Session, StatementFailed, connected, version_of
from zabbix_toolkit.orphans import KINDS, chosen

_TABLES = """
SELECT c.relname, pg_total_relation_size(c.oid), pg_indexes_size(c.oid),
       greatest(c.reltuples, 0)::bigint, coalesce(s.n_dead_tup, 0),
       extract(epoch FROM greatest(s.last_vacuum, s.last_autovacuum))
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')
ORDER BY pg_total_relation_size(c.oid) DESC, c.relname LIMIT %s
"""


@toolkit.operation(title="Look at the database", timeout=3600, idempotent=True)
def database_report(
    ctx: Context,
    database: Database,
    count_orphans: Annotated[
        bool, Field(description="Count them, too; it reads all of history and may take long")
    ] = False,
    most: Annotated[int, Field(ge=5, le=300, description="How many tables to show")] = 25,
) -> views.Section:
    """Show the version, the largest tables, what vacuum has left, and orphans where asked for."""
    with connected(ctx, database) as session:
        session.run("SET default_transaction_read_only = on")
        facts = {
            "Zabbix": version_of(int(session.value("SELECT max(mandatory) FROM dbversion"))),
            "PostgreSQL": session.value("SHOW server_version"),
            "size": session.value("SELECT pg_size_pretty(pg_database_size(current_database()))"),
            "hosts": session.value("SELECT count(*) FROM hosts WHERE status IN (0, 1)"),
            "items": session.value("SELECT count(*) FROM items"),
        }
        shown: list[views.View] = [views.KeyValue(items=facts), _tables(session, most)]
        if count_orphans:
            shown.append(_orphans(session))
    return views.Section(title=database.name, views=shown)


def _tables(session: Session, most: int) -> views.Table:
    rows = [
        {
            "table": name, "size": size, "indexes": indexes, "rows": rows, "dead": dead,
            "vacuumed": float(vacuumed) if vacuumed is not None else None,
        }
        for name, size, indexes, rows, dead, vacuumed in session.rows(_TABLES, most)
    ]  # fmt: skip
    return views.Table(
        title="Largest tables",
        columns=[
            "table", views.Column(key="size", type="bytes"),
            views.Column(key="indexes", type="bytes"),
            views.Column(key="rows", label="Rows, about", type="number"),
            views.Column(key="dead", label="Dead rows", type="number"),
            views.Column(key="vacuumed", type="datetime"),
        ],
        rows=rows,
    )  # fmt: skip


def _orphans(session: Session) -> views.Table:
    rows = []
    for _, one in session.ctx.progress(chosen(list(KINDS)), label="Counting"):
        if session.value("SELECT to_regclass(%s)", one.table) is None:
            continue
        row = {"orphans": one.name, "about": one.about, "rows": None, "why": ""}
        try:
            row["rows"] = session.value(one.count())
        except StatementFailed as error:
            row["why"] = str(error)
        rows.append(row)
    return views.Table(
        title="Orphans",
        columns=["orphans", "about", views.Column(key="rows", type="number"), "why"],
        rows=rows,
    )
