"""Secrets that must exist for the platform to work, told by the parts that need them."""

from __future__ import annotations

from collections.abc import Callable

#: By path in the KV mount, the fields to seed it with where it is missing.
Placeholders = dict[str, dict[str, str]]
_providers: list[Callable[[], Placeholders]] = []

#: What a seeded field holds until somebody puts in the real value.
PLACEHOLDER = "replace-me"


def register(provider: Callable[[], Placeholders]) -> None:
    """Let ``provider`` name secrets when Vault is being made ready."""
    if provider not in _providers:
        _providers.append(provider)


def wanted() -> Placeholders:
    """Return all that the registered parts need."""
    found: Placeholders = {}
    for provider in _providers:
        for path, fields in provider().items():
            found[path] = {**found.get(path, {}), **fields}
    return found
