"""Parameters that name records of a collection: one, perhaps one, or several."""

from __future__ import annotations

import types
import typing
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Optional, Union

from toolkit_sdk.fields import Record


@dataclass(frozen=True)
class Reference:
    """How a parameter refers to records. ``notes`` are what its ``Annotated`` carries."""

    model: type[Record]
    shape: Literal["one", "optional", "list"]
    notes: tuple[Any, ...] = ()

    def rebuilt(self, one: Any) -> Any:
        """The annotation with ``one`` in the place of the record class."""
        hint: Any = one
        if self.shape == "optional":
            hint = Optional[one]  # noqa: UP045  (made at run time)
        elif self.shape == "list":
            hint = list[one]
        for note in self.notes:
            hint = Annotated[hint, note]
        return hint

    def load(self, value: Any, records: Any) -> Any:
        """Fetch what ``value`` names from ``records``, a collection of the context."""
        if self.shape == "list":
            return [records.get(entry) for entry in value]
        return records.get(value) if value else None


def _record(hint: Any) -> type[Record] | None:
    return hint if isinstance(hint, type) and issubclass(hint, Record) else None


def reference_of(hint: Any) -> Reference | None:
    """Read an annotation; None where it names no record."""
    notes: tuple[Any, ...] = ()
    if typing.get_origin(hint) is Annotated:
        hint, *rest = typing.get_args(hint)
        notes = tuple(rest)
    if model := _record(hint):
        return Reference(model, "one", notes)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is list and (model := _record(arguments[0])):
        return Reference(model, "list", notes)
    if origin in (Union, types.UnionType) and len(arguments) == 2 and type(None) in arguments:
        inner = next(option for option in arguments if option is not type(None))
        if model := _record(inner):
            return Reference(model, "optional", notes)
    return None
