"""What a toolkit can do, read from its code: functions to JSON Schema."""

from __future__ import annotations

import functools
import inspect
import re
import typing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, WithJsonSchema, create_model
from pydantic.errors import PydanticUserError

from toolkit_sdk import asking
from toolkit_sdk.errors import DescribeError, DescribeErrors
from toolkit_sdk.fields import Settings, secret_fields
from toolkit_sdk.references import reference_of
from toolkit_sdk.toolkit import Collection, Operation, Toolkit
from toolkit_sdk.views import View

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_FIELD = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_EFFECTS = ("read", "change", "destroy")
T = TypeVar("T")
_ON_VAULT_AWAY = ("fail", "wait")


@functools.cache
def parameter_hints(function: Callable[..., Any]) -> dict[str, Any]:
    """The annotations of a function as types; not to be changed. Raises ``DescribeError``."""
    try:
        return typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError) as error:
        raise DescribeError(
            f"{function.__name__}: its annotations cannot be read: {error}"
        ) from None


@functools.cache
def input_model(function: Callable[..., Any], toolkit: Toolkit) -> type[BaseModel]:
    """Return a pydantic model of the function's parameters after ``ctx``. It is made once: a
    warm runner would spend more time on it than on a short operation."""
    hints = parameter_hints(function)
    parameters = list(inspect.signature(function).parameters.values())
    if not parameters:
        raise DescribeError(f"{function.__name__}: the first parameter must be ctx: Context")
    fields: dict[str, Any] = {}
    for parameter in parameters[1:]:
        where = f"{function.__name__}: parameter {parameter.name}"
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise DescribeError(f"{where}: * and ** parameters cannot become a form")
        if parameter.name not in hints:
            raise DescribeError(f"{where} has no type annotation")
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[parameter.name] = (_annotation(hints[parameter.name], toolkit, where), default)
    try:
        config = ConfigDict(extra="forbid", arbitrary_types_allowed=False)
        return create_model(f"{function.__name__}_inputs", __config__=config, **fields)
    except (PydanticUserError, ValidationError, NameError) as error:
        text = str(error).splitlines()[0]
        raise DescribeError(f"{function.__name__}: {text}") from None


def _annotation(hint: Any, toolkit: Toolkit, where: str) -> Any:
    reference = reference_of(hint)
    if reference is None:
        return hint
    for collection in toolkit.collections.values():
        if collection.model is reference.model:
            schema = {"type": "string", "format": "uuid", "x-record": collection.name}
            one: Any = Annotated[str, WithJsonSchema(schema)]
            return reference.rebuilt(one)
    raise DescribeError(f"{where}: {reference.model.__name__} is not a collection of this toolkit")


def _schema(model: type[BaseModel], where: str) -> dict[str, Any]:
    try:
        schema = model.model_json_schema()
    except PydanticUserError as error:
        raise DescribeError(f"{where}: {str(error).splitlines()[0]}") from None
    schema.setdefault("properties", {})
    return schema


def _returns(function: Callable[..., Any]) -> str:
    hint = parameter_hints(function).get("return")
    if isinstance(hint, type) and issubclass(hint, View) and hint is not View:
        return str(hint.model_fields["view"].default)
    return "json"


def _about(function: Callable[..., Any]) -> str:
    return inspect.cleandoc(function.__doc__ or "")


def _operation(operation: Operation, toolkit: Toolkit) -> dict[str, Any]:
    where = f"operation {operation.name}"
    if not _NAME.fullmatch(operation.name):
        raise DescribeError(f"{where}: a name is lower-case letters, digits and underscores")
    if operation.effect not in _EFFECTS:
        raise DescribeError(f"{where}: effect is one of {', '.join(_EFFECTS)}")
    if operation.timeout is not None and operation.timeout < 1:
        raise DescribeError(f"{where}: timeout is a number of seconds from 1")
    if operation.on_vault_away not in _ON_VAULT_AWAY:
        raise DescribeError(f"{where}: on_vault_away is one of {', '.join(_ON_VAULT_AWAY)}")
    if operation.interactive and operation.on_vault_away == "wait":
        raise DescribeError(f"{where}: somebody waits for it, so it cannot wait for Vault")
    described = {key: value for key, value in vars(operation).items() if key != "function"}
    described["concurrency"] = asdict(operation.concurrency) if operation.concurrency else None
    described["backoff"] = asdict(operation.backoff) if operation.backoff else None
    described["locks"] = list(operation.locks)
    inputs = _schema(input_model(operation.function, toolkit), where)
    _check_keys(operation, inputs["properties"], where)
    asking.complete(inputs, toolkit, where)
    return {
        **described,
        "description": _about(operation.function),
        "inputs": inputs,
        "returns": _returns(operation.function),
    }


