"""LDAP and Active Directory: find the entry, bind as it, read its groups."""

from __future__ import annotations

import secrets
import uuid
from collections import deque
from typing import Any

from ldap3.utils.conv import escape_filter_chars

from accounts.models import Provider, ProviderKind
from accounts.providers import vaulted
from accounts.providers.claims import Claims
from accounts.providers.config import SETTINGS, AdSettings, DirectorySettings, parse
from accounts.providers.ldap_connection import Directory, search
from accounts.providers.problems import ProviderRefused

_IN_CHAIN = ":1.2.840.113556.1.4.1941:"
_MOST_GROUPS = 1000
_DEEPEST = 10
_LONGEST_NAME = 256


def verify(provider: Provider, name: str, password: str) -> Claims:
    """Return who ``name`` is if ``password`` is theirs, else raise ``ProviderRefused``.

    Where there is no such entry a bind is made all the same, so that both answers take as long.
    """
    settings: DirectorySettings = parse(SETTINGS[provider.kind], provider.settings)
    name = name.strip()
    if not password or not name or len(name) > _LONGEST_NAME or "\0" in name + password:
        raise ProviderRefused("the name or the password is empty or impossible")
    directory = Directory(settings, vaulted.read(provider, "bind_password"))
    with directory.searching() as connection:
        entry = _find(connection, settings, user_filter(settings, name))
        if entry is None:
            directory.proves(f"cn={secrets.token_hex(8)},{settings.user_base}", password)
            raise ProviderRefused("there is no such entry, or more than one")
        if not directory.proves(entry["dn"], password):
            raise ProviderRefused("wrong password, or the directory refuses the account")
        return _claims(connection, settings, entry)


def look_up(provider: Provider, name: str) -> Claims | None:
    """Find somebody without their password, for a test of the settings."""
    settings: DirectorySettings = parse(SETTINGS[provider.kind], provider.settings)
    directory = Directory(settings, vaulted.read(provider, "bind_password"))
    with directory.searching() as connection:
        entry = _find(connection, settings, user_filter(settings, name))
        return _claims(connection, settings, entry) if entry else None


def test(provider: Provider) -> list[str]:
    """Connect, bind and search; return what was found, a line each."""
    settings: DirectorySettings = parse(SETTINGS[provider.kind], provider.settings)
    directory = Directory(settings, vaulted.read(provider, "bind_password"))
    with directory.searching() as connection:
        lines = [f"Connected to {connection.server.host}, encrypted; bound."]
        for title, base in (("Users", settings.user_base), ("Groups", settings.group_base)):
            if base:
                search(connection, base, "(objectClass=*)", ["1.1"], 1)
                lines.append(f"{title}: {base} can be searched.")
    return lines


def user_filter(settings: DirectorySettings, name: str) -> str:
    """The filter that finds ``name``; nothing in a name reaches the filter unescaped."""
    if isinstance(settings, AdSettings):
        return settings.user_filter.replace("{name}", _ad_name(settings, name))
    return settings.user_filter.replace("{username}", escape_filter_chars(name))


def _ad_name(settings: AdSettings, name: str) -> str:
    """``DOMAIN\\name``, ``name@domain`` or ``name``, as Active Directory knows it."""
    _domain, backslash, account = name.rpartition("\\")
    if backslash:
        return f"(sAMAccountName={escape_filter_chars(account)})"
    if "@" in name:
        return f"(userPrincipalName={escape_filter_chars(name)})"
    account = escape_filter_chars(name)
    if not settings.default_domain:
        return f"(sAMAccountName={account})"
    principal = f"{account}@{escape_filter_chars(settings.default_domain)}"
    return f"(|(sAMAccountName={account})(userPrincipalName={principal}))"


def group_filter(settings: DirectorySettings, dn: str) -> str:
    """The filter that finds the groups of the entry ``dn``."""
    query = settings.group_filter
    if settings.nested == "chain":
        query = query.replace("={dn}", f"{_IN_CHAIN}={{dn}}")
    return query.replace("{dn}", escape_filter_chars(dn))


def _find(connection: Any, settings: DirectorySettings, query: str) -> Any | None:
    wanted = {settings.username_attribute, settings.name_attribute, settings.email_attribute,
              settings.subject_attribute}  # fmt: skip
    found = search(connection, settings.user_base, query, sorted(wanted - {""}), 2)
    return found[0] if len(found) == 1 else None


def _claims(connection: Any, settings: DirectorySettings, entry: Any) -> Claims:
    subject = _subject(entry, settings.subject_attribute)
    username = _text(entry, settings.username_attribute)
    if not subject or not username:
        raise ProviderRefused(
            f"the entry has no {settings.subject_attribute} or no {settings.username_attribute}"
        )
    return Claims(
        issuer=settings.user_base.lower(),
        subject=subject,
        username=username,
        email=_text(entry, settings.email_attribute),
        display_name=_text(entry, settings.name_attribute),
        groups=tuple(sorted(_groups(connection, settings, entry["dn"]))),
        methods=("password",),
    )


def _groups(connection: Any, settings: DirectorySettings, dn: str) -> set[str]:
    """Names of the groups that an entry is in, through other groups too."""
    if not settings.group_base:
        return set()
    names: set[str] = set()
    seen, waiting = {dn.lower()}, deque([(dn, 0)])
    while waiting and len(seen) < _MOST_GROUPS:
        member, depth = waiting.popleft()
        for group in _groups_of(connection, settings, member):
            if group["dn"].lower() in seen:
                continue  # groups may hold each other
            seen.add(group["dn"].lower())
            if name := _text(group, settings.group_attribute):
                names.add(name)
            if settings.nested == "walk" and depth < _DEEPEST:
                waiting.append((group["dn"], depth + 1))
    return names


def _groups_of(connection: Any, settings: DirectorySettings, dn: str) -> list[Any]:
    query = group_filter(settings, dn)
    return search(
        connection, settings.group_base, query, [settings.group_attribute], _MOST_GROUPS
    )


def _values(entry: Any, name: str) -> list[bytes]:
    """An attribute's values, whatever the case that the server spells its name in."""
    for known, values in entry["raw_attributes"].items():
        if known.lower() == name.lower():
            return list(values)
    return []


def _text(entry: Any, name: str) -> str:
    values = _values(entry, name) if name else []
    return values[0].decode("utf-8", "replace").strip()[:300] if values else ""


def _subject(entry: Any, name: str) -> str:
    """The attribute that never changes; ``objectGUID`` is binary and written as a UUID."""
    values = _values(entry, name)
    if not values:
        return ""
    if name.lower() == "objectguid" and len(values[0]) == 16:
        return str(uuid.UUID(bytes_le=values[0]))
    return values[0].decode("utf-8", "replace").strip()[:300]


def is_directory(provider: Provider) -> bool:
    """Whether ``provider`` is one of these."""
    return provider.kind in {ProviderKind.LDAP, ProviderKind.AD}
