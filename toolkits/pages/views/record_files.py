"""Records of a collection as a file: export and import."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from toolbox.problems import Problem
from toolkits import record_export, records, tabular
from toolkits.errors import FieldError, InputError
from toolkits.pages.collections import Collection
from toolkits.pages.guards import PageRequest, page
from toolkits.pages.views.records import find_collection

MAX_BYTES = 5 << 20
_SHOWN_ERRORS = 20


@require_safe
@page
def record_download(
    request: PageRequest, slug: str, collection: str, form: str
) -> HttpResponseBase:
    """Download every record without its secrets, as CSV or JSON."""
    found = find_collection(request, slug, collection)
    return record_export.download(found.toolkit, found.described, form, request.user)


@page
def record_import(request: PageRequest, slug: str, collection: str) -> HttpResponseBase:
    """Make records from a file: all of them or none."""
    found = find_collection(request, slug, collection)
    if request.method != "POST":
        return _form(request, found)
    dry_run = bool(request.POST.get("dry_run"))
    try:
        rows = tabular.read(_text(request), found.schema)
        count = records.create_many(found.toolkit, found.name, rows, request.user, dry_run=dry_run)
    except Problem as error:
        return _form(request, found, error)
    if dry_run:
        return _form(request, found, fits=count)
    text = ngettext("%(n)d record was added.", "%(n)d records were added.", count)
    messages.success(request, text % {"n": count})
    return redirect("record-list", slug, collection)


def _text(request: PageRequest) -> str:
    upload = request.FILES.get("file")
    if upload is None:
        raise InputError([FieldError((), _("Choose a file, CSV or JSON."))])
    if (upload.size or 0) > MAX_BYTES:
        text = _("The file is larger than %(mib)d MiB.") % {"mib": MAX_BYTES >> 20}
        raise InputError([FieldError((), text)])
    try:
        return str(upload.read(), "utf-8-sig")
    except UnicodeDecodeError as error:
        text = _("The file is not UTF-8 at byte %(place)d.") % {"place": error.start}
        raise InputError([FieldError((), text)]) from None


def _form(
    request: PageRequest,
    found: Collection,
    problem: Problem | None = None,
    fits: int | None = None,
) -> HttpResponse:
    errors = [str(problem)] if problem is not None else []
    if isinstance(problem, InputError):
        errors = [_row_error(error) for error in problem.field_errors]
    context = {
        "toolkit": found.toolkit,
        "collection": found,
        "names": [name for name in found.fields if name not in found.secret],
        "errors": errors[:_SHOWN_ERRORS],
        "more_errors": max(0, len(errors) - _SHOWN_ERRORS),
        "fits": fits,
    }
    status = problem.http_status if problem is not None else 200
    return render(request, "toolkits/records/import.html", context, status=status)


def _row_error(error: FieldError) -> str:
    if error.loc and isinstance(error.loc[0], int):
        rest = FieldError(error.loc[1:], error.message)
        return _("Record %(number)d: %(error)s") % {"number": error.loc[0] + 1, "error": rest}
    return str(error)
