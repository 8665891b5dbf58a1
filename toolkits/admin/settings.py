"""A toolkit's settings, edited by the form that their schema makes."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from toolbox.admin.registry import AdminPage, register_page
from toolbox.problems import Problem
from toolbox.secrets import SecretsError
from toolkits import settings_store
from toolkits.access import can_configure, visible_toolkits
from toolkits.errors import FieldError, InputError
from toolkits.models import Toolkit
from toolkits.pages import fields, forms, record_choices
from toolkits.vaulted import UNCHANGED


def settings(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the settings, or save them. A secret that is stored is never sent to the browser."""
    toolkit = visible_toolkits(request.user).filter(pk=pk).first()
    if toolkit is None or not toolkit.settings_schema or not can_configure(request.user, toolkit):
        raise Http404
    stored = _stored_secrets(toolkit)
    if request.method != "POST":
        return _form(request, toolkit, settings_store.public(toolkit), stored)
    read = forms.read(toolkit.settings_schema, request.POST, request.FILES)
    if "_add" in request.POST or "_remove" in request.POST:
        return _form(request, toolkit, read.inputs, stored)
    # An empty field of a secret that is stored leaves it as it is; None asks for its removal.
    kept = {name: UNCHANGED for name in stored if name not in read.inputs}
    try:
        if read.errors:
            raise InputError(read.errors)
        settings_store.save(toolkit, {**read.inputs, **kept}, request.user)
    except InputError as error:
        return _form(request, toolkit, read.inputs, stored, error.field_errors, status=422)
    except (Problem, SecretsError) as error:
        return _form(request, toolkit, read.inputs, stored, [FieldError((), str(error))], 503)
    messages.success(request, _("The settings of %(name)s are saved.") % {"name": toolkit})
    return HttpResponseRedirect(reverse("admin:toolkits_toolkit_change", args=[toolkit.pk]))


def _stored_secrets(toolkit: Toolkit) -> list[str]:
    described = toolkit.description_of_code["settings"]
    public = settings_store.public(toolkit)
    return [name for name in described.get("secret_fields", []) if public.get(name) == UNCHANGED]


def _form(
    request: HttpRequest,
    toolkit: Toolkit,
    values: dict[str, Any],
    stored: list[str],
    errors: list[FieldError] | None = None,
    status: int = 200,
) -> HttpResponse:
    shown = {name: value for name, value in values.items() if name not in stored}
    made, left = fields.build(
        toolkit.settings_schema or {},
        shown,
        errors or [],
        records=record_choices.of(toolkit),
        stored=stored,
    )
    context = {
        **admin.site.each_context(request),
        "title": _("Settings of %(name)s") % {"name": toolkit},
        "toolkit": toolkit,
        "fields": made,
        "errors": left,
    }
    response = TemplateResponse(request, "admin/toolkits/settings.html", context, status=status)
    return response.render()


register_page(
    AdminPage(
        name="toolkits_toolkit_settings",
        path="toolkits/toolkit/<int:pk>/settings/",
        view=settings,
        title=gettext_lazy("Settings of a toolkit"),
        section="toolkits",
        # Which toolkits' settings may be edited is asked for the one at hand.
        allowed=lambda user: bool(user.is_staff),
        listed=False,
    )
)
