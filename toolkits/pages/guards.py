"""What every page asks first: who is there, and may they see what the address names.

What is absent and what is forbidden look alike: 404.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.cache import never_cache
from django_htmx.http import HttpResponseClientRefresh
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from toolkits import access
from toolkits.models import Job, Toolkit

P = ParamSpec("P")


class PageRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User
    htmx: HtmxDetails


def page(
    view: Callable[Concatenate[PageRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Let only people who are signed in, and keep the answer out of shared caches.

    A live part of a page whose session has ended gets the whole page loaded anew, so that
    the sign-in form never lands inside of it.
    """

    @never_cache
    @wraps(view)
    def guarded(request: Any, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if request.htmx and not request.htmx.boosted:
            return HttpResponseClientRefresh()
        return redirect_to_login(request.get_full_path())

    return cast("Callable[Concatenate[HttpRequest, P], HttpResponseBase]", guarded)


def find_toolkit(user: User, slug: str) -> Toolkit:
    """Return a toolkit that ``user`` sees, else answer 404."""
    toolkit = access.visible_toolkits(user).filter(slug=slug).first()
    if toolkit is None:
        raise Http404
    return toolkit


def find_job(user: User, job_id: UUID, among: QuerySet[Job] | None = None) -> Job:
    """Return a job that ``user`` sees, else answer 404; ``among`` are those, if known already."""
    jobs = (access.visible_jobs(user) if among is None else among).select_related(
        "requested_by", "toolkit__active_version", "schedule", "plan"
    )
    job = jobs.filter(pk=job_id).first()
    if job is None:
        raise Http404
    return job


def refuse_unless(allowed: bool) -> None:
    """Answer 404 unless ``allowed``."""
    if not allowed:
        raise Http404


def is_partial(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of the page."""
    return bool(getattr(request, "htmx", False))
