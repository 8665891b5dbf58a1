"""What toolkit code raises, and what may be raised in it."""

from __future__ import annotations

from pydantic import ValidationError


class ToolkitError(Exception):
    """Raise it to fail a job with a message for people; it is shown without a traceback.

    ``retry=False`` says that trying again cannot help, so that no attempt follows. ``field``
    names the input that is to blame, or a place in it, like ``filters.groups`` or
    ``hosts.0.name``: the form shows the message there, and no attempt follows.
    """

    def __init__(self, message: str = "", *, retry: bool = True, field: str = "") -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.message, self.retry, self.field = message, retry, field


class DescribeError(Exception):
    """A toolkit that cannot be described: which function or class, and what to change.

    ``place`` is the file and line to look at, where they are known.
    """

    def __init__(self, message: str, place: tuple[str, int] | None = None) -> None:
        super().__init__(message)
        self.place = place


class DescribeErrors(DescribeError):
    """Everything that keeps a toolkit from being described, each with its place."""

    def __init__(self, errors: list[DescribeError]) -> None:
        super().__init__("; ".join(map(str, errors)))
        self.errors = errors


class Cancelled(BaseException):
    """The job was cancelled. Raised by ``ctx.progress``, ``ctx.checkpoint`` and ``ctx.sleep``.

    Not an ``Exception``, so that ``except Exception`` does not swallow it.
    """

    kind = "cancelled"


class TimedOut(Cancelled):
    """The job ran out of its time limit."""

    kind = "timed_out"


class CallError(ToolkitError):
    """The platform refused a call. ``kind`` is ``not_found``, ``conflict``, ``invalid``,
    ``unavailable`` or ``unsupported``."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def plain(error: ValidationError) -> str:
    """What a model found wrong, as one line: each place and what is wrong there."""
    found = []
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        where = ".".join(map(str, item["loc"])) or "value"
        found.append(f"{where}: {item['msg'].removeprefix('Value error, ')}")
    return "; ".join(found)
