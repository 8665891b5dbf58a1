"""The ``Idempotency-Key`` header."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from toolkits.jobs import idempotency
from toolkits.models import Job

_KEY = re.compile(r"[\x21-\x7e]{1,200}")


def start(request: Request, asked: Any, begin: Callable[[], Job]) -> tuple[Job, bool]:
    """Start a job, at most once where the request has a key; returns it and whether it is new.

    ``asked`` is what tells this request from another with the same key.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return begin(), True
    if not _KEY.fullmatch(key):
        raise ValidationError({"Idempotency-Key": "must be 1 to 200 visible ASCII characters"})
    return idempotency.once(request.user, key, [request.path, asked], begin)
