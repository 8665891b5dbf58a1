"""Sparse fields: ``?fields=id,state`` answers with those alone."""

from __future__ import annotations

from collections.abc import Collection

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request


def fields_of(request: Request, known: Collection[str], default: Collection[str]) -> list[str]:
    """The fields asked for, in their usual order; ``default`` when none are."""
    if "fields" not in request.query_params:
        return [name for name in known if name in default]
    asked = names_of(request, "fields", known)
    return [name for name in known if name in asked]


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
