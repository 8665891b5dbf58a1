"""What a parameter asks of the form beyond its type: choices that the toolkit's own code gives,
and the field that decides whether it is shown."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic.annotated_handlers import GetJsonSchemaHandler
from pydantic_core import CoreSchema

from toolkit_sdk.errors import DescribeError

if TYPE_CHECKING:
    from toolkit_sdk.toolkit import Operation, Toolkit


@dataclass(frozen=True)
class Choices:
    """``Annotated[str, Choices(zones)]``: the form offers what the operation ``zones`` returns.

    ``zones`` is an operation of the same toolkit, ``interactive`` and with effect ``read``, that
    returns a list of texts, or of objects with ``value`` and ``label``. Its parameters are the
    other inputs that it depends on: it is asked again when one of those changes. What it offers
    is help, no check: other values can be typed, and arrive by the API.
    """

    provider: Callable[..., Any] | str

    @property
    def name(self) -> str:
        """Name of the operation."""
        return self.provider if isinstance(self.provider, str) else self.provider.__name__

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "x-choices": {"operation": self.name}}


@dataclass(frozen=True, init=False)
class ShowIf:
    """``Annotated[str, ShowIf("mode", "custom")]``: the form shows the field only while the
    other one has one of the values. Hidden, it is not sent, so the parameter needs a default."""

    field: str
    values: tuple[Any, ...]

    def __init__(self, field: str, *values: Any) -> None:
        object.__setattr__(self, "field", field)
        object.__setattr__(self, "values", values or (True,))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        mark = {"field": self.field, "values": [getattr(v, "value", v) for v in self.values]}
        return {**handler(schema), "x-show-if": mark}


def complete(inputs: dict[str, Any], toolkit: Toolkit, where: str) -> None:
    """Write into ``inputs``, the schema of an operation, what its choices depend on.

    Raises ``DescribeError`` for a provider or field that is not there or does not fit.
    """
    parameters = inputs["properties"]
    for name, schema in parameters.items():
        if mark := schema.get("x-choices"):
            if not _is_text(schema):
                raise DescribeError(f"{where}: parameter {name}: choices are for str")
            mark["depends"] = _depends(mark["operation"], toolkit, parameters, f"{where}: {name}")
        if mark := schema.get("x-show-if"):
            if mark["field"] not in parameters or mark["field"] == name:
                raise DescribeError(f"{where}: {name} is shown by {mark['field']!r}, no input")
            if name in inputs.get("required", []):
                raise DescribeError(f"{where}: {name} can be hidden, so it needs a default")


def _is_text(schema: dict[str, Any]) -> bool:
    kinds = {option.get("type") for option in schema.get("anyOf", [schema])}
    return kinds <= {"string", "null"}


def _depends(name: str, toolkit: Toolkit, parameters: dict[str, Any], where: str) -> list[str]:
    provider: Operation | None = toolkit.operations.get(name)
    if provider is None:
        raise DescribeError(f"{where}: there is no operation {name!r} to give its choices")
    if not provider.interactive or provider.effect != "read":
        raise DescribeError(f"{where}: {name} gives choices, so it is interactive and only reads")
    wanted = list(inspect.signature(provider.function).parameters.values())[1:]
    for parameter in wanted:
        if parameter.default is parameter.empty and parameter.name not in parameters:
            raise DescribeError(f"{where}: {name} needs {parameter.name!r}, which is no input here")
        if "x-secret" in str(parameters.get(parameter.name, "")):
            raise DescribeError(f"{where}: {name} depends on {parameter.name!r}, which is secret")
    return [parameter.name for parameter in wanted if parameter.name in parameters]
