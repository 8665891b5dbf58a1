"""The answer to a request for an export."""

from __future__ import annotations

from typing import Any

from django.http import StreamingHttpResponse

from audit import export, reading
from audit.filters import Filters


def download(user: Any, filters: Filters, format: str) -> StreamingHttpResponse:
    """Record the export and stream it."""
    events = reading.export(user, filters, format)
    response = StreamingHttpResponse(
        export.chunks(events, format), content_type=export.FORMATS[format]
    )
    response["Content-Disposition"] = f'attachment; filename="audit.{format}"'
    response["Cache-Control"] = "no-store"
    return response
