"""Sparse fields: ``?fields=id,state`` answers with those alone."""

from __future__ import annotations

from collections.abc import Collection

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request


def fields_of(request: Request, known: Collection[str], default: Collection[str]) -> list[str]:
    """The fields asked for, in their usual order; ``default`` when none are."""
    text = request.query_params.get("fields")
    if text is None:
        return [name for name in known if name in default]
    asked = {name.strip() for name in text.split(",")}
    if unknown := sorted(asked.difference(known)):
        listed = ", ".join(known)
        raise ValidationError({"fields": f"{', '.join(unknown)[:100]}: not among {listed}"})
    return [name for name in known if name in asked]
