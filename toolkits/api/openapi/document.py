"""The OpenAPI document: the general part once a process, and a part for the toolkits that the
reader may use."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from rest_framework.request import Request

from toolkits import access
from toolkits.api.finding import collections_of, operations_of
from toolkits.api.openapi import typed
from toolkits.api.openapi.components import Names, view_components
from toolkits.api.openapi.examples import EXAMPLES
from toolkits.api.openapi.requests import ASKED
from toolkits.models import Toolkit


@cache
def _general() -> dict[str, Any]:
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    schemas = document["components"]["schemas"]
    schemas |= view_components()
    for name, example in {**EXAMPLES, **ASKED}.items():
        schemas[name]["examples"] = [example]
    return document


def general() -> dict[str, Any]:
    """What is true for every toolkit. The caller may change what it gets."""
    return copy.deepcopy(_general())


def document_for(request: Request) -> dict[str, Any]:
    """The document as the user of the request may see it."""
    document = general()
    names = Names(document)
    for toolkit in access.visible_toolkits(request.user).order_by("slug"):
        _add(document, names, request, toolkit)
    return document


def _add(
    document: dict[str, Any], names: Names, request: Request, toolkit: Toolkit
) -> None:
    for described in operations_of(request, toolkit):
        typed.add_operation(document, names, toolkit, described)
    for described in collections_of(request, toolkit):
        typed.add_collection(document, names, toolkit, described)
    if toolkit.settings_schema is not None and access.can_configure(request.user, toolkit):
        typed.add_settings(document, names, toolkit)
