"""A collection of a toolkit as its pages show it: columns, rows, and a search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from toolkits import records
from toolkits.models import Record, Toolkit
from toolkits.pages import cells
from toolkits.pages.choices import label_of
from toolkits.pages.widgets import label_of as field_label
from toolkits.schemas import Schema, properties, without_null

_MOST_COLUMNS = 6
_SEARCHED = frozenset({"string", "integer", "number"})


@dataclass(frozen=True)
class Collection:
    """A collection of ``toolkit``, by the description of its active version."""

    toolkit: Toolkit
    described: dict[str, Any]

    @property
    def name(self) -> str:
        """Its name in addresses."""
        return str(self.described["name"])

    @property
    def title(self) -> str:
        """Its name for people."""
        return str(self.described.get("title") or self.name)

    @property
    def schema(self) -> Schema:
        """JSON Schema of a record's data."""
        schema: Schema = self.described["schema"]
        return schema

    @property
    def secret(self) -> set[str]:
        """Names of the fields that hold secrets."""
        return set(self.described.get("secret_fields", []))

    @property
    def fields(self) -> dict[str, Schema]:
        """Each field with its schema, without its null alternative."""
        whole = self.schema
        return {name: without_null(given, whole)[0] for name, given in properties(whole).items()}

    def columns(self) -> list[tuple[str, str]]:
        """The fields that a list has room for: name and label."""
        return [
            (name, field_label(schema, name))
            for name, schema in list(self.fields.items())[:_MOST_COLUMNS]
        ]

    def all(self) -> QuerySet[Record]:
        """Every record, with who changed it last."""
        found = Record.objects.filter(toolkit=self.toolkit, collection=self.name)
        return found.select_related("updated_by")

    def search(self, query: str) -> QuerySet[Record]:
        """The records of which some field that is no secret holds every word of ``query``."""
        open_fields = [
            name
            for name, schema in self.fields.items()
            if name not in self.secret and (schema.get("type") in _SEARCHED or "enum" in schema)
        ]
        found = self.all()
        for word in query.split()[:8]:
            wanted = Q(pk__in=[])
            for name in open_fields:
                wanted |= Q(**{f"data__{name}__icontains": word})
            found = found.filter(wanted)
        return found

    def row(self, record: Record) -> dict[str, Any]:
        """A record as a line of the list."""
        public = records.public(record, self.described)
        shown = [
            _secret_text(public.get(name))
            if name in self.secret
            else cells.plain_text(public.get(name))
            for name, _label in self.columns()
        ]
        return {"record": record, "label": self.label(record), "cells": shown}

    def label(self, record: Record) -> str:
        """What a record is called."""
        return label_of(record.data, self.secret) or str(record.pk)


def _secret_text(value: Any) -> str:
    return _("set") if value else _("not set")
