"""Records of a collection as the choices of a field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from toolkits.models import Record, Toolkit
from toolkits.pages.fields import Choices

MOST = 500
_NAMES = ("name", "title", "label", "hostname", "host", "id")


def of(toolkit: Toolkit) -> Callable[[str], Choices]:
    """Return what gives the choices of a collection of ``toolkit``."""

    def records(collection: str) -> Choices:
        described = toolkit.collection(collection) or {}
        secret = set(described.get("secret_fields", []))
        found = Record.objects.filter(toolkit=toolkit, collection=collection)
        rows = found.order_by("id").values_list("pk", "data")[:MOST]
        return [(str(pk), label_of(data, secret) or str(pk)) for pk, data in rows]

    return records


def label_of(data: dict[str, Any], secret: set[str]) -> str:
    """Return what a record is called: its name or the like, else its first text."""
    open_data = {key: value for key, value in data.items() if key not in secret}
    texts = [str(open_data[key]) for key in _NAMES if open_data.get(key)]
    texts += [value for value in open_data.values() if isinstance(value, str) and value]
    return texts[0][:120] if texts else ""
