"""The statements of the chain that the ORM has no words for, or not fast ones.

Verification reads a million rows and sealing reads every row there will ever be, so both take
them as the database gives them: ids and times as text, JSON parsed once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.db import connection

from audit.canonical import FIELDS

#: What ``read`` returns of a row: the canonical fields, then these.
PLACE = ("proof", "sequence", "hash")
#: Where in a row its own number, hash and proof are.
PROOF, SEQUENCE, HASH = len(FIELDS), len(FIELDS) + 1, len(FIELDS) + 2

Row = tuple[Any, ...]
Seal = tuple[str, int, str]

_CHANGES, _DETAILS = FIELDS.index("changes"), FIELDS.index("details")
# As a column, SQLite's driver would make a datetime of it.
_SQLITE = {"time": "CAST(time AS text)"}
_POSTGRESQL = {
    "id": "id::text",
    "time": """to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""",
    "changes": "changes::text",
    "details": "details::text",
}
UNSEALED = "sequence IS NULL ORDER BY id LIMIT %s"
SEALED = "sequence > %s AND sequence <= %s ORDER BY sequence LIMIT %s"


def read(condition: str, params: Sequence[Any]) -> list[Row]:
    """Return the rows that ``condition`` names, one of the texts of this module."""
    postgresql = connection.vendor == "postgresql"
    written = _POSTGRESQL if postgresql else _SQLITE
    names = [written.get(name, name) for name in (*FIELDS, *PLACE)]
    # Constants of this module; what a caller gives is a parameter.
    sql = f"SELECT {', '.join(names)} FROM audit_event WHERE {condition}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows = cursor.fetchall()
    return list(map(_parsed if postgresql else _from_sqlite, rows))


def _parsed(row: Row) -> Row:
    changes, details = row[_CHANGES], row[_DETAILS]
    if changes == details == "{}":
        return (*row[:_CHANGES], {}, {}, *row[_DETAILS + 1 :])
    return (*row[:_CHANGES], json.loads(changes), json.loads(details), *row[_DETAILS + 1 :])


def _from_sqlite(row: Row) -> Row:
    key, time = row[0], row[1].replace(" ", "T")
    dashed = f"{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:]}"
    fraction = "" if "." in time else "."
    return _parsed((dashed, f"{time}{fraction}".ljust(26, "0") + "Z", *row[2:]))


def write_seals(seals: Sequence[Seal]) -> None:
    """Give events their numbers and hashes."""
    if not seals:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            ids, sequences, hashes = zip(*seals, strict=True)
            cursor.execute(
                "UPDATE audit_event SET sequence = seal.sequence, hash = seal.hash"
                " FROM unnest(%s::uuid[], %s::bigint[], %s::text[]) AS seal(id, sequence, hash)"
                " WHERE audit_event.id = seal.id",
                [list(ids), list(sequences), list(hashes)],
            )
            return
        cursor.executemany(
            "UPDATE audit_event SET sequence = %s, hash = %s WHERE id = %s",
            [(sequence, value, event.replace("-", "")) for event, sequence, value in seals],
        )
