"""Watches every request of every test: what changes rows must leave an event."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.test.client import ClientHandler

_WRITE = re.compile(r'^\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?([a-z_]+)"?', re.IGNORECASE)

# What is noted at every use: when a session, a token was last seen, an identity asked for.
_USE = re.compile(r'"last_(?:seen|used|sign_in)[a-z_]*" =|SET "checked_at" = \S+ WHERE')

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


class _Watch:
    """What one request wrote, and in which transaction: a savepoint, within that of the test."""

    def __init__(self) -> None:
        self._depth = len(connection.savepoint_ids)
        self._apart = connection.in_atomic_block
        self.written: set[tuple[str, str]] = set()

    def note(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        match = _WRITE.match(sql)
        if match and context["cursor"].rowcount and not _USE.search(sql):
            within = connection.savepoint_ids[self._depth :]
            self.written.add((match[1], str(within[0]) if within else ""))
        return result

    def problem(self) -> str:
        """What is wrong with it, or nothing."""
        events = {savepoint for table, savepoint in self.written if table == "audit_event"}
        acts = {(table, where) for table, where in self.written if table not in NO_ACT}
        silent = sorted({table for table, _ in acts}) if not events else []
        if silent:
            return f"changed {', '.join(silent)} and left no event"
        loose = sorted({table for table, where in acts if not where or where not in events})
        if loose and self._apart:
            return f"changed {', '.join(loose)} in another transaction than the event"
        return ""


@contextmanager
def watched() -> Iterator[list[str]]:
    """Collect the requests that changed rows and left no event, or one of its own."""
    found: list[str] = []
    handle = ClientHandler.__call__

    def watching(self: ClientHandler, environ: dict[str, Any]) -> Any:
        watch = _Watch()
        with connection.execute_wrapper(watch.note):
            response = handle(self, environ)
        if response.status_code < 400 and (problem := watch.problem()):
            found.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {problem}")
        return response

    ClientHandler.__call__ = watching  # type: ignore[method-assign]
    try:
        yield found
    finally:
        ClientHandler.__call__ = handle  # type: ignore[method-assign]
