"""The form of an operation: filled in, checked, asked about, run."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.models import User
from toolbox.api.slots import Busy
from toolbox.problems import Problem
from toolkits import access, console
from toolkits import inputs as input_rules
from toolkits.errors import FieldError, InputError
from toolkits.jobs import interactive, rerun
from toolkits.jobs.dispatch import Origin, submit
from toolkits.jobs.states import WAITING
from toolkits.models import Job, RunPreset, Toolkit
from toolkits.pages import fields, forms, provided, record_choices, snippets
from toolkits.pages.guards import PageRequest, find_toolkit, is_partial, page, refuse_unless

_RETRY_SECONDS = 5


@dataclass
class RunForm:
    """One operation's form as the page shows it."""

    toolkit: Toolkit
    operation: dict[str, Any]
    user: User
    values: dict[str, Any] = field(default_factory=dict)
    errors: list[FieldError] = field(default_factory=list)
    problem: str = ""
    confirm_error: str = ""
    dry_run: bool = False
    # When to start and for how long, as it was typed.
    typed: dict[str, str] = field(default_factory=dict)
    # The field whose choices were asked for by a button.
    asked: str = ""
    # The job that is run again, and whether without the steps that it completed.
    source: Job | None = None
    resume: bool = False

    @property
    def schema(self) -> dict[str, Any]:
        """JSON Schema of the inputs."""
        schema: dict[str, Any] = self.operation["inputs"]
        return schema

    def context(self) -> dict[str, Any]:
        """What run.html needs, all but the result."""
        made, left = fields.build(
            self.schema,
            self.values,
            self.errors,
            records=record_choices.of(self.toolkit),
            part_url=fields.part_url(self.toolkit.slug, self.operation["name"]),
        )
        self._offer(made)
        return {
            "toolkit": self.toolkit,
            "operation": self.operation,
            "fields": made,
            "errors": [*([self.problem] if self.problem else []), *left],
            "has_errors": bool(self.errors or self.problem or self.confirm_error),
            "confirm_error": self.confirm_error,
            "dry_run": self.dry_run,
            "typed": self.typed,
            "source": self.source,
            "resume": self.resume,
            "can_resume": self.source is not None and rerun.can_resume(self.source),
            "snippets": snippets.of(self.toolkit, self.operation, self._whole()),
            "presets": list(console.presets(self.user, self.toolkit, self.operation["name"])),
            "last": self._last(),
            "can_schedule": access.can_schedule(
                self.user, self.toolkit, self.operation["name"]
            ),
            "is_favourite": f"{self.toolkit.slug}.{self.operation['name']}"
            in console.preferences(self.user).favourites,
        }

    def _offer(self, made: list[fields.Field]) -> None:
        """Fill in the choices of the field that somebody without scripts asked for."""
        mark = provided.mark_of(self.operation, self.asked) if self.asked else None
        for one in made:
            if mark and one.name == self.asked:
                found = provided.ask(self.user, self.toolkit, mark, self.values)
                one.choices, one.problem, one.loaded = found.choices, found.problem, True

    def _whole(self) -> dict[str, Any]:
        return input_rules.complete(self.schema, self.values)

    def origin(self) -> Origin | None:
        """Which job it is another run of. Raises ``NotUsable``."""
        if self.source is None:
            return None
        return rerun.origin_of(self.source, resume=self.resume, dry_run=self.dry_run)

    def _last(self) -> Job | None:
        jobs = Job.objects.filter(
            requested_by=self.user,
            toolkit_slug=self.toolkit.slug,
            operation=self.operation["name"],
        )
        return jobs.order_by("-id").first()


@page
def run(request: PageRequest, slug: str, operation: str) -> HttpResponseBase:
    """Show the form of an operation, and run it."""
    toolkit, described = find_operation(request, slug, operation)
    if request.method == "POST":
        return _submitted(request, toolkit, described)
    job = _job_to_repeat(request.GET, request.user, toolkit, operation)
    form = RunForm(toolkit, described, user=request.user, dry_run=bool(job and job.dry_run))
    if job is not None:
        form.source, form.resume = job, "_resume" in request.GET
        form.values = console.storable(form.schema, job.inputs)
        form.errors = _refused(job)
    if preset := _preset(request, toolkit, operation):
        form.values = console.storable(form.schema, preset.inputs)
    form.values |= forms.read(form.schema, request.GET, partial=True).inputs
    shown = job if job is not None and described.get("interactive") else None
    return _show(request, form, job=shown)


def find_operation(
    request: PageRequest, slug: str, operation: str
) -> tuple[Toolkit, dict[str, Any]]:
    """Return a toolkit and the description of its operation that the user may run, or 404."""
    toolkit = find_toolkit(request.user, slug)
    refuse_unless(access.can_use(request.user, toolkit, operation))
    described = toolkit.operation(operation)
    if described is None:
        raise Http404
    return toolkit, described


def _job_to_repeat(
    given: QueryDict, user: User, toolkit: Toolkit, operation: str
) -> Job | None:
    try:
        wanted = UUID(given.get("_from", ""))
    except ValueError:
        return None
    jobs = access.visible_jobs(user).filter(toolkit=toolkit, operation=operation)
    return jobs.filter(pk=wanted).first()


