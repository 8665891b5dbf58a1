"""Parts of a form that load by themselves: a search through records, a provider's choices."""

from __future__ import annotations

from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from toolkits.pages import fields, forms, provided, record_choices, wire
from toolkits.pages.guards import PageRequest, page
from toolkits.pages.views.run import find_operation
from toolkits.schemas import properties, references


@require_safe
@page
def operation_records(
    request: PageRequest, slug: str, operation: str, name: str
) -> HttpResponseBase:
    """Answer with the records that hold the words searched for, as options of their field."""
    toolkit, described = find_operation(request, slug, operation)
    collection = dict(references(described["inputs"])).get(name)
    if collection is None:
        raise Http404
    chosen = [value for value in wire.texts(request.GET).getlist(name) if value]
    query = request.GET.get("_query", "").strip()[:100].replace("\0", "")
    found, more = record_choices.found(toolkit, collection, chosen, query)
    context = {"choices": found, "chosen": chosen, "more": more}
    return render(request, "toolkits/_record_options.html", context)


@require_POST
@page
def operation_choices(
    request: PageRequest, slug: str, operation: str, name: str
) -> HttpResponseBase:
    """Ask the toolkit for the choices of a field, with what was typed into those around it."""
    toolkit, described = find_operation(request, slug, operation)
    schema = described["inputs"]
    mark = provided.mark_of(described, name)
    if mark is None:
        raise Http404
    around = {key: properties(schema)[key] for key in mark.get("depends", [])}
    read = forms.read({**schema, "properties": around, "required": []}, request.POST)
    found = provided.ask(request.user, toolkit, mark, read.inputs)
    field = fields.Field(name=name, label=name, widget="choices", choices=found.choices)
    field.depends, field.problem, field.loaded = list(around), found.problem, True
    field.choices_url = fields.part_url(toolkit.slug, operation)("choices", name)
    return render(request, "toolkits/_choices.html", {"field": field})
