"""A job as it happens: server-sent events.

``log`` events carry lines and the cursor as their id, so that a client that comes back with
``Last-Event-ID`` misses nothing and gets nothing twice. ``state`` and ``progress`` tell the
present, whenever it changes and at the start. ``done`` is the last one.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import renderers
from rest_framework.request import Request
from rest_framework.utils.encoders import JSONEncoder

from toolbox.api.slots import Slot, Slots
from toolbox.api.views import ApiView
from toolkits.api import standing
from toolkits.api.finding import job_of
from toolkits.api.jobs.logs import line_json
from toolkits.api.jobs.serializers import job_json, progress_json
from toolkits.jobs import logs
from toolkits.jobs.waiting import Bell
from toolkits.models import Job

streams = Slots("event streams")
#: Set when the process is asked to stop: open streams end, and their clients come again.
closing = threading.Event()

# The worker rings a bell when there is something new; where a ring was lost, this finds it.
_POLL_SECONDS = 1.0
# A flood of rings is answered with batches.
_SHORTEST_SECONDS = 0.1
_CHECK_SECONDS = 3.0
_BEAT_SECONDS = 10.0
_MOST_LINES = 500
_STATE = (
    "id", "state", "reason", "attempt", "worker", "started_at", "finished_at",
    "cancel_requested_at",
)  # fmt: skip
_COLUMNS = (*_STATE, "progress_done", "progress_total", "progress_label", "log_lines")


#: What one event of the stream is.
_EVENT = {
    "type": "object",
    "description": "One event of the stream; `data` is JSON.",
    "properties": {
        "event": {"type": "string", "enum": ["state", "progress", "log", "done"]},
        "data": {"type": "string", "contentMediaType": "application/json"},
        "id": {"type": "string", "description": "Cursor of a `log` event, for Last-Event-ID."},
    },
    "required": ["event", "data"],
}


class EventStreamRenderer(renderers.BaseRenderer):
    """Names the media type for the negotiation; the view makes the stream itself."""

    media_type = "text/event-stream"
    format = "events"
    charset = "utf-8"

    def render(self, data: Any, media_type: Any = None, renderer_context: Any = None) -> Any:
        return renderers.JSONRenderer().render(data)


class EventsView(ApiView):
    """The events of a job."""

    renderer_classes = (EventStreamRenderer, renderers.JSONRenderer)

    @extend_schema(
        operation_id="jobs_events",
        parameters=[
            OpenApiParameter(
                "Last-Event-ID",
                {"type": "integer", "minimum": 0},
                OpenApiParameter.HEADER,
                description="The last id that you received: the stream goes on after it.",
            ),
        ],
        responses={(200, "text/event-stream"): _EVENT, 204: None},
    )
    def get(self, request: Request, job_id: UUID) -> HttpResponseBase:
        """Follow a job: events `log`, `state`, `progress`, and `done` at the end.

        204 says that the job has ended and that all of its log was received.
        """
        job = job_of(request, job_id)
        given = request.headers.get("Last-Event-ID", "")
        after = int(given) if given.isascii() and given.isdigit() and len(given) < 18 else 0
        if given and job.is_finished and after >= job.log_lines:
            return HttpResponse(status=204)
        slot = streams.take(settings.API_STREAMS_MAX)
        stream = EventStream(job.pk, after, lambda: standing.still_sees(request, job_id), slot)
        response = StreamingHttpResponse(stream, content_type="text/event-stream; charset=utf-8")
        response["Cache-Control"] = "no-store"
        response["X-Accel-Buffering"] = "no"
        return response


class EventStream:
    """Yields the events of one job as bytes. ``close`` gives its slot back, started or not."""

    def __init__(self, job_id: UUID, after: int, allowed: Callable[[], bool], slot: Slot) -> None:
        self.job_id, self.after, self.allowed, self.slot = job_id, after, allowed, slot
        self.bell = Bell(job_id)
        self._events = self._run()

    def __iter__(self) -> Iterator[bytes]:
        return self._events

    def close(self) -> None:
        """End the stream. The server calls it, also when the client has gone."""
        self._events.close()
        self.bell.close()
        self.slot.free()

    def _run(self) -> Generator[bytes, None, None]:
        yield b"retry: 2000\n\n"
        started = checked = beat = time.monotonic()
        shown: tuple[Any, Any] = (None, None)
        while True:
            now = time.monotonic()
            if closing.is_set() or now - started > settings.API_STREAM_SECONDS:
                return
            if now - checked > _CHECK_SECONDS:
                if not self.allowed():
                    return
                checked = now
            job = Job.objects.only(*_COLUMNS).filter(pk=self.job_id).first()
            if job is None:
                return
            news, shown = self._news(job, shown)
            if news:
                beat = now
                yield b"".join(news)
            if job.is_finished and self.after >= job.log_lines:
                yield self._event("done", {"state": job.state})
                return
            if self.after < job.log_lines:
                continue
            if now - beat > _BEAT_SECONDS:
                beat = now
                yield b": still here\n\n"
            closing.wait(_SHORTEST_SECONDS)
            self.bell.wait(_POLL_SECONDS, closing)

    def _news(self, job: Job, shown: tuple[Any, Any]) -> tuple[list[bytes], tuple[Any, Any]]:
        news = []
        state, progress = job_json(job, (*_STATE, "duration_seconds")), progress_json(job)
        if state != shown[0]:
            news.append(self._event("state", state))
        if progress != shown[1] and progress is not None:
            news.append(self._event("progress", progress))
        if self.after < job.log_lines:
            page = logs.read(job, self.after, _MOST_LINES)
            # Where lines are missing, the cursor must still come to the end.
            self.after = page.next_after if page.lines else job.log_lines
            lines = {"lines": [line_json(line) for line in page.lines]}
            news.append(self._event("log", lines, with_id=True))
        return news, (state, progress)

    def _event(self, name: str, data: Any, *, with_id: bool = False) -> bytes:
        text = json.dumps(data, cls=JSONEncoder, ensure_ascii=False, separators=(",", ":"))
        number = f"id: {self.after}\n" if with_id else ""
        return f"event: {name}\n{number}data: {text}\n\n".encode("utf-8", "replace")


__all__ = ["EventStream", "EventsView", "closing", "streams"]
