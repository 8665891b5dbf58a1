"""Where a user's permissions hold: everywhere, or for the toolkits that they were granted.

Toolkits are named by slug alone here; ``toolkits.access`` turns a scope into querysets.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from accounts.roles import CORE_ROLES

if TYPE_CHECKING:
    from accounts.models import User

#: What a narrowed role gives. Adding toolkits is not among it: a new toolkit has no name yet.
NARROWABLE = frozenset(
    label
    for labels in CORE_ROLES.values()
    for label in labels
    if label.startswith("toolkits.")
) - {"toolkits.add_toolkit", "toolkits.view_all_jobs"}

_SEES_JOBS = frozenset({"toolkits.view_all_jobs"})

# How far a personal token's scopes reach: each permission needs one of these.
READ, RUN, MANAGE = "read", "run", "manage"
TOKEN_SCOPES = (READ, RUN, MANAGE)
_RUN = frozenset({"toolkits.use_toolkit"})


@dataclass(frozen=True)
class Scope:
    """Where one permission holds. False in a truth test when it holds nowhere."""

    everywhere: bool = False
    toolkits: frozenset[str] = frozenset()
    operations: frozenset[tuple[str, str]] = frozenset()

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.toolkits or self.operations)

    def covers(self, toolkit: str, operation: str = "") -> bool:
        """Whether it holds for all of ``toolkit``, or for one ``operation`` of it."""
        if self.everywhere or toolkit in self.toolkits:
            return True
        return bool(operation) and (toolkit, operation) in self.operations

    def touches(self, toolkit: str) -> bool:
        """Whether it holds for ``toolkit`` or at least for one operation of it."""
        return self.covers(toolkit) or any(slug == toolkit for slug, _ in self.operations)

    @property
    def touched(self) -> frozenset[str]:
        """Slugs of the toolkits that it touches, when it does not hold everywhere."""
        return self.toolkits | {slug for slug, _ in self.operations}

    def within(self, toolkits: frozenset[str]) -> Scope:
        """The part of it that lies in ``toolkits``."""
        if self.everywhere:
            return Scope(toolkits=toolkits)
        kept = frozenset(pair for pair in self.operations if pair[0] in toolkits)
        return Scope(toolkits=self.toolkits & toolkits, operations=kept)


NOWHERE = Scope()
EVERYWHERE = Scope(everywhere=True)


@dataclass(frozen=True)
class TokenLimits:
    """What the personal token of this request leaves of its owner's rights."""

    scopes: frozenset[str]
    toolkits: frozenset[str] = field(default_factory=frozenset)

    def allow(self, permission: str) -> bool:
        """Whether a token of these scopes may use ``permission`` at all."""
        return level(permission) in self.scopes


def level(permission: str) -> str:
    """The token scope that ``permission`` needs."""
    name = permission.partition(".")[2]
    if name.startswith("view_"):
        return READ
    return RUN if permission in _RUN else MANAGE


def scope(user: Any, permission: str) -> Scope:
    """Where ``user`` has ``permission``: by role everywhere, by grant where it says so."""
    limits: TokenLimits | None = getattr(user, "token_limits", None)
    if limits and not limits.allow(permission):
        return NOWHERE
    found = _scope(user, permission)
    return found.within(limits.toolkits) if limits and limits.toolkits else found


def _scope(user: Any, permission: str) -> Scope:
    if not user.is_active or user.is_anonymous:
        return NOWHERE
    if user.has_role_permission(permission):
        return EVERYWHERE
    if permission not in NARROWABLE | _SEES_JOBS:
        return NOWHERE
    grants = [grant for grant in user.grant_list if permission in _given(grant)]
    return Scope(
        toolkits=frozenset(grant.toolkit_slug for grant in grants if not grant.operation),
        operations=frozenset(
            (grant.toolkit_slug, grant.operation) for grant in grants if grant.operation
        ),
    )


def _given(grant: Any) -> frozenset[str]:
    given = CORE_ROLES.get(grant.role, frozenset()) & NARROWABLE
    return given | _SEES_JOBS if grant.sees_jobs else given


def has_permission(user: User, permission: str, obj: Any = None) -> bool:
    """``User.has_perm``: for an object that belongs to a toolkit, grants count too."""
    found = scope(user, permission)
    if found.everywhere:
        return True
    slug = _toolkit_of(obj)
    return bool(slug) and found.covers(slug, getattr(obj, "operation", "") or "")


def _toolkit_of(obj: Any) -> str:
    return str(getattr(obj, "toolkit_slug", "") or getattr(obj, "slug", "") or "")
