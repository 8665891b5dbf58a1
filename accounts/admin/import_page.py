"""Importing users from a CSV file, in the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts import importing
from accounts.admin.base import acting
from toolbox.admin.registry import AdminPage, register_page


class ImportForm(forms.Form):
    """The file."""

    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        help_text=gettext_lazy(
            "Its first line names columns: username, email, display_name, roles, active, link."
        ),
    )
    dry_run = forms.BooleanField(
        label=gettext_lazy("Only check it"), required=False, initial=True
    )


@require_http_methods(["GET", "POST"])
def import_users(request: HttpRequest) -> HttpResponse:
    """Take a file, and tell what was done or what is wrong with it."""
    form = ImportForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {
        **admin.site.each_context(request), "title": _("Import users"), "form": form,
    }  # fmt: skip
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            context["done"] = _run(request, form)
        except importing.ImportRefused as refused:
            context["lines"] = refused.lines
            status = refused.http_status
    request.current_app = admin.site.name
    return TemplateResponse(request, "admin/accounts/import.html", context, status=status)


def _run(request: HttpRequest, form: ImportForm) -> importing.Imported:
    data = form.cleaned_data["file"].read(importing.MOST_BYTES + 1)
    with transaction.atomic():
        done = importing.apply(acting(request), importing.read(data))
        if form.cleaned_data["dry_run"]:
            transaction.set_rollback(True)
            done.links.clear()
    return done


register_page(
    AdminPage(
        name="accounts_import",
        path="accounts/import/",
        view=import_users,
        title=gettext_lazy("Import users"),
        allowed=lambda user: user.has_perm("accounts.add_user"),
        section="access",
        icon="upload",
        hint=gettext_lazy("Many accounts from a CSV file"),
        order=90,
    )
)
