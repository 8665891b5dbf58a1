"""Reading request bodies, strictly and within limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser, DataAndFiles, MultiPartParser

from toolbox import jsontext

#: Room for the form fields and part headers around an uploaded file.
_AROUND_A_FILE = 1 << 20


class TooLarge(APIException):
    """The body is larger than is accepted."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body of the request is larger than is accepted here."
    default_code = "too_large"


def check_length(context: Mapping[str, Any], limit: int) -> None:
    """Refuse a request whose body is longer than ``limit`` bytes."""
    # The server hands over exactly this many bytes, and none where there is no length.
    length = int(context["request"].META.get("CONTENT_LENGTH") or 0)
    if length > limit:
        raise TooLarge(f"The body has {length:,} bytes; at most {limit:,} are accepted here.")


class StrictJSONParser(BaseParser):
    """JSON of at most ``API_BODY_MAX_BYTES``; a view may set its own ``json_max_bytes``."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        context = parser_context or {}
        limit = getattr(context.get("view"), "json_max_bytes", settings.API_BODY_MAX_BYTES)
        check_length(context, limit)
        try:
            return jsontext.parse(stream.read())
        except jsontext.JsonError as error:
            raise ParseError(f"The body is not JSON: {error}.") from None


class BoundedMultiPartParser(MultiPartParser):
    """Forms with files of at most ``TOOLKIT_UPLOAD_MAX_BYTES`` together."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> DataAndFiles[Any, Any]:
        context: dict[str, Any] = dict(parser_context or {})
        check_length(context, settings.TOOLKIT_UPLOAD_MAX_BYTES + _AROUND_A_FILE)
        return super().parse(stream, media_type, context)
