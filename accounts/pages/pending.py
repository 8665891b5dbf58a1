"""A sign-in that lacks its second factor: kept in the session, worth nothing by itself."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.http import HttpRequest

from accounts.mfa.policy import Lacking
from accounts.models import User
from accounts.signin import Proof

_KEY = "accounts.pending"
_SECONDS = 600


@dataclass(frozen=True)
class Pending:
    """Who proved what so far, what is lacking, and where they want to go."""

    proof: Proof
    lacking: Lacking
    target: str


def put(request: HttpRequest, pending: Pending) -> None:
    """Keep it under a new session key."""
    request.session.cycle_key()
    proof = pending.proof
    request.session[_KEY] = {
        "user": str(proof.user.pk), "provider": proof.provider, "methods": list(proof.methods),
        "id_token": proof.id_token, "lacking": str(pending.lacking), "target": pending.target,
        "at": int(time.time()), "stamp": proof.user.get_session_auth_hash(),
    }  # fmt: skip


def get(request: HttpRequest) -> Pending | None:
    """What is pending, while it is fresh and the account is as it was."""
    kept = request.session.get(_KEY)
    if not kept or time.time() - kept["at"] > _SECONDS:
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    if user is None or user.get_session_auth_hash() != kept["stamp"]:
        return None
    proof = Proof(user, kept["provider"], tuple(kept["methods"]), kept["id_token"])
    return Pending(proof, Lacking(kept["lacking"]), kept["target"])


def drop(request: HttpRequest) -> None:
    """Forget it."""
    request.session.pop(_KEY, None)
