"""Who may change whose account."""

from __future__ import annotations

from accounts.models import User
from accounts.roles import SYSTEM_ADMIN

#: Whoever acts without an account: commands and sign-in providers.
SYSTEM = None


def may_edit(actor: User | None, user: User) -> bool:
    """Whether ``actor`` may change the account of ``user`` (not: their own rights)."""
    if actor is SYSTEM:
        return True
    if not actor.has_perm("accounts.change_user"):
        return False
    return actor.is_system_admin or not user.is_system_admin


def may_give(actor: User | None, role: str) -> bool:
    """Whether ``actor`` may give or take ``role``."""
    if actor is SYSTEM:
        return True
    if not actor.has_perm("accounts.change_user"):
        return False
    return actor.is_system_admin or role != SYSTEM_ADMIN
