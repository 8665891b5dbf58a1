"""What the pages about one's own account ask first."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts.models import User, UserSession

P = ParamSpec("P")


class AccountRequest(HttpRequest):
    """A request of somebody who is signed in; ``sign_in`` is the row of their session."""

    user: User
    sign_in: UserSession


def own_page(
    view: Callable[Concatenate[AccountRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Let only people who are signed in; no cache keeps what they see."""

    @sensitive_post_parameters()
    @never_cache
    @wraps(view)
    def guarded(request: Any, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    return cast("Callable[Concatenate[HttpRequest, P], HttpResponseBase]", guarded)


def safe_next(target: str, fallback: str) -> str:
    """Return ``target`` if it stays on this site, else ``fallback``.

    No host is let through, not even the one that the request names: that header is a
    stranger's too.
    """
    if target.startswith("/") and url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        return target
    return resolve_url(fallback)
