"""Recovery codes, for when the phone is at the bottom of the sea: each good once."""

from __future__ import annotations

import hashlib
import secrets

from django.db import transaction
from django.utils import timezone

from accounts.models import Factor, FactorKind, User
from toolbox.events import emit

COUNT = 10
# No letters or digits that look alike: 31^10 is 49 bits, and five tries are all one has.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@transaction.atomic
def renew(user: User) -> list[str]:
    """Make new codes in place of the old ones, and return them, to be shown once."""
    codes = [_code() for _ in range(COUNT)]
    Factor.objects.update_or_create(
        user=user,
        kind=FactorKind.RECOVERY,
        defaults={"data": {"codes": [_digest(user, code) for code in codes]}},
    )
    emit("auth.mfa_added", actor=user, target=user, kind="recovery codes")
    return codes


@transaction.atomic
def verify(user: User, code: str) -> bool:
    """Spend ``code``, if it is one of theirs."""
    row = user.factors.select_for_update().filter(kind=FactorKind.RECOVERY).first()
    if row is None:
        return False
    wanted = _digest(user, code)
    left = [kept for kept in row.data["codes"] if not secrets.compare_digest(kept, wanted)]
    if len(left) == len(row.data["codes"]):
        return False
    row.data = {"codes": left}
    row.last_used_at = timezone.now()
    row.save(update_fields=["data", "last_used_at"])
    emit("auth.recovery_code_used", actor=user, target=user, left=len(left))
    return True


def _code() -> str:
    text = "".join(secrets.choice(_ALPHABET) for _ in range(10))
    return f"{text[:5]}-{text[5:]}"


def _digest(user: User, code: str) -> str:
    # Slow on purpose: a stolen table must not give the codes away.
    plain = "".join(code.lower().split()).replace("-", "")
    return hashlib.scrypt(plain.encode(), salt=user.pk.bytes, n=1 << 12, r=8, p=1).hex()[:64]
