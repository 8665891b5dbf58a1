"""Secret fields of records and settings: the value in Vault, a reference in the row."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from toolbox import secrets
from toolbox.secrets import SecretsError, StoredSecret

log = logging.getLogger(__name__)

#: What reads a secret by its path: the platform's client, or that of a run.
Read = Callable[[str], StoredSecret]

#: What stands in the row: ``{"$vault": "<path>#<field>"}``.
MARK = "$vault"
#: What a form or client sends to leave a stored secret as it is.
UNCHANGED = "••••"


def path_of(slug: str, path: str) -> str:
    """Where a secret that a toolkit names is in the mount: its own, or one that toolkits share."""
    return path if path.startswith("shared/") else f"toolkits/{slug}/{path}"


def is_reference(value: Any) -> bool:
    """Whether a stored value is a reference to Vault."""
    return isinstance(value, dict) and set(value) == {MARK}


def store(
    path: str, fields: Iterable[str], data: dict[str, Any], before: dict[str, Any]
) -> dict[str, Any]:
    """Write new secret values of ``data`` to ``path`` and return it with references.

    ``UNCHANGED`` or an absent field keeps what ``before`` refers to; an empty one drops it.
    """
    kept, fresh = dict(data), {}
    for name in fields:
        value = data.get(name, UNCHANGED)
        if value == UNCHANGED or is_reference(value):
            kept.pop(name, None)
            if is_reference(before.get(name)):
                kept[name] = before[name]
        elif value in (None, ""):
            kept[name] = None
        else:
            fresh[name] = value
            kept[name] = {MARK: f"{path}#{name}"}
    if fresh:
        secrets.client().merge(path, fresh)
    return kept


def forget(path: str) -> None:
    """Delete the secrets at ``path``, whose owner is gone. While Vault is away they stay, and are
    found without an owner later (``orphans.py``)."""
    try:
        secrets.client().delete(path)
    except SecretsError as error:
        log.warning("the secrets at %s remain in Vault for now: %s", path, error)


def forget_cleared(path: str, kept: dict[str, Any], before: dict[str, Any]) -> None:
    """Delete in Vault what ``before`` referred to and ``kept``, which is in the database by now,
    does not any more. While Vault is away it stays there, and is said by its path."""
    cleared = [name for name in before if is_reference(before[name]) and not kept.get(name)]
    if not cleared:
        return
    if not any(map(is_reference, kept.values())):
        forget(path)
        return
    try:
        secrets.client().without(path, cleared)
    except SecretsError as error:
        log.warning("%s of %s remain in Vault for now: %s", ", ".join(cleared), path, error)


def public(fields: Iterable[str], data: dict[str, Any]) -> dict[str, Any]:
    """Return ``data`` with a mask in place of each secret that is set."""
    return {**data, **{name: UNCHANGED for name in fields if data.get(name)}}


def reveal(data: dict[str, Any], read: Read | None = None) -> tuple[dict[str, Any], list[str]]:
    """Return ``data`` with its secrets, and their values for redaction.

    ``read`` is how a run reads; without it the platform does.
    """
    references = {name: value[MARK] for name, value in data.items() if is_reference(value)}
    if not references:
        return data, []
    read = read or secrets.client().get
    paths = {reference.partition("#")[0] for reference in references.values()}
    contents = {path: read(path) for path in sorted(paths)}
    values = {}
    for name, reference in references.items():
        path, _, field = reference.partition("#")
        values[name] = contents[path].fields.get(field)
    return {**data, **values}, [str(value) for value in values.values() if value]
