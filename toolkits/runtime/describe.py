"""Reads what a toolkit can do from its code, in a runner, once, at install."""

from __future__ import annotations

from typing import Any

from toolkits.bundles import progress
from toolkits.errors import BundleError
from toolkits.runtime.conversation import Listener, converse
from toolkits.runtime.process import RunnerProcess
from toolkits.runtime.spec import RunnerSpec

_SECONDS = 30.0
_KEPT_LINES = 20


class _Lines(Listener):
    def __init__(self) -> None:
        self.words: list[str] = []

    def tick(self) -> str | None:
        progress.heed()
        return None

    def lines(self, lines: list[list[Any]]) -> None:
        self._keep([str(text) for _, _, _, text in lines])

    def output(self, stream: str, lines: list[str], beginning: str) -> None:
        self._keep([*lines, beginning] if beginning else lines)

    def _keep(self, texts: list[str]) -> None:
        self.words = [*self.words, *texts][-_KEPT_LINES:]


def describe(spec: RunnerSpec) -> dict[str, Any]:
    """Return the description. Raises ``BundleError`` with what the toolkit's code did wrong."""
    try:
        runner = RunnerProcess(spec)
    except OSError as error:
        raise BundleError(f"the runner could not be started: {error.strerror}") from error
    lines = _Lines()
    try:
        outcome = converse(runner, {"type": "describe"}, lines, timeout=_SECONDS, grace=1.0)
    finally:
        runner.end()
    if outcome.kind == "result":
        return dict(outcome.value)
    report = outcome.error or {}
    trace = report.get("traceback") or ""
    message = ". ".join(part for part in (outcome.reason, trace) if part)
    if outcome.kind == "crashed" and lines.words:
        message += " Its last words: " + " / ".join(lines.words)
    raise BundleError(message[:2000], where=spec.entry, hint="Correct the toolkit's code.")
