"""The form of an operation: filled in, checked, asked about, run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from toolbox.problems import Problem
from toolkits import access
from toolkits.errors import FieldError, InputError
from toolkits.jobs import job_secrets
from toolkits.jobs.dispatch import submit
from toolkits.jobs.waiting import wait_finished
from toolkits.models import Job, Toolkit
from toolkits.pages import choices, fields, forms
from toolkits.pages.guards import PageRequest, find_toolkit, page, refuse_unless


@dataclass
class RunForm:
    """One operation's form as the page shows it."""

    toolkit: Toolkit
    operation: dict[str, Any]
    values: dict[str, Any] = field(default_factory=dict)
    errors: list[FieldError] = field(default_factory=list)
    problem: str = ""
    confirm_error: str = ""
    dry_run: bool = False

    @property
    def schema(self) -> dict[str, Any]:
        """JSON Schema of the inputs."""
        schema: dict[str, Any] = self.operation["inputs"]
        return schema

    def context(self) -> dict[str, Any]:
        """What run.html needs, all but the result."""
        made, left = fields.build(
            self.schema, self.values, self.errors, records=choices.of(self.toolkit)
        )
        return {
            "toolkit": self.toolkit,
            "operation": self.operation,
            "fields": made,
            "errors": [*([self.problem] if self.problem else []), *left],
            "has_errors": bool(self.errors or self.problem or self.confirm_error),
            "confirm_error": self.confirm_error,
            "dry_run": self.dry_run,
        }


@page
def run(request: PageRequest, slug: str, operation: str) -> HttpResponseBase:
    """Show the form of an operation, and run it."""
    toolkit, described = find_operation(request, slug, operation)
    if request.method == "POST":
        return _submitted(request, toolkit, described)
    job = _job_to_repeat(request, toolkit, operation)
    form = RunForm(toolkit, described, dry_run=bool(job and job.dry_run))
    if job is not None:
        form.values = without_secrets(job)
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


def without_secrets(job: Job) -> dict[str, Any]:
    """Return the inputs of a job without those that were secret: they are typed anew."""
    return {name: value for name, value in job.inputs.items() if not job_secrets.is_mark(value)}


def _job_to_repeat(request: PageRequest, toolkit: Toolkit, operation: str) -> Job | None:
    try:
        wanted = UUID(request.GET.get("from", ""))
    except ValueError:
        return None
    jobs = access.visible_jobs(request.user).filter(toolkit=toolkit, operation=operation)
    return jobs.filter(pk=wanted).first()


def _show(
    request: PageRequest, form: RunForm, job: Job | None = None, status: int = 200
) -> HttpResponse:
    context = {**form.context(), "job": job}
    return render(request, "toolkits/run.html", context, status=status)


def _submitted(
    request: PageRequest, toolkit: Toolkit, described: dict[str, Any]
) -> HttpResponseBase:
    form = RunForm(toolkit, described, dry_run=bool(request.POST.get("dry_run")))
    read = forms.read(form.schema, request.POST, request.FILES)
    form.values, form.errors = read.inputs, read.errors
    if "_add" in request.POST or "_remove" in request.POST:
        # One more row, or one less, for browsers that run no script.
        form.errors = []
        return _show(request, form)
    form.confirm_error = _unconfirmed(request, form)
    if form.errors or form.confirm_error:
        return _show(request, form, status=422)
    try:
        job = submit(
            toolkit=toolkit,
            operation=described["name"],
            inputs=form.values,
            user=request.user,
            dry_run=form.dry_run,
        )
    except InputError as error:
        form.errors = error.field_errors
        return _show(request, form, status=error.http_status)
    except Problem as error:
        form.problem = str(error)
        return _show(request, form, status=error.http_status)
    return _answer(job, described)


def _unconfirmed(request: PageRequest, form: RunForm) -> str:
    """Say what is missing before something is changed or destroyed; a dry run does neither."""
    effect, given = form.operation.get("effect"), request.POST.get("confirm", "").strip()
    if form.dry_run or effect not in {"change", "destroy"}:
        return ""
    if effect == "destroy":
        wrong = given != form.toolkit.slug
        return _("Type %(slug)s to confirm.") % {"slug": form.toolkit.slug} if wrong else ""
    return "" if given else _("Confirm that this may change something.")


def _answer(job: Job, described: dict[str, Any]) -> HttpResponseRedirect:
    if not described.get("interactive"):
        return redirect("job-detail", job.pk)
    # Short by its author's word: the result stands on the same page, at an address that can
    # be loaded again without running it twice.
    wait_finished(job.pk, settings.TOOLKIT_INTERACTIVE_WAIT_SECONDS)
    address = reverse("operation-run", args=[job.toolkit_slug, job.operation])
    return HttpResponseRedirect(f"{address}?from={job.pk}#result")
