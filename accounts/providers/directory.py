"""LDAP and Active Directory: find the entry, bind as it, read its groups."""

from __future__ import annotations

import secrets
import uuid
from collections import deque
from collections.abc import Iterable
from typing import Any

from ldap3.utils.conv import escape_bytes, escape_filter_chars

from accounts.models import Provider, ProviderKind
from accounts.providers import vaulted
from accounts.providers.claims import Claims
from accounts.providers.config import SETTINGS, AdSettings, DirectorySettings, parse
from accounts.providers.ldap_connection import Directory, capabilities, search
from accounts.providers.problems import ProviderRefused, ProviderUnavailable

#: The matching rule by which Active Directory follows groups within groups itself, and what a
#: server that has it says of itself: Active Directory, and Active Directory LDS.
_IN_CHAIN = ":1.2.840.113556.1.4.1941:"
_HAS_CHAIN = {b"1.2.840.113556.1.4.800", b"1.2.840.113556.1.4.1851"}
_GUID = "objectguid"
_CONTROL, _ACCOUNT_DISABLE = "userAccountControl", 2
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


def look_up(provider: Provider, subjects: Iterable[str]) -> dict[str, Claims | None]:
    """Ask for people again who signed in before: what the directory says of them today, or None
    of those whom it no longer has, no longer lets in by the filter, or has disabled."""
    settings: DirectorySettings = parse(SETTINGS[provider.kind], provider.settings)
    directory = Directory(settings, vaulted.read(provider, "bind_password"))
    with directory.searching() as connection:
        found = {subject: _again(connection, settings, subject) for subject in subjects}
        if None in found.values() and not search(
            connection, settings.user_base, "(objectClass=*)", ["1.1"], 1
        ):
            # Whoever may see nothing at all cannot tell that somebody is gone.
            raise ProviderUnavailable(f"Nothing below {settings.user_base} can be seen.")
        return found


def _again(connection: Any, settings: DirectorySettings, subject: str) -> Claims | None:
    same = subject_filter(settings, subject)
    entry = _find(connection, settings, same)
    if entry is None or _disabled(entry):
        return None
    # The filter of the settings may ask for more than a name, such as a group.
    username = _text(entry, settings.username_attribute)
    if not username:
        return None
    entry = _find(connection, settings, f"(&{same}{user_filter(settings, username)})")
    return _claims(connection, settings, entry) if entry else None


def subject_filter(settings: DirectorySettings, subject: str) -> str:
    """The filter that finds the entry of an identity."""
    name = settings.subject_attribute
    if name.lower() == _GUID and (guid := _as_uuid(subject)):
        return f"({name}={escape_bytes(guid.bytes_le)})"
    return f"({name}={escape_filter_chars(subject)})"


def _as_uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _disabled(entry: Any) -> bool:
    """Whether Active Directory has switched the account off."""
    flags = _text(entry, _CONTROL)
    return flags.isdigit() and bool(int(flags) & _ACCOUNT_DISABLE)


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
        # Nobody has this name: what is looked for is whether the server takes the filters.
        nobody = secrets.token_hex(8)
        _find(connection, settings, user_filter(settings, nobody))
        lines.append("The filter for a user is one.")
        if settings.group_base:
            _groups(connection, settings, f"cn={nobody},{settings.user_base}")
            lines.append("The filter for groups is one.")
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


def group_filter(settings: DirectorySettings, dn: str, *, chain: bool = False) -> str:
    """The filter that finds the groups of the entry ``dn``; with ``chain``, in chain."""
    query = settings.group_filter
    if chain:
        query = query.replace("={dn}", f"{_IN_CHAIN}={{dn}}")
    return query.replace("{dn}", escape_filter_chars(dn))


def _find(connection: Any, settings: DirectorySettings, query: str) -> Any | None:
    wanted = {settings.username_attribute, settings.name_attribute, settings.email_attribute,
              settings.subject_attribute}  # fmt: skip
    if isinstance(settings, AdSettings):
        wanted.add(_CONTROL)
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
    how = settings.nested
    if how == "chain" and not _HAS_CHAIN & capabilities(connection):
        how = "walk"  # a server that has no such rule would find no group at all
    names: set[str] = set()
    seen, waiting = {dn.lower()}, deque([(dn, 0)])
    while waiting and len(seen) < _MOST_GROUPS:
        member, depth = waiting.popleft()
        for group in _groups_of(connection, settings, member, chain=how == "chain"):
            if group["dn"].lower() in seen:
                continue  # groups may hold each other
            seen.add(group["dn"].lower())
            if name := _text(group, settings.group_attribute):
                names.add(name)
            if how == "walk" and depth < _DEEPEST:
                waiting.append((group["dn"], depth + 1))
    return names


def _groups_of(
    connection: Any, settings: DirectorySettings, dn: str, *, chain: bool
) -> list[Any]:
    query = group_filter(settings, dn, chain=chain)
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
    if name.lower() == _GUID and len(values[0]) == 16:
        return str(uuid.UUID(bytes_le=values[0]))
    return values[0].decode("utf-8", "replace").strip()[:300]


def is_directory(provider: Provider) -> bool:
    """Whether ``provider`` is one of these."""
    return provider.kind in {ProviderKind.LDAP, ProviderKind.AD}