def _check_keys(operation: Operation, parameters: dict[str, Any], where: str) -> None:
    """Limits and locks may name parameters alone, and none that is secret: keys are shown."""
    named = [name for lock in operation.locks for name in _FIELD.findall(lock)]
    if operation.concurrency and operation.concurrency.scope == "key":
        named.append(operation.concurrency.key or "")
    for name in named:
        if name not in parameters:
            raise DescribeError(f"{where}: a lock or limit names {name!r}, which is no parameter")
        if "x-secret" in str(parameters[name]):
            raise DescribeError(f"{where}: a lock or limit names {name!r}, which is secret")


class _Wrong:
    """Gathers what is wrong, so that an author sees all of it at once."""

    def __init__(self) -> None:
        self.errors: list[DescribeError] = []

    def each(
        self, entries: Iterable[T], one: Callable[[T], dict[str, Any]], about: Callable[[T], Any]
    ) -> list[dict[str, Any]]:
        """What ``one`` says of each entry; ``about`` is the function or class to look at."""
        return [found for entry in entries for found in self._try(entry, one, about(entry))]

    def _try(self, entry: T, one: Callable[[T], Any], about: Any) -> Iterator[Any]:
        try:
            yield one(entry)
        except DescribeError as error:
            error.place = error.place or place_of(about)
            self.errors.append(error)


def place_of(about: Any) -> tuple[str, int] | None:
    """The file and line at which a function or class begins."""
    try:
        return inspect.getsourcefile(about) or "", inspect.getsourcelines(about)[1]
    except (OSError, TypeError):
        return None


def describe(toolkit: Toolkit, sdk: str) -> dict[str, Any]:
    """Return the description that the platform stores. Raises ``DescribeErrors``."""
    wrong = _Wrong()
    operations = wrong.each(
        toolkit.operations.values(),
        lambda entry: _operation(entry, toolkit),
        lambda entry: entry.function,
    )
    collections = wrong.each(
        toolkit.collections.values(), _collection, lambda entry: entry.model
    )
    settings = wrong.each(filter(None, [toolkit.settings_model]), _settings, lambda model: model)
    if wrong.errors:
        raise DescribeErrors(wrong.errors)
    return {
        "sdk": sdk,
        "operations": operations,
        "collections": collections,
        "settings": settings[0] if settings else None,
        "cards": [
            {
                "name": card.name,
                "title": card.title,
                "refresh": card.refresh,
                "description": _about(card.function),
            }
            for card in toolkit.cards.values()
        ],
        "cleanup": {"timeout": toolkit.cleanup_hook.timeout} if toolkit.cleanup_hook else None,
        "health": toolkit.health_check is not None,
    }


def _collection(entry: Collection) -> dict[str, Any]:
    if not _NAME.fullmatch(entry.name):
        raise DescribeError(f"collection {entry.name}: lower-case letters, digits and underscores")
    return {
        "name": entry.name,
        "title": entry.title,
        "description": entry.description,
        "schema": _schema(entry.model, f"collection {entry.name}"),
        "secret_fields": secret_fields(entry.model),
    }


def _settings(model: type[Settings]) -> dict[str, Any]:
    needed = [name for name, field in model.model_fields.items() if field.is_required()]
    if needed:
        raise DescribeError(f"settings: {', '.join(needed)} needs a default")
    return {"schema": _schema(model, "settings"), "secret_fields": secret_fields(model)}


__all__ = ["describe", "input_model"]
