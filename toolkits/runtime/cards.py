"""Refreshes one dashboard card in a runner."""

from __future__ import annotations

import logging
from typing import Any

from django.utils import timezone

from toolbox import context
from toolkits.errors import BundleError
from toolkits.jobs.redaction import Redactor
from toolkits.models import CardState, ToolkitVersion
from toolkits.runtime import run_secrets, worker_state
from toolkits.runtime.calls import Calls
from toolkits.runtime.conversation import Listener, converse
from toolkits.runtime.process import RunnerProcess
from toolkits.runtime.spec import RunnerSpec

log = logging.getLogger(__name__)

_SECONDS = 30.0


class _CardRun(Listener):
    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def call(self, message: dict[str, Any]) -> Any:
        return self._calls.answer(message)

    def tick(self) -> str | None:
        return "stopped" if worker_state.must_stop() else None


def run_card(state_id: str) -> None:
    """Run the card's function and keep its view, or the error beside the last good view."""
    states = CardState.objects.select_related("toolkit__active_version")
    state = states.filter(pk=state_id, toolkit__enabled=True).first()
    if state is None or state.toolkit.active_version is None:
        return
    with context.working(toolkit=state.toolkit.slug):
        try:
            runner = worker_state.pool().acquire(RunnerSpec.of(state.toolkit.active_version))
        except BundleError as error:
            _keep(state, error=f"This version may not be run: {error}.")
            return
        except OSError as error:
            _keep(state, error=f"The runner could not be started: {error.strerror}.")
            return
        try:
            _refresh(state, state.toolkit.active_version, runner)
        finally:
            worker_state.pool().release(runner)


def _refresh(state: CardState, version: ToolkitVersion, runner: RunnerProcess) -> None:
    redactor = Redactor()
    own = run_secrets.of(state.toolkit.slug, version, _SECONDS)
    calls = Calls(state.toolkit, redactor, None, runner.workdir, own)
    request = {"type": "run", "kind": "card", "name": state.name, "inputs": {}}
    try:
        outcome = converse(runner, request, _CardRun(calls), timeout=_SECONDS, grace=1.0)
    finally:
        own.close()
    if outcome.kind == "result":
        _keep(state, view=redactor.value(outcome.value), error="")
    else:
        log.warning("card %s failed: %s", state.name, outcome.reason)
        _keep(state, error=redactor.text(outcome.reason))


def _keep(state: CardState, *, error: str, view: Any = None) -> None:
    values: dict[str, Any] = {"error": error[:500], "refreshed_at": timezone.now()}
    if not error:
        values["view"] = view
    CardState.objects.filter(pk=state.pk).update(**values)
