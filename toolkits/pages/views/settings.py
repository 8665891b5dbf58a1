"""The settings of a toolkit, for those who may configure it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from toolbox.problems import Problem
from toolkits import access, settings_store
from toolkits.errors import InputError
from toolkits.models import Toolkit
from toolkits.pages import fields, forms, record_choices
from toolkits.pages.guards import PageRequest, find_toolkit, page, refuse_unless


@page
def toolkit_settings(request: PageRequest, slug: str) -> HttpResponseBase:
    """Show the settings with their secrets masked, and change them."""
    toolkit = find_toolkit(request.user, slug)
    refuse_unless(access.can_configure(request.user, toolkit))
    schema = toolkit.settings_schema
    refuse_unless(schema is not None)
    if request.method != "POST":
        return _form(request, toolkit, settings_store.public(toolkit))
    read = forms.read(schema or {}, request.POST, request.FILES)
    if not {"_add", "_remove"}.isdisjoint(request.POST):
        return _form(request, toolkit, read.inputs)
    try:
        if read.errors:
            raise InputError(read.errors)
        settings_store.save(toolkit, read.inputs, request.user)
    except Problem as error:
        return _form(request, toolkit, read.inputs, error)
    messages.success(request, _("The settings are saved. Running jobs keep the former ones."))
    return redirect("toolkit-settings", slug)


def _form(
    request: PageRequest,
    toolkit: Toolkit,
    values: dict[str, Any],
    problem: Problem | None = None,
) -> HttpResponse:
    described = toolkit.description_of_code["settings"]
    errors = problem.field_errors if isinstance(problem, InputError) else []
    stored = settings_store.public(toolkit)
    made, left = fields.build(
        described["schema"],
        values,
        errors,
        records=record_choices.of(toolkit),
        stored=[name for name in described.get("secret_fields", []) if stored.get(name)],
    )
    if problem is not None and not errors:
        left = [str(problem)]
    context = {"toolkit": toolkit, "fields": made, "errors": left}
    status = problem.http_status if problem is not None else 200
    return render(request, "toolkits/settings.html", context, status=status)
