"""Evidence packs in the console: choose, and download."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from audit import reading
from toolkits import evidence
from toolkits.pages.guards import PageRequest, page, refuse_unless


class EvidenceForm(forms.Form):
    """What goes into a pack."""

    jobs = forms.CharField(
        label=_("Jobs"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "form-control", "spellcheck": "false"}),
        help_text=_("Ids, with blanks or line ends between. Without any, all jobs of the time."),
    )
    toolkit = forms.CharField(
        label=_("Toolkit"),
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"class": "form-control"}),
        help_text=_("Only jobs of the toolkit with this slug."),
    )
    since = forms.DateTimeField(
        label=_("From"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "class": "form-control"}),
    )
    until = forms.DateTimeField(
        label=_("Until"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "class": "form-control"}),
        help_text=_("Within the time every event belongs to the pack, not only those of jobs."),
    )

    def clean_jobs(self) -> list[UUID]:
        try:
            return [UUID(text) for text in re.split(r"[\s,]+", self.cleaned_data["jobs"]) if text]
        except ValueError:
            raise ValidationError(_("That is not a list of job ids.")) from None


@page
@require_http_methods(["GET", "POST"])
def evidence_new(request: PageRequest) -> HttpResponseBase:
    """Choose jobs and a time, and download the pack."""
    refuse_unless(reading.may_read(request.user))
    sent = request.POST if request.method == "POST" else None
    form = EvidenceForm(sent, initial={"jobs": request.GET.get("job", "")})
    if form.is_valid():
        try:
            return evidence.download(request.user, **_chosen(form.cleaned_data))
        except evidence.NothingChosen as problem:
            form.add_error(None, str(problem))
    status = 422 if form.errors else 200
    return render(request, "audit/evidence.html", {"form": form}, status=status)


def _chosen(given: dict[str, Any]) -> dict[str, Any]:
    return {
        "job_ids": given["jobs"],
        "since": given["since"],
        "until": given["until"],
        "toolkit": given["toolkit"].strip(),
    }