def _refused(job: Job) -> list[FieldError]:
    """What the toolkit's own code found wrong with the inputs of a job, at each field."""
    error: dict[str, Any] = job.error or {}
    return [
        FieldError(tuple(one["loc"]), str(one["message"])) for one in error.get("errors") or []
    ]


def _preset(request: PageRequest, toolkit: Toolkit, operation: str) -> RunPreset | None:
    try:
        wanted = UUID(request.GET.get("_preset", ""))
    except ValueError:
        return None
    return console.presets(request.user, toolkit, operation).filter(pk=wanted).first()


def _show(
    request: PageRequest, form: RunForm, job: Job | None = None, status: int = 200
) -> HttpResponse:
    context = {**form.context(), "job": job}
    is_copy = is_partial(request) and "_copy" in request.POST
    name = "toolkits/_snippets.html" if is_copy else "toolkits/run.html"
    return render(request, name, context, status=status)


def _submitted(
    request: PageRequest, toolkit: Toolkit, described: dict[str, Any]
) -> HttpResponseBase:
    dry_run = bool(request.POST.get("_dry_run"))
    form = RunForm(toolkit, described, user=request.user, dry_run=dry_run)
    read = forms.read(form.schema, request.POST, request.FILES)
    form.values, form.errors = read.inputs, read.errors
    form.source = _job_to_repeat(request.POST, request.user, toolkit, described["name"])
    form.resume = bool(request.POST.get("_resume"))
    form.typed = {name: request.POST.get(f"_{name}", "") for name in ("run_at", "timeout")}
    if "_save" in request.POST:
        return _save(request, form)
    if not {"_add", "_remove", "_copy", "_choices"}.isdisjoint(request.POST):
        # Nothing is run: one more row, one less, or what was typed as texts to copy.
        form.errors = []
        form.asked = request.POST.get("_choices", "")
        return _show(request, form)
    form.confirm_error = unconfirmed(request, toolkit, described, dry_run=dry_run)
    run_at, form.problem = _run_at(request)
    if form.errors or form.confirm_error or form.problem:
        return _show(request, form, status=422)
    try:
        job = _start(request, form, run_at)
    except InputError as error:
        form.errors = error.field_errors
        return _show(request, form, status=error.http_status)
    except Problem as error:
        form.problem = str(error)
        response = _show(request, form, status=error.http_status)
        if isinstance(error, Busy):
            response["Retry-After"] = str(error.retry_after or _RETRY_SECONDS)
        return response
    return _answer(job, described)


def _start(request: PageRequest, form: RunForm, run_at: datetime | None) -> Job:
    """Request the run; of a short operation wait for its end. Raises ``Problem``."""

    def begin() -> Job:
        return submit(
            toolkit=form.toolkit,
            operation=form.operation["name"],
            inputs=form.values,
            user=request.user,
            dry_run=form.dry_run,
            run_at=run_at,
            timeout=_timeout(request),
            origin=form.origin(),
        )

    if form.operation.get("interactive") and run_at is None:
        return interactive.run(lambda: (begin(), True), request.user)[0]
    return begin()


def _save(request: PageRequest, form: RunForm) -> HttpResponseBase:
    """Keep what was typed under a name."""
    name = request.POST.get("_name", "").strip()
    if not name:
        form.errors, form.problem = [], _("Give the saved inputs a name.")
        return _show(request, form, status=422)
    if form.errors:
        return _show(request, form, status=422)
    preset = console.save_preset(
        request.user,
        form.toolkit,
        form.operation,
        name,
        form.values,
        shared=bool(request.POST.get("_shared")),
    )
    messages.success(request, _("The inputs are kept as %(name)s.") % {"name": preset.name})
    address = reverse("operation-run", args=[form.toolkit.slug, form.operation["name"]])
    return HttpResponseRedirect(f"{address}?_preset={preset.pk}")


def unconfirmed(
    request: PageRequest, toolkit: Toolkit, described: dict[str, Any], *, dry_run: bool
) -> str:
    """Say what is missing before something is changed or destroyed; a dry run does neither."""
    effect, given = described.get("effect"), request.POST.get("_confirm", "").strip()
    if dry_run or effect not in {"change", "destroy"}:
        return ""
    if effect == "destroy":
        wrong = given != toolkit.slug
        return _("Type %(slug)s to confirm.") % {"slug": toolkit.slug} if wrong else ""
    return "" if given else _("Confirm that this may change something.")


def _run_at(request: PageRequest) -> tuple[datetime | None, str]:
    """Return when the run is to start, None for now, and what is wrong with that."""
    text = request.POST.get("_run_at", "").strip()
    if not text:
        return None, ""
    try:
        when = parse_datetime(text)
    except ValueError:
        when = None
    if when is None:
        return None, _("The time to start is not a date and time.")
    return (timezone.make_aware(when) if timezone.is_naive(when) else when), ""


def _timeout(request: PageRequest) -> int | None:
    length = forms.parse_length(request.POST.get("_timeout", ""))
    return max(1, int(length.total_seconds())) if length else None


def _answer(job: Job, described: dict[str, Any]) -> HttpResponseRedirect:
    if not described.get("interactive") or job.state in WAITING:
        return redirect("job-detail", job.pk)
    # Short by its author's word: the result stands on the same page, at an address that can
    # be loaded again without running it twice.
    address = reverse("operation-run", args=[job.toolkit_slug, job.operation])
    return HttpResponseRedirect(f"{address}?_from={job.pk}#result")
