"""``{{variables}}`` in what is sent."""

from __future__ import annotations

import datetime as dt
import random
import re
import uuid
from collections.abc import Callable, Mapping

from toolkit_sdk import ToolkitError

_PLACE = re.compile(r"\{\{\s*([$A-Za-z_][\w.$-]*)\s*\}\}")
_MADE: dict[str, Callable[[], str]] = {
    "$uuid": lambda: str(uuid.uuid4()),
    "$timestamp": lambda: str(int(dt.datetime.now(dt.UTC).timestamp())),
    "$now": lambda: dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    "$random": lambda: str(random.randint(0, 999_999)),  # noqa: S311  (no secret)
}


def filled(text: str, values: Mapping[str, str], field: str, what: str = "") -> str:
    """Put values in the places of variables. Raises ``ToolkitError`` for one without a value,
    at the input ``field``; ``what`` says which part of it."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name in values:
            return values[name]
        if name in _MADE:
            return _MADE[name]()
        known = ", ".join(sorted(values)) or "none"
        where = f"{what}: " if what else ""
        raise ToolkitError(
            f"{where}there is no value for {{{{{name}}}}} (known: {known}).", field=field
        )

    return _PLACE.sub(value, text)


def used(text: str) -> list[str]:
    """The names of the variables in a text, without those that are made."""
    return [name for name in _PLACE.findall(text) if name not in _MADE]
