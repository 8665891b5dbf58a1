"""Records of a collection: list, create, edit with optimistic locking, delete."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from toolbox.keyset import keyset
from toolbox.problems import Problem
from toolkits import access, records
from toolkits.errors import Conflict, InputError
from toolkits.models import Record
from toolkits.pages import cells, fields, forms, record_choices
from toolkits.pages.collections import Collection
from toolkits.pages.guards import PageRequest, find_toolkit, is_partial, page, refuse_unless
from toolkits.vaulted import UNCHANGED

PAGE_SIZE = 50


def find_collection(request: PageRequest, slug: str, name: str) -> Collection:
    """Return a collection whose records the user may see and change, or answer 404."""
    toolkit = find_toolkit(request.user, slug)
    refuse_unless(access.can_use(request.user, toolkit))
    described = toolkit.collection(name)
    if described is None:
        raise Http404
    return Collection(toolkit, described)


def find_record(collection: Collection, record_id: UUID) -> Record:
    """Return a record of the collection, or answer 404."""
    record = collection.all().select_related("toolkit__active_version").filter(pk=record_id)
    found = record.first()
    if found is None:
        raise Http404
    return found


@require_safe
@page
def record_list(request: PageRequest, slug: str, collection: str) -> HttpResponseBase:
    """Show the records, oldest first, narrowed by a search, a page at a time."""
    found = find_collection(request, slug, collection)
    query = request.GET.get("q", "").strip()[:100].replace("\0", "")
    rows = found.search(query) if query else found.all()
    shown = keyset(rows, request.GET, PAGE_SIZE, newest_first=False)
    context = {
        "toolkit": found.toolkit,
        "collection": found,
        "columns": found.columns(),
        "rows": [found.row(record) for record in shown.rows],
        "paging": shown,
        "query": query,
    }
    name = "toolkits/records/_list.html" if is_partial(request) else "toolkits/records/list.html"
    return render(request, name, context)


@page
def record_new(request: PageRequest, slug: str, collection: str) -> HttpResponseBase:
    """Make a record."""
    found = find_collection(request, slug, collection)
    if request.method != "POST":
        return _form(request, found, {})
    read = forms.read(found.schema, request.POST, request.FILES)
    if _changes_rows(request):
        return _form(request, found, read.inputs)
    if read.errors:
        return _form(request, found, read.inputs, InputError(read.errors))
    try:
        record = records.create(found.toolkit, found.name, read.inputs, request.user)
    except Problem as error:
        return _form(request, found, read.inputs, error)
    messages.success(request, _("%(name)s was added.") % {"name": found.label(record)})
    return redirect("record-list", slug, collection)


@page
def record_edit(
    request: PageRequest, slug: str, collection: str, record_id: UUID
) -> HttpResponseBase:
    """Change a record, unless somebody else did meanwhile."""
    found = find_collection(request, slug, collection)
    record = find_record(found, record_id)
    if request.method != "POST":
        public = records.public(record, found.described)
        return _form(request, found, public, record=record)
    read = forms.read(found.schema, request.POST, request.FILES)
    if _changes_rows(request):
        return _form(request, found, read.inputs, record=record)
    if read.errors:
        return _form(request, found, read.inputs, InputError(read.errors), record)
    try:
        changed = records.update(record, read.inputs, _version(request), request.user)
    except Problem as error:
        return _form(request, found, read.inputs, error, record)
    messages.success(request, _("%(name)s was saved.") % {"name": found.label(changed)})
    return redirect("record-list", slug, collection)


@require_POST
@page
def record_delete(
    request: PageRequest, slug: str, collection: str, record_id: UUID
) -> HttpResponseBase:
    """Delete a record that nobody changed since it was shown."""
    found = find_collection(request, slug, collection)
    record = find_record(found, record_id)
    try:
        records.delete(record, _version(request), request.user)
    except Conflict as error:
        messages.error(request, str(error))
        return redirect("record-edit", slug, collection, record_id)
    messages.success(request, _("%(name)s was deleted.") % {"name": found.label(record)})
    return redirect("record-list", slug, collection)


@require_POST
@page
def record_bulk_delete(request: PageRequest, slug: str, collection: str) -> HttpResponseBase:
    """Delete the records that were ticked; those changed meanwhile stay."""
    found = find_collection(request, slug, collection)
    deleted = kept = 0
    for text in request.POST.getlist("record")[:PAGE_SIZE]:
        record_id, _colon, version = text.partition(":")
        try:
            record = found.all().select_related("toolkit").filter(pk=UUID(record_id)).first()
            if record is not None:
                records.delete(record, int(version), request.user)
                deleted += 1
        except Conflict:
            kept += 1
        except ValueError:
            continue
    if deleted:
        text = ngettext("%(n)d record was deleted.", "%(n)d records were deleted.", deleted)
        messages.success(request, text % {"n": deleted})
    if kept:
        text = ngettext(
            "%(n)d record was changed meanwhile and stays.",
            "%(n)d records were changed meanwhile and stay.",
            kept,
        )
        messages.warning(request, text % {"n": kept})
    return redirect("record-list", slug, collection)


def _changes_rows(request: PageRequest) -> bool:
    return "_add" in request.POST or "_remove" in request.POST


def _version(request: PageRequest) -> int:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _form(
    request: PageRequest,
    found: Collection,
    values: dict[str, Any],
    problem: Problem | None = None,
    record: Record | None = None,
) -> HttpResponse:
    """Show the form with what was typed and what is wrong with it."""
    errors = problem.field_errors if isinstance(problem, InputError) else []
    stored = [name for name in found.secret if record is not None and record.data.get(name)]
    made, left = fields.build(
        found.schema, values, errors, records=record_choices.of(found.toolkit), stored=stored
    )
    conflict: list[dict[str, str]] = []
    if isinstance(problem, Conflict) and record is not None:
        record.refresh_from_db()
        conflict = _differences(found, record, values)
    elif problem is not None and not errors:
        left = [str(problem)]
    context = {
        "toolkit": found.toolkit,
        "collection": found,
        "record": record,
        "label": found.label(record) if record is not None else "",
        "fields": made,
        "errors": left,
        "is_conflict": isinstance(problem, Conflict),
        "conflict": conflict,
    }
    status = problem.http_status if problem is not None else 200
    return render(request, "toolkits/records/form.html", context, status=status)


def _differences(found: Collection, record: Record, values: dict[str, Any]) -> list[dict[str, str]]:
    """Return the fields in which what was typed differs from what is stored now."""
    stored = records.public(record, found.described)
    labels = dict(found.columns())
    return [
        {
            "label": labels.get(name, name),
            "yours": cells.plain_text(values.get(name)),
            "stored": cells.plain_text(stored.get(name)),
        }
        for name in found.fields
        if name not in found.secret
        and values.get(name) != stored.get(name)
        and values.get(name) != UNCHANGED
    ]
