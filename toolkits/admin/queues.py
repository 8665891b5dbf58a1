"""Queues, workers and the scheduler, and the figures of the admin's first page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from redis.exceptions import RedisError

from toolbox.admin.paging import MOST_COUNTED
from toolbox.admin.registry import AdminPage, Glance, register_glances, register_page, register_part
from toolbox.ids import uuid7_floor
from toolkits.access import visible_jobs, visible_toolkits
from toolkits.jobs import overview
from toolkits.jobs.states import ACTIVE, JobState
from toolkits.models import Job
from toolkits.templatetags import toolbox_ui as ui

_ALL_JOBS = "toolkits.view_all_jobs"


def _allowed(user: Any) -> bool:
    return bool(user.has_perm(_ALL_JOBS))


def queues(request: HttpRequest) -> HttpResponse:
    """The state of every queue and worker, as it is now."""
    context: dict[str, Any] = {"lease": overview.lease(), "unreachable": ""}
    try:
        workers = overview.workers()
        context |= {"workers": workers, "queues": overview.queues(workers)}
    except RedisError as error:
        context |= {"workers": [], "queues": [], "unreachable": type(error).__name__}
    context |= {**admin.site.each_context(request), "title": _("Queues and workers")}
    return TemplateResponse(request, "admin/queues.html", context)


register_page(
    AdminPage(
        name="queues",
        path="queues/",
        view=queues,
        title=gettext_lazy("Queues and workers"),
        hint=gettext_lazy("What waits, who works on what, and which scheduler acts"),
        icon="stack-2",
        section="toolkits",
        order=40,
        allowed=_allowed,
    )
)


def glances(request: HttpRequest) -> Iterator[Glance]:
    """Figures about toolkits and jobs for the first page."""
    toolkits = visible_toolkits(request.user).order_by().aggregate(
        all=Count("pk"), on=Count("pk", filter=Q(enabled=True))
    )
    yield Glance(
        gettext_lazy("Toolkits"),
        ui.number(toolkits["on"]),
        _("%(off)s disabled") % {"off": toolkits["all"] - toolkits["on"]},
        reverse("admin:toolkits_toolkit_changelist"),
    )
    jobs = visible_jobs(request.user).order_by()
    day = jobs.filter(pk__gte=uuid7_floor(timezone.now() - timedelta(days=1)))
    open_states = [JobState.QUEUED, JobState.AWAITING_APPROVAL, *ACTIVE]
    unfinished = jobs.filter(state__in=open_states).aggregate(
        waiting=Count("pk", filter=Q(state=JobState.AWAITING_APPROVAL)),
        running=Count("pk", filter=Q(state__in=ACTIVE)),
        queued=Count("pk", filter=Q(state=JobState.QUEUED)),
    )
    listing = reverse("admin:toolkits_job_changelist")
    yield Glance(
        gettext_lazy("Running jobs"),
        ui.number(unfinished["running"]),
        _("%(n)s waiting") % {"n": ui.number(unfinished["queued"])},
        f"{listing}?state__exact=running",
    )
    bad = day.filter(state__in=[JobState.FAILED, JobState.TIMED_OUT, JobState.LOST])
    failed = bad[:MOST_COUNTED].count()
    yield Glance(
        gettext_lazy("Failed in 24 hours"),
        ui.number(failed),
        _("failed, timed out or lost"),
        f"{listing}?state__exact=failed&age=day",
        tone="critical" if failed else "ok",
    )
    if waiting := unfinished["waiting"]:
        label, url = gettext_lazy("Awaiting approval"), f"{listing}?state__exact=awaiting_approval"
        yield Glance(label, ui.number(waiting), _("a second person decides"), url, "warning")
    if _allowed(request.user):
        yield _workers_glance()


def _workers_glance() -> Glance:
    url = reverse("admin:queues")
    try:
        alive = [worker for worker in overview.workers() if not worker.silent]
    except RedisError:
        note = _("the queue is not reachable")
        return Glance(gettext_lazy("Workers"), "–", note, url, "critical")
    busy = sum(worker.state == "busy" for worker in alive)
    note = _("%(n)s busy") % {"n": busy} if alive else _("nothing runs until one is started")
    return Glance(
        gettext_lazy("Workers"), str(len(alive)), note, url, "ok" if alive else "critical"
    )


register_glances(glances)


def _support() -> dict[str, Any]:
    lease = overview.lease()
    found: dict[str, Any] = {
        "scheduler": {"holder": lease.holder, "held": lease.held} if lease else None,
        "jobs": dict(Job.objects.order_by().values_list("state").annotate(count=Count("pk"))),
    }
    try:
        workers = overview.workers()
        found["workers"] = [vars(worker) for worker in workers]
        found["queues"] = [vars(queue) for queue in overview.queues(workers)]
    except RedisError as error:
        found["unreachable"] = type(error).__name__
    return found


register_part("queues", _support)
