"""Sparse fields: ``?fields=id,state`` answers with those alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request


def fields_of(request: Request, known: Collection[str], default: Collection[str]) -> list[str]:
    """The fields asked for, in their usual order; ``default`` when none are."""
    if "fields" not in request.query_params:
        return [name for name in known if name in default]
    asked = names_of(request, "fields", known)
    return [name for name in known if name in asked]


def parameter(known: Collection[str], description: str = "Only these fields.") -> OpenApiParameter:
    """``fields``, as OpenAPI describes it."""
    return OpenApiParameter(
        "fields", str, many=True, enum=list(known), explode=False, style="form",
        description=description,
    )  # fmt: skip


def kept(
    request: Request, rows: Iterable[dict[str, Any]], known: Collection[str]
) -> list[dict[str, Any]]:
    """The rows with the fields that were asked for."""
    fields = fields_of(request, known, known)
    return [{name: row[name] for name in fields} for row in rows]


def names_of(request: Request, parameter: str, known: Collection[str]) -> list[str]:
    """The names in a parameter that lists some with commas between; none without it."""
    text = request.query_params.get(parameter)
    if text is None:
        return []
    asked = [name.strip() for name in text.split(",")]
    if unknown := sorted(set(asked).difference(known)):
        listed = ", ".join(known)
        raise ValidationError({parameter: f"{', '.join(unknown)[:100]}: not among {listed}"})
    return asked
