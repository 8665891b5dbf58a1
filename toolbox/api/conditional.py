"""Entity tags: answers that need not be sent again, and changes that overwrite nobody's."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from toolbox.problems import Problem

_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]*"')


class PreconditionFailed(Problem):
    """``If-Match`` names another version than the present one."""

    http_status = 412
    title = "Changed by somebody else"


class PreconditionRequired(APIException):
    """A change that does not say which version it is of."""

    status_code = status.HTTP_428_PRECONDITION_REQUIRED
    default_detail = (
        "Send the ETag of the version that you changed in If-Match, or * to overwrite whatever "
        "is there."
    )
    default_code = "precondition_required"


def tag(value: Any) -> str:
    """Return the entity tag of a JSON value."""
    text = json.dumps(value, sort_keys=True, default=str, separators=(",", ":"))
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def _given(request: Request, header: str) -> list[str]:
    text = request.headers.get(header, "").strip()
    return ["*"] if text == "*" else _TAG.findall(text)


def answer(request: Request, data: Any, etag: str = "") -> Response:
    """Answer with ``data`` and its tag, or 304 where the client has it already."""
    etag = etag or tag(data)
    seen = {given.removeprefix("W/") for given in _given(request, "If-None-Match")}
    if request.method == "GET" and ("*" in seen or etag in seen):
        return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": etag})
    return Response(data, headers={"ETag": etag})


def holds(request: Request, etag: str, *, required: bool = True) -> bool:
    """Whether ``If-Match`` names the present tag. Without the header it does, unless it is
    ``required``.

    RFC 9110 asks that a request that is wrong by itself is told so first; so look at this,
    check the content, and ``refuse`` only then.
    """
    if "If-Match" not in request.headers:
        if required:
            raise PreconditionRequired
        return True
    given = _given(request, "If-Match")
    return given == ["*"] or etag in given


def check(request: Request, etag: str, *, required: bool = True) -> None:
    """Refuse a change whose ``If-Match`` is not the present tag."""
    if not holds(request, etag, required=required):
        raise refused()


def refused() -> PreconditionFailed:
    """The refusal of a change of what is not there any more."""
    return PreconditionFailed(
        "This was changed since you loaded it. Load it again and repeat your change."
    )
