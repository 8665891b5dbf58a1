"""Rows of a Zabbix database that belong to nothing any more, where no foreign key removes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from psycopg import sql

Kind = Literal["history", "trends", "events", "problems", "escalations"]
KINDS: tuple[Kind, ...] = ("history", "trends", "events", "problems", "escalations")

_NO_ITEM = "NOT EXISTS (SELECT 1 FROM items WHERE items.itemid = {table}.{column})"
_NO_TRIGGER = "NOT EXISTS (SELECT 1 FROM triggers WHERE triggers.triggerid = {table}.{column})"


@dataclass(frozen=True)
class Orphans:
    """Rows of one table that are orphans by one condition."""

    kind: Kind
    name: str
    table: str
    about: str
    condition: str
    column: str
    #: Whether the rows of one item lie together in an index, so that items can be gone through.
    by_item: bool = False

    def where(self) -> sql.Composed:
        """The condition."""
        names = {"table": sql.Identifier(self.table), "column": sql.Identifier(self.column)}
        return sql.SQL(self.condition).format(**names)

    def delete(self) -> sql.Composed:
        """The statement that deletes all of them."""
        return sql.SQL("DELETE FROM {} WHERE {}").format(sql.Identifier(self.table), self.where())

    def count(self) -> sql.Composed:
        """The statement that counts them."""
        return sql.SQL("SELECT count(*) FROM {} WHERE {}").format(
            sql.Identifier(self.table), self.where()
        )

    def batch(self) -> sql.Composed:
        """Delete at most ``%s`` of them.

        The condition stands in it twice: a position names a row of one table only, and a table
        may have parts.
        """
        return sql.SQL(
            "DELETE FROM {table} WHERE ctid = ANY (ARRAY("
            "SELECT ctid FROM {table} WHERE {where} LIMIT %s)) AND {where}"
        ).format(table=sql.Identifier(self.table), where=self.where())

    def items(self) -> sql.Composed:
        """The items that are gone and still have rows, found along the index."""
        return sql.SQL(
            "WITH RECURSIVE found AS ("
            "(SELECT itemid FROM {table} ORDER BY itemid LIMIT 1) UNION ALL SELECT ("
            "SELECT itemid FROM {table} WHERE itemid > found.itemid ORDER BY itemid LIMIT 1) "
            "FROM found WHERE found.itemid IS NOT NULL) "
            "SELECT itemid FROM found WHERE itemid IS NOT NULL AND "
            "NOT EXISTS (SELECT 1 FROM items WHERE items.itemid = found.itemid)"
        ).format(table=sql.Identifier(self.table))

    def batch_of_item(self) -> sql.Composed:
        """Delete at most ``%s`` rows of the item ``%s``, which is gone."""
        return sql.SQL(
            "DELETE FROM {table} WHERE itemid = %s AND ctid = ANY (ARRAY("
            "SELECT ctid FROM {table} WHERE itemid = %s LIMIT %s)) AND {where}"
        ).format(table=sql.Identifier(self.table), where=self.where())


def _values(kind: Kind, table: str) -> Orphans:
    return Orphans(
        kind, table, table, "values of items that are gone", _NO_ITEM, "itemid", by_item=True
    )


def _of(kind: Kind, name: str, table: str, about: str, sources: str, missing: str) -> Orphans:
    return Orphans(kind, name, table, about, f"{sources} AND {missing}", "objectid")


_ENDS = ("", "_uint", "_str", "_text", "_log", "_bin")

#: Everything that is looked for. Tables that a version does not have are left out.
EVERY = (
    *(_values("history", f"history{end}") for end in _ENDS),
    *(_values("trends", f"trends{end}") for end in ("", "_uint")),
    _of("problems", "problems of triggers", "problem", "problems of triggers that are gone",
        "source IN (0, 3) AND object = 0", _NO_TRIGGER),
    _of("problems", "problems of items", "problem", "internal problems of items that are gone",
        "source = 3 AND object IN (4, 5)", _NO_ITEM),
    _of("events", "events of triggers", "events", "events of triggers that are gone",
        "source IN (0, 3) AND object = 0", _NO_TRIGGER),
    _of("events", "events of items", "events", "internal events of items that are gone",
        "source = 3 AND object IN (4, 5)", _NO_ITEM),
    Orphans("escalations", "escalations", "escalations", "escalations of triggers that are gone",
            f"{{column}} IS NOT NULL AND {_NO_TRIGGER}", "triggerid"),
)  # fmt: skip


def chosen(kinds: list[Kind]) -> list[Orphans]:
    """Those of the kinds; all of them where none is named."""
    return [one for one in EVERY if not kinds or one.kind in kinds]
