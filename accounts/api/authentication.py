"""Bearer tokens: access tokens of a living session, and personal tokens."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from accounts import personal_tokens, tokens
from accounts.access import READ
from accounts.models import PersonalToken, User, UserSession
from accounts.problems import TokenRefused
from toolbox import context
from toolbox.events import Actor, ActorKind


class AccessTokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer …``. What a personal token may not do is refused here, before a
    view is asked, and again wherever a permission is checked."""

    def authenticate(self, request: Request) -> tuple[User, PersonalToken | UserSession] | None:
        scheme, _, text = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        user, credential = _check(text.strip().decode("ascii", "replace"))
        context.note_user(user.username)
        if isinstance(credential, PersonalToken):
            context.note_credential(Actor(ActorKind.TOKEN, str(credential.pk), str(credential)))
            _keep_within(credential, request)
        return user, credential

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


def bearer_of(request: HttpRequest) -> User | None:
    """Whose token a request carries, before a view is asked; None without a good one."""
    scheme, _, text = get_authorization_header(request).partition(b" ")  # type: ignore[arg-type]
    if scheme.lower() != b"bearer":
        return None
    try:
        return _check(text.strip().decode("ascii", "replace"))[0]
    except AuthenticationFailed:
        return None


def _check(text: str) -> tuple[User, PersonalToken | UserSession]:
    try:
        if text.startswith(personal_tokens.PREFIX):
            return personal_tokens.check(text)
        session = tokens.check_access(text)
    except TokenRefused as refused:
        raise AuthenticationFailed(str(refused)) from None
    return session.user, session


def _keep_within(token: PersonalToken, request: Request) -> None:
    view: Any = (request.parser_context or {}).get("view")
    if getattr(view, "people_only", False):
        raise PermissionDenied("Personal tokens may not do this. Sign in instead.")
    if request.method not in SAFE_METHODS and set(token.scopes) <= {READ}:
        raise PermissionDenied("This token may read only.")
