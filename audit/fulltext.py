"""Full-text search over events: an index of PostgreSQL, a plain scan on SQLite."""

from __future__ import annotations

import re
from functools import reduce
from operator import and_, or_

from django.db import connection
from django.db.models import BooleanField, Q, QuerySet, TextField
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast

from audit.models import Event

_TEXTS = (
    "name", "actor_label", "behalf_label", "target_label", "target_id", "address", "user_agent",
    "request_id",
)  # fmt: skip
_DATA = ("changes", "details")
_MOST_WORDS = 8

# What stands between the parts of names, paths and addresses, which count as words of their own.
_BETWEEN = "./_@:-\"{}[],\\"
_LONGEST = 100_000

#: The expression of the index and of the search: PostgreSQL uses the one for the other only
#: when both are the same. What is longer than an index may hold is cut off.
POSTGRESQL_VECTOR = (
    "to_tsvector('simple'::regconfig, \"left\"(translate("
    + " || ' ' || ".join(
        [f'"audit_event"."{name}"' for name in _TEXTS]
        + [f'"audit_event"."{name}"::text' for name in _DATA]
    )
    + f", '{_BETWEEN}', '{' ' * len(_BETWEEN)}'), {_LONGEST}))"
)


def matching(events: QuerySet[Event], text: str) -> QuerySet[Event]:
    """Return the events that hold every word of ``text``, the last part of it as a start.

    On SQLite a word may stand anywhere.
    """
    if connection.vendor != "postgresql":
        return _scan(events, text.split()[:_MOST_WORDS])
    query = _tsquery(text)
    if not query:
        return events
    # Both are constants of this module; the words of the reader are a parameter.
    found = RawSQL(f"({POSTGRESQL_VECTOR}) @@ %s::tsquery", [query], BooleanField())  # noqa: S611
    return events.alias(found=found).filter(found=True)


def _scan(events: QuerySet[Event], words: list[str]) -> QuerySet[Event]:
    if not words:
        return events
    events = events.alias(**{f"{name}_text": Cast(name, TextField()) for name in _DATA})
    return events.filter(reduce(and_, map(_anywhere, words)))


def _anywhere(word: str) -> Q:
    fields = [*_TEXTS, *(f"{name}_text" for name in _DATA)]
    return reduce(or_, (Q(**{f"{field}__icontains": word}) for field in fields))


def _tsquery(text: str) -> str:
    """Words that follow each other without a blank must do so in the event too."""
    chunks = [re.findall(r"[^\W_]+", chunk) for chunk in text.lower().split()[:_MOST_WORDS]]
    phrases = [" <-> ".join(f"'{part}'" for part in parts) for parts in chunks if parts]
    return " & ".join(f"({phrase}:*)" for phrase in phrases)
