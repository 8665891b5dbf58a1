"""The answer to a request for a pack."""

from __future__ import annotations

from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone

from toolkits.evidence.pack import stream
from toolkits.evidence.selection import select


def download(user: Any, **chosen: Any) -> StreamingHttpResponse:
    """Choose, record, and send the pack while it is made. Raises ``NothingChosen``."""
    selection = select(user, **chosen)
    response = StreamingHttpResponse(stream(selection, user), content_type="application/zip")
    name = f"evidence-{timezone.now():%Y%m%d-%H%M%S}.zip"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response
