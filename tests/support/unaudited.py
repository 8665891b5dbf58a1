"""Watches every request of every test: what changes rows must leave an event."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.test.client import ClientHandler

_WRITE = re.compile(r'^\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?([a-z_]+)"?', re.IGNORECASE)

# What is noted at every use: when a session, a token was last seen.
_USE = re.compile(r'"last_(?:seen|used)[a-z_]*" =')

#: Tables whose rows change by mere use, or hold no act of a person, each with why.
NO_ACT = {
    "audit_event": "the trail itself",
    "audit_chainhead": "the trail itself",
    "audit_checkpoint": "the trail itself",
    "audit_signingkey": "the trail itself",
    "django_session": "kept by Django for every visitor",
    "toolkits_idempotencykey": "remembers the answer to a request; the act has its own event",
    "toolkits_installplan": "a bundle that waits; refusing and confirming it are events",
    "toolkits_cardstate": "a cache",
    "toolkits_runpreset": "inputs that a person keeps for themselves, without secrets",
    "toolkits_consolepreferences": "how a person likes their own pages",
    "accounts_signinthrottle": "counts attempts; refused ones and lockouts are events",
}


@contextmanager
def watched() -> Iterator[list[str]]:
    """Collect the requests that changed rows and left no event."""
    found: list[str] = []
    handle = ClientHandler.__call__

    def watching(self: ClientHandler, environ: dict[str, Any]) -> Any:
        tables: set[str] = set()

        def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            result = execute(sql, params, many, context)
            match = _WRITE.match(sql)
            if match and context["cursor"].rowcount and not _USE.search(sql):
                tables.add(match[1])
            return result

        with connection.execute_wrapper(note):
            response = handle(self, environ)
        changed = tables - set(NO_ACT)
        if changed and "audit_event" not in tables and response.status_code < 400:
            act = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
            found.append(f"{act} changed {', '.join(sorted(changed))}")
        return response

    ClientHandler.__call__ = watching  # type: ignore[method-assign]
    try:
        yield found
    finally:
        ClientHandler.__call__ = handle  # type: ignore[method-assign]
