"""The form that a browser's passkey fills in: what it is asked, and what it answered.

What was asked is kept in the session, and good for one answer.
"""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest

from accounts.mfa import passkeys
from accounts.models import FactorKind, User

_STATE = "accounts.passkey"
_LONGEST = 20_000


def ask_to_prove(request: HttpRequest, user: User) -> str:
    """What the browser is asked to sign, as JSON; empty for whoever has no passkey."""
    if not any(factor.kind == FactorKind.PASSKEY for factor in user.factors.all()):
        return ""
    return _ask(request, passkeys.begin_proving(user))


def ask_to_make(request: HttpRequest, user: User) -> str:
    """What the browser is asked to make, as JSON; empty where browsers allow none."""
    return _ask(request, passkeys.begin_adding(user)) if passkeys.available() else ""


def _ask(request: HttpRequest, begun: tuple[dict[str, Any], dict[str, Any]]) -> str:
    options, request.session[_STATE] = begun
    return json.dumps(options)


def answered(request: HttpRequest) -> tuple[dict[str, Any], Any] | None:
    """What was asked and what came back; None where the form holds no passkey's answer."""
    text = request.POST.get("passkey")
    if not text:
        return None
    return request.session.pop(_STATE, None) or {}, _json(text)


def _json(text: str) -> Any:
    if len(text) > _LONGEST:
        return {}
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return {}
