"""A schedule's form: its times and the inputs of its operation; new, or to be changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from django.contrib import messages
from django.contrib.auth.models import Group
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import TOOLKIT_USER
from toolbox.problems import Problem
from toolkits import access
from toolkits.errors import FieldError, InputError
from toolkits.jobs import job_secrets
from toolkits.models import MissedPolicy, OverlapPolicy, Schedule, Toolkit
from toolkits.pages import fields, forms, record_choices
from toolkits.pages.guards import PageRequest, is_partial, page, refuse_unless
from toolkits.pages.schedule_form import ScheduleForm, initial
from toolkits.pages.views.run import find_operation, unconfirmed
from toolkits.pages.views.schedules import find_schedule, row
from toolkits.schedules import service, timing
from toolkits.schemas import marked, secret_names

_NOTHING_SAVED = ("_carry", "_preview", "_add", "_remove")


@dataclass
class Draft:
    """A schedule as its page shows it, before it is saved."""

    toolkit: Toolkit
    operation: dict[str, Any]
    owners: list[Group]
    schedule: Schedule | None = None
    form: ScheduleForm = field(init=False)
    inputs: dict[str, Any] = field(default_factory=dict)
    errors: list[FieldError] = field(default_factory=list)
    problem: str = ""
    confirm_error: str = ""

    def fill(self, data: Any = None, start: dict[str, Any] | None = None) -> None:
        """Bind the form of the times to what was sent, or start it with what is known."""
        self.form = ScheduleForm(
            data, initial=start, dry_run=bool(self.operation.get("dry_run")),
            owners=[role.name for role in self.owners],
        )  # fmt: skip

    def context(self) -> dict[str, Any]:
        """What form.html needs."""
        schema = self.operation["inputs"]
        kept = self.schedule.inputs if self.schedule else {}
        stored = [name for name in secret_names(schema) if job_secrets.is_mark(kept.get(name))]
        made, left = fields.build(
            schema,
            self.inputs,
            self.errors,
            records=record_choices.of(self.toolkit),
            stored=stored,
            part_url=fields.part_url(self.toolkit.slug, self.operation["name"]),
        )
        return {
            "toolkit": self.toolkit,
            "operation": self.operation,
            "schedule": self.schedule,
            "form": self.form,
            "fields": made,
            "errors": [*([self.problem] if self.problem else []), *left],
            "confirm_error": self.confirm_error,
            "zones": zones(),
            "has_owners": bool(self.owners),
            "secret_again": bool(secret_names(schema)) and self.schedule is None,
            **self.preview(),
        }

    def preview(self) -> dict[str, Any]:
        """When it would run, as far as its times make sense."""
        if self.form.is_bound:
            if not self.form.is_valid():
                return {"when": "", "runs": []}
            draft = self.form.unsaved()
        elif self.schedule is not None:
            draft = self.schedule
        else:
            return {"when": "", "runs": []}
        return {"when": timing.in_words(draft), "runs": timing.next_runs(draft)}


@lru_cache(maxsize=1)
def zones() -> list[str]:
    """Every time zone that has a place or is UTC, by name."""
    return sorted(name for name in available_timezones() if "/" in name or name == "UTC")


@page
def schedule_new(request: PageRequest, slug: str, operation: str) -> HttpResponseBase:
    """Make a schedule of an operation, from what was typed into its form."""
    toolkit, described = find_operation(request, slug, operation)
    refuse_unless(access.can_schedule(request.user, toolkit, operation))
    draft = Draft(toolkit, described, service.roles_for(request.user, toolkit))
    if request.method != "POST" or "_carry" in request.POST:
        start = {
            "name": described.get("title") or operation,
            "time_zone": timezone.get_current_timezone_name(),
            "overlap": OverlapPolicy.SKIP,
            "missed": MissedPolicy.ONCE,
            "owner": TOOLKIT_USER,
        }
        draft.fill(start=start)
        data = request.POST if request.method == "POST" else request.GET
        draft.inputs = forms.read(described["inputs"], data, partial=data is request.GET).inputs
        return render(request, "schedules/form.html", draft.context())
    return _submitted(request, draft)


@page
def schedule_edit(request: PageRequest, schedule_id: UUID) -> HttpResponseBase:
    """Show a schedule, and change it if the user may."""
    schedule = find_schedule(request, schedule_id)
    may_change = access.can_change_schedule(request.user, schedule)
    described = schedule.toolkit.operation(schedule.operation)
    if not may_change or described is None:
        refuse_unless(request.method != "POST")
        context = {**row(request, schedule), "inputs": job_secrets.public(schedule.inputs)}
        return render(request, "schedules/detail.html", context)
    owners = service.roles_for(request.user, schedule.toolkit)
    if schedule.owner not in owners:
        owners = [schedule.owner, *owners]
    draft = Draft(schedule.toolkit, described, owners, schedule)
    if request.method == "POST":
        return _submitted(request, draft)
    draft.fill(start=initial(schedule))
    draft.inputs = {
        name: value for name, value in schedule.inputs.items() if not job_secrets.is_mark(value)
    }
    return _show(request, draft)


def _show(request: PageRequest, draft: Draft, status: int = 200) -> HttpResponse:
    context = draft.context()
    if draft.schedule is not None:
        context |= row(request, draft.schedule) | draft.preview()
    return render(request, "schedules/form.html", context, status=status)


def _submitted(request: PageRequest, draft: Draft) -> HttpResponseBase:
    draft.fill(request.POST)
    if is_partial(request) and "_preview" in request.POST:
        context = {**draft.preview(), "form": draft.form}
        return render(request, "schedules/_preview.html", context)
    read = forms.read(draft.operation["inputs"], request.POST, request.FILES)
    draft.inputs, draft.errors = read.inputs, read.errors
    if any(name in request.POST for name in _NOTHING_SAVED):
        draft.errors = []
        return _show(request, draft)
    dry_run = bool(request.POST.get("_dry_run"))
    draft.confirm_error = unconfirmed(request, draft.toolkit, draft.operation, dry_run=dry_run)
    if not draft.form.is_valid() or draft.errors or draft.confirm_error:
        return _show(request, draft, status=422)
    try:
        schedule = _save(request, draft)
    except InputError as error:
        draft.errors = error.field_errors
        return _show(request, draft, status=error.http_status)
    except Problem as error:
        draft.problem = str(error)
        return _show(request, draft, status=error.http_status)
    messages.success(request, _("%(name)s is scheduled.") % {"name": schedule.name})
    return redirect("schedule-list")


def _save(request: PageRequest, draft: Draft) -> Schedule:
    values = draft.form.values()
    values["owner"] = next(role for role in draft.owners if role.name == values["owner"])
    name = draft.operation["name"]
    if draft.schedule is None:
        return service.create(
            request.user, toolkit=draft.toolkit, inputs=draft.inputs, operation=name, **values
        )
    # A browser never sends a file again that is there already.
    files = [name for name, _mark in marked(draft.operation["inputs"], "x-file")]
    kept = {name: draft.schedule.inputs[name] for name in files if name in draft.schedule.inputs}
    return service.change(draft.schedule, request.user, {**kept, **draft.inputs}, **values)
