"""Walks the URLconf and asks every address as each kind of person."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.signals import request_finished
from django.db import close_old_connections, transaction
from django.shortcuts import resolve_url
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

TABLE = Path(__file__).with_name("access_table.toml")
COLUMNS = ("anonymous", "user", "granted", "curator", "admin")
_PARAMETER = re.compile(r"<(?:[^<>:]+:)?([^<>]+)>")


@dataclass(frozen=True)
class Address:
    """One route of the URLconf and the view behind it."""

    route: str
    view: Any

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods worth trying: for a class, those that it has."""
        known: tuple[str, ...] = ("GET", "POST", "PUT", "PATCH", "DELETE")
        if not self.route.startswith("/api/"):
            known = known[:2]
        actions = getattr(self.view, "actions", None)
        cls = getattr(self.view, "cls", None) or getattr(self.view, "view_class", None)
        if actions:
            return tuple(name for name in known if name.lower() in actions)
        if cls is not None:
            return tuple(name for name in known if hasattr(cls, name.lower()))
        return known[:2]


def addresses(patterns: Any = None, prefix: str = "/") -> Iterator[Address]:
    """Every address of the project."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(entry.pattern).removeprefix("^/")
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, route)
        elif isinstance(entry, URLPattern):
            yield Address(route, entry.callback)


class Table:
    """The declared table."""

    def __init__(self, text: str) -> None:
        data = tomllib.loads(text)
        self.parameters: dict[str, dict[str, str]] = data.pop("parameters")
        self.samples: dict[str, str] = data.pop("samples")
        self.rows: dict[str, str] = {}
        for section in data.values():
            for key, outcomes in section.items():
                *methods, route = key.split(" ")
                for method in methods:
                    row = f"{method} {route}"
                    assert row not in self.rows, f"{row} has two rows in {TABLE.name}"
                    self.rows[row] = " ".join(outcomes.split())

    def path(self, route: str, samples: dict[str, str]) -> str:
        """A real path for ``route``."""
        if route in self.samples:
            return _PARAMETER.sub(lambda found: samples[found[1]], self.samples[route])
        assert not re.search(r"[\^$\\(]", route), (
            f"{route} is a regular expression: give a path for it in [samples] of {TABLE.name}"
        )

        def fill(found: re.Match[str]) -> str:
            return samples[self._stands_for(route, found[1], samples)]

        return _PARAMETER.sub(fill, route)

    def _stands_for(self, route: str, name: str, samples: dict[str, str]) -> str:
        prefixes = sorted((p for p in self.parameters if route.startswith(p)), key=len)
        for prefix in reversed(prefixes):
            if name in self.parameters[prefix]:
                return self.parameters[prefix][name]
        raise AssertionError(
            f"What does <{name}> of {route} stand for? Say it in [parameters] of {TABLE.name}: "
            f"one of {', '.join(sorted(samples))} (or add a sample to the test)."
        )


def outcome(client: Client, method: str, path: str) -> str:
    """Ask, undo what it did, and name what came."""
    with transaction.atomic():
        response = client.generic(method, path)
        if response.streaming:
            request_finished.disconnect(close_old_connections)
            response.close()
            request_finished.connect(close_old_connections)
        transaction.set_rollback(True)
    return _name(response)


def _name(response: Any) -> str:
    status = response.status_code
    login = resolve_url(settings.LOGIN_URL) + "?next="
    if status == 401 or (status in {302, 303} and response.url.startswith(login)):
        return "login"
    named = {403: "forbidden", 404: "hidden", 405: "-"}
    if status in named:
        return named[status]
    return "ok" if status < 500 or status == 503 else f"error-{status}"


def suggest(rows: dict[str, str]) -> str:
    """Rows ready to paste; methods of one route that answer alike share one."""
    merged: dict[tuple[str, str], list[str]] = {}
    for key, outcomes in rows.items():
        method, route = key.split(" ", 1)
        merged.setdefault((route, outcomes), []).append(method)
    return "\n".join(
        f'"{" ".join(methods)} {route}" = "{outcomes}"'
        for (route, outcomes), methods in merged.items()
    )
