"""All records of a collection as one text, without their secrets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import StreamingHttpResponse

from toolbox.events import emit
from toolkits import tabular
from toolkits.models import Record, Toolkit
from toolkits.schemas import properties

_BATCH = 500
FORMATS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


def download(
    toolkit: Toolkit, described: dict[str, Any], form: str, user: Any
) -> StreamingHttpResponse:
    """Answer with the collection that ``described`` describes, in one of ``FORMATS``."""
    collection = described["name"]
    found = Record.objects.filter(toolkit=toolkit, collection=collection).order_by("id")
    emit(
        "record.exported",
        actor=user,
        target=toolkit,
        toolkit=toolkit.slug,
        collection=collection,
        format=form,
        rows=found.count(),
    )
    hidden = set(described.get("secret_fields", []))
    names = [name for name in properties(described["schema"]) if name not in hidden]

    def rows() -> Iterator[dict[str, Any]]:
        for data in found.values_list("data", flat=True).iterator(_BATCH):
            yield {name: data[name] for name in names if name in data}

    text = tabular.csv_lines(rows(), names) if form == "csv" else tabular.json_lines(rows())
    response = StreamingHttpResponse(text, content_type=FORMATS[form])
    name = f"{toolkit.slug}-{collection}.{form}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
