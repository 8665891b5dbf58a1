"""The log of a job: as pages of lines by a cursor, or as a text to keep."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import renderers, serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from toolbox.api import paging
from toolbox.api.parameters import only_known
from toolbox.api.views import ApiView
from toolbox.events import emit
from toolkits.api.finding import job_of
from toolkits.jobs import logs
from toolkits.jobs.logs import LEVELS, LogLine, LogPage
from toolkits.models import Job

_MOST_LINES = 5000
_CHUNK = 1000
_LARGEST_CURSOR = 1 << 53
#: Escape sequences and control characters: a terminal that shows the text obeys none of them.
_CONTROLS = re.compile(
    r"\x1b(?:\][^\x07\x1b]*(?:\x07|\x1b\\)?|\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)


class LogLineSerializer(serializers.Serializer[Any]):
    """One line."""

    number = serializers.IntegerField(help_text="Counts from 1 over all attempts.")
    time = serializers.DateTimeField()
    level = serializers.ChoiceField(choices=LEVELS)
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    text = serializers.CharField(allow_blank=True, help_text="Raw: it may hold control codes.")


class LogPageSerializer(serializers.Serializer[Any]):
    """Lines after the cursor."""

    lines = LogLineSerializer(many=True)
    next_after = serializers.IntegerField(help_text="The cursor for what follows.")
    done = serializers.BooleanField(help_text="Nothing will follow any more.")


class PlainTextRenderer(renderers.BaseRenderer):
    """Names ``text/plain`` for the negotiation; the view makes the text itself."""

    media_type = "text/plain"
    format = "txt"
    charset = "utf-8"

    def render(self, data: Any, media_type: Any = None, renderer_context: Any = None) -> Any:
        return renderers.JSONRenderer().render(data)


@dataclass(frozen=True)
class Filter:
    """Which lines are wanted: of a level or graver, and with a text in them."""

    level: str = "DEBUG"
    search: str = ""

    def read(self, job: Job, after: int, limit: int) -> LogPage:
        levels = LEVELS[LEVELS.index(self.level) :] if self.level != LEVELS[0] else ()
        return logs.read(job, after, limit, levels=levels, search=self.search)


def line_json(line: LogLine) -> dict[str, Any]:
    """A line, as every answer gives it."""
    return {
        "number": line.number,
        "time": _moment(line),
        "level": line.level,
        "source": line.source,
        "text": line.text,
    }


def _moment(line: LogLine) -> str:
    try:
        moment = datetime.fromtimestamp(line.time, UTC)
    except (OverflowError, OSError, ValueError):
        moment = datetime.fromtimestamp(0, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class LogsView(ApiView):
    """The log of a job."""

    renderer_classes = (renderers.JSONRenderer, PlainTextRenderer)

    @extend_schema(
        operation_id="jobs_logs",
        parameters=[
            OpenApiParameter(
                "after",
                {"type": "integer", "minimum": 0, "maximum": _LARGEST_CURSOR, "default": 0},
                description="Cursor: lines that you have already.",
            ),
            OpenApiParameter(
                "limit",
                {"type": "integer", "minimum": 1, "maximum": _MOST_LINES, "default": _CHUNK},
            ),
            OpenApiParameter("level", str, enum=LEVELS, description="This level or graver."),
            OpenApiParameter("search", str, description="Text in the line, in any case."),
            OpenApiParameter(
                "format", str, enum=["json", "txt"], description="`txt`: the whole log as text."
            ),
        ],
        responses={
            (200, "application/json"): LogPageSerializer,
            (200, "text/plain"): OpenApiTypes.STR,
        },
    )
    def get(self, request: Request, job_id: UUID) -> HttpResponseBase:
        """Read lines after a cursor, or all of them as text (`Accept: text/plain`)."""
        only_known(request, {"after", "limit", "level", "search", "format"})
        job = job_of(request, job_id)
        wanted = _filter(request)
        after = paging.whole_number(request, "after", 0, 0, _LARGEST_CURSOR)
        limit = paging.whole_number(request, "limit", _CHUNK, 1, _MOST_LINES)
        if isinstance(request.accepted_renderer, PlainTextRenderer):
            emit("job.log_read", actor=request.user, target=job)
            return _download(job, after, wanted)
        return Response(_page(job, after, limit, wanted))


def _filter(request: Request) -> Filter:
    level = request.query_params.get("level", "DEBUG")
    if level not in LEVELS:
        raise ValidationError({"level": f"must be one of {', '.join(LEVELS)}"})
    return Filter(level, request.query_params.get("search", ""))


def _page(job: Job, after: int, limit: int, wanted: Filter) -> dict[str, Any]:
    page = wanted.read(job, after, limit)
    lines = [line_json(line) for line in page.lines]
    return {"lines": lines, "next_after": page.next_after, "done": page.done}


def _download(job: Job, after: int, wanted: Filter) -> StreamingHttpResponse:
    response = StreamingHttpResponse(
        _text(job, after, wanted), content_type="text/plain; charset=utf-8"
    )
    name = f"{job.toolkit_slug}-{job.operation}-{job.pk}.log"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _text(job: Job, after: int, wanted: Filter) -> Iterator[bytes]:
    while True:
        page = wanted.read(job, after, _CHUNK)
        if page.lines:
            yield "".join(map(plain, page.lines)).encode("utf-8", "replace")
        if page.done or page.next_after == after:
            return
        after = page.next_after


def plain(line: LogLine) -> str:
    """A line of the text."""
    text = _CONTROLS.sub("", line.text)
    source = f" {_CONTROLS.sub('', line.source)}:" if line.source else ""
    return f"{_moment(line)} {line.level:<8}{source} {text}\n"
