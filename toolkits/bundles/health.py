"""Runs a version's own health check, before it is activated."""

from __future__ import annotations

from typing import Any

from toolkits import settings_store
from toolkits.errors import BundleError
from toolkits.models import Toolkit
from toolkits.runtime.conversation import CallRefused, Listener, converse
from toolkits.runtime.describe import entry_file
from toolkits.runtime.process import RunnerProcess
from toolkits.runtime.spec import RunnerSpec

_SECONDS = 30.0


class _HealthRun(Listener):
    """Answers for settings alone: a version that is not active has no records to look at."""

    def __init__(self, toolkit: Toolkit | None, schema: dict[str, Any] | None) -> None:
        self._toolkit, self._schema = toolkit, schema

    def call(self, message: dict[str, Any]) -> Any:
        if message["type"] != "settings":
            raise CallRefused("unsupported", f"{message['type']} is not there in a health check")
        if self._toolkit is None or self._schema is None:
            return {}
        return settings_store.reveal(self._toolkit, self._schema)[0]


def check(spec: RunnerSpec, described: dict[str, Any], toolkit: Toolkit | None) -> None:
    """Run the check, where the toolkit has one. Raises ``BundleError`` with what it said."""
    if not described.get("health"):
        return
    schema = (described.get("settings") or {}).get("schema")
    try:
        runner = RunnerProcess(spec)
    except OSError as error:
        raise BundleError(f"the runner could not be started: {error.strerror}") from error
    try:
        request = {"type": "run", "kind": "health", "name": "health", "inputs": {}}
        outcome = converse(
            runner, request, _HealthRun(toolkit, schema), timeout=_SECONDS, grace=1.0
        )
    finally:
        runner.end()
    if outcome.kind != "result":
        raise BundleError(
            f"its health check failed: {outcome.reason}",
            where=entry_file(spec),
            hint="The version that is active stays active.",
        )
