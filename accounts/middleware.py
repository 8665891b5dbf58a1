"""Checks the session of every request against its row."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse

from accounts import sessions
from accounts.models import SessionKind, User
from toolbox import context


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
            if row is None or request.user != row.user:
                request.session.flush()
                request.user = AnonymousUser()
            else:
                request.sign_in = row  # type: ignore[attr-defined]
                sessions.touch(row)
                context.note_user(row.user.username)
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


def end_session(sender: object, request: HttpRequest, user: User | None, **_: object) -> None:
    """Django's signal at ``logout``: the row ends with it."""
    row = sessions.find(request.session.get(sessions.ROW_KEY, ""), SessionKind.BROWSER)
    if row is not None:
        sessions.close(row, "signed out")
