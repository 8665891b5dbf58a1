"""What toolkits' services refuse, in words for the person who asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from toolbox.problems import Problem


@dataclass(frozen=True)
class FieldError:
    """One thing wrong with one input. ``loc`` leads to it: property names and list indexes."""

    loc: tuple[str | int, ...]
    message: str

    @property
    def where(self) -> str:
        """The place as people write it: ``hosts[2].port``; empty for the whole."""
        text = ""
        for part in self.loc:
            text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
        return text

    def as_json(self) -> dict[str, Any]:
        """The place and the message, for an API answer or a job's error."""
        return {"loc": list(self.loc), "message": self.message}

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.loc else self.message


class InputError(Problem):
    """Inputs that do not fit the schema of the operation or collection."""

    http_status = 422
    title = "The inputs are not valid"

    def __init__(self, errors: Iterable[FieldError]) -> None:
        self.field_errors = list(errors)
        super().__init__("; ".join(map(str, self.field_errors)))
        self.errors = [error.as_json() for error in self.field_errors]


class NotUsable(Problem):
    """A toolkit, operation or job whose state does not allow what was asked."""

    http_status = 409
    title = "Not possible in the present state"


class Conflict(Problem):
    """The row was changed by somebody else since the caller read it."""

    http_status = 409
    title = "Changed by somebody else"


class BundleError(Problem):
    """A bundle that is refused: what is wrong, where in it, and what to do."""

    http_status = 422
    title = "The bundle was refused"

    def __init__(self, message: str, where: str = "", hint: str = "") -> None:
        self.message, self.where, self.hint = message, where, hint
        super().__init__(f"{where}: {message}" if where else message)
        self.errors = [{"loc": [where] if where else [], "message": message}]

    @property
    def advised(self) -> str:
        """All of it as sentences: where, what is wrong, and what to do."""
        return f"{str(self).rstrip('.')}. {self.hint}" if self.hint else str(self)

    @classmethod
    def several(cls, found: Sequence[tuple[str, str]], hint: str = "") -> BundleError:
        """An error for each pair of place and message; the first gives the place of it all."""
        (where, first), rest = found[0], found[1:]
        message = "; ".join([first, *(f"{place}: {text}" for place, text in rest)])
        made = cls(message[:2000], where=where, hint=hint)
        made.errors = [{"loc": [place], "message": text} for place, text in found]
        return made


def first_lines(errors: Sequence[FieldError], count: int = 5) -> str:
    """Return the first few errors as one line of text."""
    shown = "; ".join(map(str, errors[:count]))
    return shown if len(errors) <= count else f"{shown}; and {len(errors) - count} more"
