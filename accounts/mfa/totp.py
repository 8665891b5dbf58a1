"""Codes of an authenticator app (RFC 6238). Its secret is in Vault."""

from __future__ import annotations

import hmac
import time

import pyotp
import segno
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import Factor, FactorKind, User
from toolbox import secrets
from toolbox.secrets import SecretNotFound

ISSUER = "SRE Toolbox"
_STEP = 30
_DRIFT = 1
_FIELD, _WAITING = "totp", "totp_waiting"


def begin(user: User) -> str:
    """Return the secret of an app that is being set up, the same until it has proved itself."""
    try:
        waiting = secrets.client().read(_path(user)).get(_WAITING)
    except SecretNotFound:
        waiting = None
    if not isinstance(waiting, str):
        waiting = pyotp.random_base32(32)  # 160 random bits
        secrets.client().merge(_path(user), {_WAITING: waiting})
    return waiting


def address(user: User, secret: str) -> str:
    """What the app reads: an ``otpauth:`` address."""
    host = settings.FRONTEND_BASE_URL.partition("//")[2].partition(":")[0]
    name = f"{user.username}@{host}"
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


def picture(uri: str) -> str:
    """The address as a QR code, in a ``data:`` address of an image."""
    return segno.make(uri, error="m").svg_data_uri(scale=5, border=3, light="#fff", dark="#000")


def matching_step(secret: str, code: str, after: int = 0) -> int | None:
    """The time step of which ``code`` is, a step to either side allowed; none up to ``after``
    counts, so that a code that was looked at over a shoulder is spent."""
    digits = "".join(code.split())
    if len(digits) != 6 or not digits.isascii() or not digits.isdigit():
        return None
    now, app, found = int(time.time()) // _STEP, pyotp.TOTP(secret), None
    for step in range(now - _DRIFT, now + _DRIFT + 1):
        right = hmac.compare_digest(app.generate_otp(step), digits)
        if right and step > after:
            found = step
    return found


def add(user: User, secret: str, step: int) -> Factor:
    """Keep an app that proved itself with the code of ``step``."""
    secrets.client().write(_path(user), {_FIELD: secret})
    return Factor.objects.create(user=user, kind=FactorKind.TOTP, data={"step": step})


def verify(factor: Factor, code: str) -> bool:
    """Whether ``code`` is right and was not used before; it is spent by this."""
    secret = secrets.client().read(_path(factor.user)).get(_FIELD, "")
    with transaction.atomic():
        row = Factor.objects.select_for_update().get(pk=factor.pk)
        step = matching_step(secret, code, int(row.data.get("step", 0))) if secret else None
        if step is None:
            return False
        row.data = {**row.data, "step": step}
        row.last_used_at = timezone.now()
        row.save(update_fields=["data", "last_used_at"])
    return True


def forget(user: User) -> None:
    """Delete the secret of the app from Vault."""
    secrets.client().delete(_path(user))


def _path(user: User) -> str:
    return f"auth/users/{user.pk}"
