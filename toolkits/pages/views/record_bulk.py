"""The same change to many records at once: of the ticked fields, in the ticked records."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from toolkits import records
from toolkits.errors import Conflict, FieldError, InputError
from toolkits.models import Record
from toolkits.pages import fields, forms, record_choices
from toolkits.pages.collections import Collection
from toolkits.pages.guards import PageRequest, page
from toolkits.pages.views.records import PAGE_SIZE, find_collection
from toolkits.schemas import Schema, properties

#: Records, each with the version that was looked at.
Ticked = list[tuple[Record, int]]


@require_POST
@page
def record_bulk_edit(request: PageRequest, slug: str, collection: str) -> HttpResponseBase:
    """Show a form for the ticked records, or put what it says into each of them."""
    found = find_collection(request, slug, collection)
    ticked = _ticked(request, found)
    if not ticked:
        messages.warning(request, _("Tick the records to change."))
        return redirect("record-list", slug, collection)
    if "_save" not in request.POST:
        return _show(request, found, ticked, {}, [])
    wanted = set(request.POST.getlist("_change")) & set(properties(found.schema))
    read = forms.read(_part(found.schema, wanted), request.POST, request.FILES)
    errors = read.errors or ([] if wanted else [FieldError((), _("Tick the fields to change."))])
    if errors:
        return _show(request, found, ticked, read.inputs, errors, wanted)
    changed, kept, errors = _change(request, found, ticked, read.inputs)
    if errors:
        return _show(request, found, ticked, read.inputs, errors, wanted)
    if changed:
        text = ngettext("%(n)d record was changed.", "%(n)d records were changed.", changed)
        messages.success(request, text % {"n": changed})
    if kept:
        text = ngettext(
            "%(n)d record was changed by somebody else meanwhile and stays as it is.",
            "%(n)d records were changed by somebody else meanwhile and stay as they are.",
            kept,
        )
        messages.warning(request, text % {"n": kept})
    return redirect("record-list", slug, collection)


def _ticked(request: PageRequest, found: Collection) -> Ticked:
    """The ticked records that are there, each with the version that was looked at."""
    versions: dict[UUID, int] = {}
    for text in request.POST.getlist("record")[:PAGE_SIZE]:
        record_id, _colon, version = text.partition(":")
        try:
            versions[UUID(record_id)] = int(version)
        except ValueError:
            continue
    rows = found.all().select_related("toolkit__active_version").filter(pk__in=list(versions))
    return [(record, versions[record.pk]) for record in rows.order_by("id")]


def _part(schema: Schema, wanted: set[str]) -> Schema:
    chosen = {name: given for name, given in properties(schema).items() if name in wanted}
    required = [name for name in schema.get("required", []) if name in wanted]
    return {**schema, "properties": chosen, "required": required}


def _change(
    request: PageRequest, found: Collection, ticked: Ticked, values: dict[str, Any]
) -> tuple[int, int, list[FieldError]]:
    """Change each record; returns how many were, how many stay, and what does not fit."""
    changed = kept = 0
    for record, version in ticked:
        data = {**records.public(record, found.described), **values}
        try:
            records.update(record, data, version, request.user)
            changed += 1
        except Conflict:
            kept += 1
        except InputError as error:
            name = found.label(record)
            return changed, kept, [
                FieldError(one.loc, f"{one.message} ({name})") for one in error.field_errors
            ]
    return changed, kept, []


def _show(
    request: PageRequest,
    found: Collection,
    ticked: Ticked,
    values: dict[str, Any],
    errors: list[FieldError],
    wanted: set[str] | None = None,
) -> HttpResponse:
    # Nothing is required of what stays as it is.
    made, left = fields.build(
        {**found.schema, "required": []}, values, errors, records=record_choices.of(found.toolkit)
    )
    context = {
        "toolkit": found.toolkit,
        "collection": found,
        "ticked": [(f"{row.pk}:{version}", found.label(row)) for row, version in ticked],
        "fields": made,
        "wanted": wanted or set(),
        "errors": left,
    }
    status = 422 if errors else 200
    return render(request, "toolkits/records/bulk.html", context, status=status)
