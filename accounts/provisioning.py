"""From what a provider says to a user with roles: found or made, and mapped anew each time."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import personal_tokens, sessions, users
from accounts.models import Grant, Identity, Provider, User
from accounts.problems import LastAdministrator
from accounts.providers.claims import Claims
from accounts.providers.config import Mapping, parse
from accounts.providers.problems import ProviderRefused
from accounts.roles import CORE_ROLES, SYSTEM_ADMIN
from accounts.rules import SYSTEM
from toolbox.events import emit

_GONE = "the directory no longer has the account"
_ODD = re.compile(r"[^\w.@+-]+")


def user_for(provider: Provider, claims: Claims) -> User:
    """Return the user that this identity belongs to, with the roles of today's groups.

    A name or an email address that matches links nobody: whoever can choose theirs at the
    provider would choose an administrator's.
    """
    try:
        return _user_for(provider, claims)
    except IntegrityError:
        # The same person came for the first time twice at once: now the row is there.
        return _user_for(provider, claims)


@transaction.atomic
def _user_for(provider: Provider, claims: Claims) -> User:
    identity = (
        Identity.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(provider=provider, issuer=claims.issuer, subject=claims.subject)
        .first()
    )
    if identity is None:
        identity = _link(provider, claims, _create(provider, claims))
    user = identity.user
    if not user.is_active:
        raise ProviderRefused("the account is disabled")
    if user.is_service:
        raise ProviderRefused("service accounts sign in by token alone")
    _refresh(identity, claims)
    map_groups(identity)
    return user


@transaction.atomic
def link(provider: Provider, claims: Claims, user: User) -> Identity:
    """Give ``user``, who is signed in, one more way to sign in."""
    taken = Identity.objects.filter(
        provider=provider, issuer=claims.issuer, subject=claims.subject
    ).first()
    if taken is not None and taken.user_id != user.pk:
        raise ProviderRefused("the identity belongs to another account")
    if taken is None:
        taken = _link(provider, claims, user)
    _refresh(taken, claims)
    map_groups(taken)
    return taken


@transaction.atomic
def seen_again(identity: Identity, claims: Claims) -> None:
    """Map today's groups of somebody who did not sign in just now. A role that is lost ends
    their API sessions, as it always does."""
    row = Identity.objects.filter(pk=identity.pk)
    row.update(checked_at=timezone.now())
    identity = row.select_for_update(of=("self",)).select_related("user", "provider").get()
    name, groups = claims.username[:300], list(claims.groups)
    if (identity.name, identity.groups) != (name, groups):
        pairs = {"name": [identity.name, name], "groups": [identity.groups, groups]}
        changes = {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}
        identity.name, identity.groups = name, groups
        identity.save(update_fields=["name", "groups"])
        slug = identity.provider.slug
        emit("identity.changed", target=identity.user, provider=slug, changes=changes)
    map_groups(identity)


@transaction.atomic
def gone(identity: Identity) -> None:
    """Shut out somebody whom the directory no longer has: sessions that it began end, roles that
    it gave go, and tokens too where there is no other way in."""
    user, slug = identity.user, identity.provider.slug
    others = user.identities.exclude(pk=identity.pk)
    had = bool(identity.given_roles or user.grants.filter(source=slug).exists())
    identity.groups, identity.checked_at = [], timezone.now()
    identity.save(update_fields=["groups", "checked_at"])
    map_groups(identity, everybody=False)
    ended = revoked = 0
    if not others.filter(provider=identity.provider).exists():
        ended = sessions.end_all(user, _GONE, provider=slug)
    if not user.has_usable_password() and not others.exists():
        revoked = personal_tokens.revoke_all(user, SYSTEM, _GONE)
    if had or ended or revoked:
        emit("identity.gone", outcome="failure", target=user, provider=slug)


def unlink(actor: User | None, identity: Identity) -> None:
    """Take an identity from its user, and the roles that it gave."""
    with transaction.atomic():
        identity.groups = []
        map_groups(identity, everybody=False)
        emit(
            "identity.unlinked", actor=actor, target=identity.user,
            provider=identity.provider.slug,
        )  # fmt: skip
        identity.delete()


def _create(provider: Provider, claims: Claims) -> User:
    email = claims.email if "@" in claims.email else ""
    if email and User.objects.filter(email__iexact=email).exists():
        email = ""
    return users.create_user(
        SYSTEM,
        _free_name(claims.username, provider.slug),
        email=email[:254],
        display_name=claims.display_name[:150],
    )


def _free_name(wanted: str, slug: str) -> str:
    """A username that nobody has: the one of the directory, or one that says where it is from."""
    name = _ODD.sub("-", User.normalize_username(wanted)).strip("-")[:120] or "user"
    candidates = [name, f"{name}@{slug}"[:150]]
    taken = {
        found.lower()
        for found in User.objects.filter(username__istartswith=name).values_list(
            "username", flat=True
        )
    }
    for candidate in (*candidates, *(f"{name[:110]}@{slug[:30]}-{n}" for n in range(2, 1000))):
        if candidate.lower() not in taken:
            return candidate
    raise ProviderRefused("no username is free")


def _link(provider: Provider, claims: Claims, user: User) -> Identity:
    identity = Identity.objects.create(
        user=user, provider=provider, issuer=claims.issuer, subject=claims.subject
    )
    emit("identity.linked", target=user, provider=provider.slug)
    return identity


def _refresh(identity: Identity, claims: Claims) -> None:
    identity.name = claims.username[:300]
    identity.groups = list(claims.groups)
    identity.last_sign_in_at = identity.checked_at = timezone.now()
    identity.save(update_fields=["name", "groups", "last_sign_in_at", "checked_at"])
    user = identity.user
    if claims.display_name and claims.display_name[:150] != user.display_name:
        user.display_name = claims.display_name[:150]
        user.save(update_fields=["display_name"])


def map_groups(identity: Identity, *, everybody: bool = True) -> None:
    """Give the roles and grants of the identity's groups, and take those that it gave before
    and gives no more. What a person gave stays."""
    provider, user = identity.provider, identity.user
    held = [parse(Mapping, item) for item in provider.mappings]
    held = [mapping for mapping in held if mapping.group in identity.groups]
    roles = {mapping.role for mapping in held if not mapping.toolkit}
    if everybody:
        roles |= set(provider.default_roles)
    _sync_roles(identity, user, roles)
    _sync_grants(user, provider.slug, [mapping for mapping in held if mapping.toolkit])


def _sync_roles(identity: Identity, user: User, roles: set[str]) -> None:
    given = set(identity.given_roles)
    present = set(user.roles) & set(CORE_ROLES)
    try:
        with transaction.atomic():
            users.set_roles(SYSTEM, user, (present - given) | roles)
    except LastAdministrator:
        # A directory must not lock everybody out of accounts: the role stays until there is
        # another administrator.
        roles = roles | {SYSTEM_ADMIN}
        users.set_roles(SYSTEM, user, (present - given) | roles)
    # A role that a person gave before the directory did stays theirs to take.
    kept = sorted((roles - present) | (roles & given))
    if kept != identity.given_roles:
        identity.given_roles = kept
        identity.save(update_fields=["given_roles"])


def _sync_grants(user: User, source: str, wanted: Iterable[Mapping]) -> None:
    keys = {(mapping.role, mapping.toolkit, mapping.operation) for mapping in wanted}
    present = {
        (grant.role, grant.toolkit_slug, grant.operation): grant for grant in user.grants.all()
    }
    for key, grant in present.items():
        if grant.source == source and key not in keys:
            users.take_grant(SYSTEM, grant)
    for role, toolkit, operation in sorted(keys - present.keys()):
        users.give_grant(
            SYSTEM,
            Grant(user=user, role=role, toolkit_slug=toolkit, operation=operation, source=source),
        )
