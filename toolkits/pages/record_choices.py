"""Records of a collection as the choices of a field: all of a few, a search through many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from toolkits.models import Record, Toolkit
from toolkits.pages.choices import label_of
from toolkits.pages.collections import Collection
from toolkits.pages.fields import Choices

#: With more records than this, a field has a search.
FEW = 100
_FOUND = 50


def of(toolkit: Toolkit) -> Callable[[str, Sequence[str]], tuple[Choices, bool]]:
    """Return what gives the choices of a collection, and whether there are more."""

    def records(collection: str, chosen: Sequence[str]) -> tuple[Choices, bool]:
        return found(toolkit, collection, chosen, most=FEW)

    return records


def found(
    toolkit: Toolkit, name: str, chosen: Sequence[str], query: str = "", most: int = _FOUND
) -> tuple[Choices, bool]:
    """Return the records that hold ``query``, after those that are chosen already."""
    described = toolkit.collection(name)
    if described is None:
        return [], False
    collection = Collection(toolkit, described)
    wanted = _ids(chosen)
    rows = collection.search(query) if query else collection.all()
    matching = list(rows.order_by("id")[: most + 1])
    shown = {record.pk: record for record in matching[:most]}
    missing = [pk for pk in wanted if pk not in shown]
    kept = list(collection.all().filter(pk__in=missing)) if missing else []
    listed: list[Record] = [*kept, *shown.values()]
    return [
        (str(record.pk), label_of(record.data, collection.secret) or str(record.pk))
        for record in listed
    ], len(matching) > most


def _ids(chosen: Sequence[str]) -> list[UUID]:
    wanted = []
    for text in list(chosen)[:200]:
        try:
            wanted.append(UUID(str(text)))
        except ValueError:
            continue
    return wanted
