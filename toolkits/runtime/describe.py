"""Reads what a toolkit can do from its code, in a runner, once, at install."""

from __future__ import annotations

from typing import Any

from toolbox import jsontext
from toolkits.bundles import progress
from toolkits.errors import BundleError
from toolkits.runtime.conversation import Listener, Outcome, converse
from toolkits.runtime.process import RunnerProcess
from toolkits.runtime.spec import RunnerSpec

_SECONDS = 30.0
_KEPT_LINES = 20
_HINT = "Correct the toolkit's code."
_LISTS = ("operations", "collections", "cards")


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
    if outcome.kind != "result":
        raise _refused(outcome, lines.words, entry_file(spec))
    if why := _unsound(outcome.value):
        raise BundleError(why, where=entry_file(spec), hint=_HINT)
    return dict(outcome.value)


def entry_file(spec: RunnerSpec) -> str:
    """The file of the bundle that its entry names."""
    path = spec.entry.replace(".", "/")
    return f"{path}.py" if (spec.bundle / f"{path}.py").is_file() else f"{path}/__init__.py"


def _refused(outcome: Outcome, words: list[str], file: str) -> BundleError:
    report = outcome.error or {}
    placed = [(_where(error) or file, str(error["message"])) for error in report.get("errors", [])]
    if placed:
        return BundleError.several(placed, hint=_HINT)
    trace = report.get("traceback") or ""
    message = ". ".join(part.rstrip(".") for part in (outcome.reason, trace) if part)
    if outcome.kind == "crashed" and words:
        message += ". Its last words: " + " / ".join(words)
    return BundleError(message[:2000], where=file, hint=_HINT)


def _where(error: dict[str, Any]) -> str:
    """The file and line that the runner told; nothing where it is not of that form."""
    loc = error.get("loc") or []
    if [type(part) for part in loc] != [str, int] or not jsontext.storable(loc[0]):
        return ""
    return f"{loc[0][:200]}:{loc[1]}"


def _unsound(value: Any) -> str:
    """Why a description cannot be kept: toolkit code may have made it up. Empty if it can."""
    if not isinstance(value, dict) or not all(map(_named, map(value.get, _LISTS))):
        return "what it says of itself is not of the form that the SDK gives"
    try:
        jsontext.check_texts(value)
    except jsontext.JsonError as error:
        return f"what it says of itself cannot be kept: {error}"
    return ""


def _named(entries: Any) -> bool:
    return isinstance(entries, list) and all(
        isinstance(entry, dict) and isinstance(entry.get("name"), str) for entry in entries
    )
