"""Whether somebody who began a long answer may still have it: asked anew, from nothing kept."""

from __future__ import annotations

import copy
from importlib import import_module
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from toolkits import access


def still_sees(request: Request, job_id: UUID) -> bool:
    """Whether the credentials of ``request`` are still good, and show the job."""
    raw = _afresh(request._request)
    again = Request(raw, authenticators=request.authenticators)  # type: ignore[arg-type]
    try:
        user = again.user
    except APIException:
        return False
    return user.is_authenticated and access.visible_jobs(user).filter(pk=job_id).exists()


def _afresh(old: HttpRequest) -> HttpRequest:
    """The request with its session read and its user looked up once more."""
    request = copy.copy(old)
    request.__dict__.pop("_cached_user", None)
    key = old.session.session_key
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    request.user = get_user(request)
    return request
