"""Checks the session of every request against its row, and applies what its person prefers."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from accounts import backends, sessions, users
from accounts.models import SessionKind, User, UserSession
from toolbox import context

ZONE_COOKIE = "zone"


def session_rows(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: a cookie whose row has ended is worth nothing, from the next request on.

    Sets ``request.sign_in`` to the row, or to None for a stranger.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        request.sign_in = None  # type: ignore[attr-defined]
        if SESSION_KEY in request.session:
            row = sessions.find(request.session.get(sessions.ROW_KEY, ""), SessionKind.BROWSER)
            if row is None or not _is_of(request, row.user):
                request.session.flush()
                request.user = AnonymousUser()
            else:
                request.sign_in = row  # type: ignore[attr-defined]
                sessions.touch(row)
                context.note_user(row.user.username)
        return get_response(request)

    return middleware


def _is_of(request: HttpRequest, user: User) -> bool:
    """Whether the session is of ``user``, by all that Django checks of one."""
    with backends.known(user):
        return bool(request.user == user)


def preferences(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: times and words are those that the person chose; without a choice, those of the
    platform and of their browser."""

    def middleware(request: HttpRequest) -> HttpResponse:
        row: UserSession | None = getattr(request, "sign_in", None)
        if row is None:
            return get_response(request)
        chosen = row.user.language or translation.get_language()
        zone = ZoneInfo(row.user.time_zone) if row.user.time_zone else None
        with timezone.override(zone), translation.override(chosen):
            request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE
            return get_response(request)

    return middleware


def begin_session(sender: object, request: HttpRequest, user: User, **_: object) -> None:
    """Django's signal at every ``login``: however a session came to be, it has a row."""
    if not request.session.session_key:
        request.session.create()
    old = request.session.get(sessions.ROW_KEY)
    if old and (row := sessions.find(old, SessionKind.BROWSER)):
        sessions.close(row, "signed in again")
    how = getattr(request, "signed_in_by", None)
    row = sessions.begin(
        user,
        SessionKind.BROWSER,
        seconds=request.session.get_expiry_age(),
        provider=how.provider if how else "",
        methods=how.methods if how else (),
        session_key=request.session.session_key,
    )
    request.session[sessions.ROW_KEY] = str(row.pk)
    if not user.time_zone and (zone := request.COOKIES.get(ZONE_COOKIE, "")[:64]):
        # Pages write it there: the first sign-in by a browser tells where somebody is.
        users.set_preferences(user, via="browser", time_zone=zone)


def end_session(sender: object, request: HttpRequest, user: User | None, **_: object) -> None:
    """Django's signal at ``logout``: the row ends with it."""
    row = sessions.find(request.session.get(sessions.ROW_KEY, ""), SessionKind.BROWSER)
    if row is not None:
        sessions.close(row, "signed out")
