"""What can go wrong, each with the exit code that scripts see."""

from __future__ import annotations

from typing import Any

import click

OK = 0
JOB_FAILED = 1
USAGE = 2
NOT_SIGNED_IN = 3
NOT_FOUND = 4
REFUSED = 5
UNREACHABLE = 6
JOB_CANCELLED = 7
JOB_TIMED_OUT = 8
JOB_LOST = 9
INTERRUPTED = 130

#: How a job's end is told to a script.
BY_STATE = {
    "succeeded": OK,
    "failed": JOB_FAILED,
    "cancelled": JOB_CANCELLED,
    "timed_out": JOB_TIMED_OUT,
    "lost": JOB_LOST,
}

_BY_STATUS = {401: NOT_SIGNED_IN, 403: NOT_SIGNED_IN, 404: NOT_FOUND, 429: UNREACHABLE}


class ClientError(click.ClickException):
    """Something that the person should read, and the code to leave with."""

    def __init__(self, message: str, exit_code: int = REFUSED) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # click reads it of the instance


class NotSignedIn(ClientError):
    """There is no session, or it has ended."""

    def __init__(self, message: str) -> None:
        super().__init__(message, NOT_SIGNED_IN)


class Unreachable(ClientError):
    """The server does not answer, or is too busy to."""

    def __init__(self, message: str) -> None:
        super().__init__(message, UNREACHABLE)


class ApiError(ClientError):
    """The server refused: its problem details, in words."""

    def __init__(self, status: int, problem: dict[str, Any], retry_after: float = 0) -> None:
        self.status, self.problem, self.retry_after = status, problem, retry_after
        code = UNREACHABLE if status >= 500 else _BY_STATUS.get(status, REFUSED)
        super().__init__(_words(status, problem), code)

    @property
    def words(self) -> list[str]:
        """The messages of the places that the server named."""
        return [str(error.get("message", "")) for error in self.problem.get("errors") or []]

    def names(self, place: str) -> bool:
        """Whether the server named this place."""
        return any(error.get("loc") == [place] for error in self.problem.get("errors") or [])


def _words(status: int, problem: dict[str, Any]) -> str:
    title = problem.get("title") or f"The server answered {status}"
    detail = str(problem.get("detail") or "")
    lines = [f"{title}: {detail}" if detail and detail != title else str(title)]
    for error in problem.get("errors") or []:
        place = _place(error.get("loc") or [])
        line = f"{place}: {error.get('message', '')}" if place else str(error.get("message", ""))
        if line not in detail:
            lines.append(f"  {line}")
    if status >= 500 and problem.get("request_id"):
        lines.append(f"  (request {problem['request_id']})")
    return "\n".join(lines)


def _place(loc: list[Any]) -> str:
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
