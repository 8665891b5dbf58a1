"""Turns Django's sign-in signals into events."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed

from toolbox import events


def connect() -> None:
    """Connect the receivers, once a process."""
    user_logged_in.connect(_signed_in, dispatch_uid="audit.signed_in")
    user_logged_out.connect(_signed_out, dispatch_uid="audit.signed_out")
    user_login_failed.connect(_failed, dispatch_uid="audit.sign_in_failed")


def _signed_in(sender: Any, request: Any, user: Any, **_: Any) -> None:
    how = getattr(request, "signed_in_by", None)
    events.emit(
        "auth.signed_in",
        actor=user,
        target=user,
        provider=how.provider if how else "",
        method=", ".join(how.methods) if how else "",
    )


def _signed_out(sender: Any, user: Any, **_: Any) -> None:
    if user is not None:
        events.emit("auth.signed_out", actor=user, target=user)


def _failed(sender: Any, credentials: dict[str, Any], **_: Any) -> None:
    name = str(credentials.get("username", ""))[:150].replace("\0", "")
    events.emit("auth.sign_in_failed", outcome="failure", username=name)
