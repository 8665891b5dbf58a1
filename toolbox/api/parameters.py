"""Parameters that many operations take, as OpenAPI describes them."""

from __future__ import annotations

from collections.abc import Collection

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from toolbox.api import paging

CURSOR = OpenApiParameter(
    "cursor", OpenApiTypes.UUID, description="Where the page begins; `next` has it."
)
LIMIT = OpenApiParameter(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": paging.MAX_LIMIT, "default": paging.DEFAULT_LIMIT},
    description="Most entries on the page.",
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 200, "pattern": r"^[\x21-\x7e]+$"},
    OpenApiParameter.HEADER,
    description="A text of your own making. The same request sent again with it within a day "
    "starts nothing new: it answers with the job of the first.",
)


def if_none_match() -> OpenApiParameter:
    """For what answers 304 where the client has it already."""
    return OpenApiParameter(
        "If-None-Match", str, OpenApiParameter.HEADER, description="ETag that you have already."
    )


def if_match(*, required: bool = True) -> OpenApiParameter:
    """For changes that must not overwrite somebody else's."""
    return OpenApiParameter(
        "If-Match",
        str,
        OpenApiParameter.HEADER,
        description="ETag of the version that you changed, or `*`."
        + (" Without it the answer is 428." if required else ""),
    )


def only_known(request: Request, names: Collection[str]) -> None:
    """Refuse a query with a parameter that does not exist, as a misspelt filter would."""
    if unknown := sorted(set(request.query_params).difference(names)):
        known = ", ".join(sorted(names)) or "none"
        raise ValidationError(dict.fromkeys(unknown, f"is not a parameter here (known: {known})"))
