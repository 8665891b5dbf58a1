"""What went wrong in toolkit code, as the protocol's ``error`` message tells it."""

from __future__ import annotations

import traceback
from typing import Any

from pydantic import ValidationError

from toolkit_sdk.errors import Cancelled, DescribeError, DescribeErrors, ToolkitError, plain

_LONGEST = 2000


class Failure(Exception):
    """A failure whose kind is known. ``cause`` is what the toolkit raised, if anything."""

    def __init__(self, kind: str, message: str, cause: BaseException | None = None) -> None:
        super().__init__(message)
        self.kind, self.cause = kind, cause


def failure_of(error: BaseException, bundle: str) -> dict[str, Any]:
    """Return ``kind``, ``message``, ``traceback`` (the toolkit's frames alone) and ``errors``."""
    if isinstance(error, Failure):
        return _known(error, bundle)
    if isinstance(error, Cancelled):
        return _report(error.kind, "the job was asked to stop")
    if isinstance(error, DescribeError):
        found = error.errors if isinstance(error, DescribeErrors) else [error]
        errors = [_placed(each, str(each), bundle, each.place) for each in found]
        return {**_report("describe_error", str(error)), "errors": errors}
    if isinstance(error, ToolkitError):
        if field := getattr(error, "field", ""):
            errors = [{"loc": _place(str(field)), "message": error.message}]
            return {**_report("invalid_inputs", str(error)), "errors": errors}
        return _report("failed" if getattr(error, "retry", True) else "permanent", str(error))
    if isinstance(error, SystemExit):
        message = f"the toolkit called sys.exit({error.code!r})"
        return _report("failed", message, _frames(error, bundle))
    return _report("failed", _sentence(error), _frames(error, bundle))


def _place(field: str) -> list[str | int]:
    """``filters.groups`` and ``hosts.0.name`` as the places that they are within an input."""
    return [int(part) if part.isdecimal() else part for part in field.split(".")]


def _known(error: Failure, bundle: str) -> dict[str, Any]:
    cause = error.cause
    if cause is None:
        return _report(error.kind, str(error))
    if isinstance(cause, ValidationError):
        errors = [
            {"loc": list(item["loc"]), "message": item["msg"].removeprefix("Value error, ")}
            for item in cause.errors(include_url=False, include_context=False, include_input=False)
        ]
        return {**_report(error.kind, f"{error}: {plain(cause)}"), "errors": errors}
    message = f"{error}: {_sentence(cause)}"
    report = _report(error.kind, message, _frames(cause, bundle))
    return {**report, "errors": [_placed(cause, message, bundle)]}


def _placed(
    error: BaseException, message: str, bundle: str, place: tuple[str, int] | None = None
) -> dict[str, Any]:
    """An error with the file of the bundle and the line in it, where they are known: those
    given, those of what cannot be parsed, or those of the last of the toolkit's own frames."""
    if place is None and isinstance(error, SyntaxError):
        place = (error.filename or "", error.lineno or 1)
    if place is None or not place[0].startswith(bundle):
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if frame.filename.startswith(bundle)]
        place = (own[-1].filename, own[-1].lineno or 1) if own else None
    loc = [place[0].removeprefix(bundle).lstrip("/"), place[1]] if place else []
    return {"loc": loc, "message": message[:_LONGEST]}


def _sentence(error: BaseException) -> str:
    text = str(error)
    if isinstance(error, MemoryError) and not text:
        text = "it needed more memory than a runner may have (TOOLKIT_RUNNER_MEMORY_BYTES)"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _report(kind: str, message: str, frames: str | None = None) -> dict[str, Any]:
    return {"kind": kind, "message": message[:_LONGEST], "traceback": frames, "errors": []}


def _frames(error: BaseException, bundle: str) -> str | None:
    """The frames from the first one in the bundle on, with paths relative to it."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [index for index, frame in enumerate(frames) if frame.filename.startswith(bundle)]
    if not own:
        return None
    lines = []
    for frame in frames[own[0] :]:
        name = frame.filename.removeprefix(bundle).lstrip("/")
        lines.append(f"{name}:{frame.lineno} in {frame.name}")
        if frame.line:
            lines.append(f"    {frame.line}")
    return "\n".join([*lines, _sentence(error)])[-8000:]
