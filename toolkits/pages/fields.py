"""From JSON Schema to the fields of a form, as templates/toolkits/_field.html draws them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from toolkits.errors import FieldError
from toolkits.pages import wire
from toolkits.pages.widgets import label_of, shown, widget_of
from toolkits.schemas import Schema, properties, resolve, without_null
from toolkits.vaulted import UNCHANGED, is_reference

Choices = list[tuple[str, str]]
#: Of a collection and what is chosen of it: the choices, and whether there are more.
Records = Callable[[str, Sequence[str]], tuple[Choices, bool]]
#: Of a part ("records", "choices") and a field's name.
PartUrl = Callable[[str, str], str]
#: Stands in the address of a row that list-field.js has yet to number.
NEW_ROW = "__row__"
_MISSING: Any = object()
_INPUT_TYPES = {"email": "email", "uri": "url", "url": "url"}


@dataclass
class Field:
    """One field; what each attribute means stands at the top of _field.html."""

    name: str
    label: str
    widget: str = "text"
    help: str = ""
    required: bool = False
    errors: list[str] = field(default_factory=list)
    value: Any = ""
    choices: Choices = field(default_factory=list)
    minimum: str = ""
    maximum: str = ""
    step: str = ""
    pattern: str = ""
    #: What the pattern means, in words; the browser shows it where something does not fit.
    says: str = ""
    placeholder: str = ""
    max_length: int | None = None
    input_type: str = "text"
    fields: list[Field] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    template: Row | None = None
    stored: bool = False
    collection: str = ""
    search_url: str = ""
    choices_url: str = ""
    depends: list[str] = field(default_factory=list)
    # What a choice provider said: read already, and what went wrong.
    loaded: bool = False
    problem: str = ""
    show_if: dict[str, Any] | None = None

    @property
    def sent_as(self) -> str:
        """The name of its control."""
        return wire.sent_as(self.name)

    @property
    def asks_with(self) -> str:
        """The controls that its choices depend on."""
        return ",".join(map(wire.sent_as, self.depends))


@dataclass
class Row:
    """One entry of a list of objects."""

    name: str
    number: int
    index: str
    fields: list[Field]


def part_url(slug: str, operation: str) -> PartUrl:
    """Return what gives the addresses of the parts of an operation's form."""

    def address(part: str, name: str) -> str:
        return reverse(f"operation-{part}", args=[slug, operation, name])

    return address


def _no_records(collection: str, chosen: Sequence[str]) -> tuple[Choices, bool]:
    return [], False


@dataclass
class Context:
    """What building needs beside the schema."""

    root: Schema
    errors: list[FieldError]
    records: Records
    stored: frozenset[str] = frozenset()
    part_url: PartUrl | None = None
    used: set[int] = field(default_factory=set)


def build(
    schema: Schema,
    values: dict[str, Any],
    errors: Iterable[FieldError] = (),
    *,
    records: Records = _no_records,
    stored: Iterable[str] = (),
    part_url: PartUrl | None = None,
) -> tuple[list[Field], list[str]]:
    """Return the fields, and the errors that belong to none of them.

    ``values`` holds JSON types, or the text that was typed where it fits no type. ``stored``
    names secrets that have a value already; ``records`` gives the choices of a collection;
    ``part_url`` the address of a field's search or choices, of those that can have one.
    """
    context = Context(schema, list(errors), records, frozenset(stored), part_url)
    made = _object_fields(schema, values, "", (), context, blank=False)
    left = [str(one) for i, one in enumerate(context.errors) if i not in context.used]
    return made, left


def _object_fields(
    schema: Schema,
    values: dict[str, Any],
    prefix: str,
    loc: tuple[str | int, ...],
    context: Context,
    *,
    blank: bool,
) -> list[Field]:
    required = set(schema.get("required", []))
    made = []
    for name, given in properties(schema).items():
        value = values.get(name, _MISSING)
        if value is _MISSING:
            value = None if blank else resolve(given, context.root).get("default")
        made.append(
            _field(given, prefix + name, (*loc, name), value, context, required=name in required)
        )
    return made


def _field(
    given: Schema,
    name: str,
    loc: tuple[str | int, ...],
    value: Any,
    context: Context,
    *,
    required: bool,
) -> Field:
    schema, nullable = without_null(given, context.root)
    widget = widget_of(schema, context.root)
    made = Field(
        name=name,
        label=label_of({**schema, **given}, str(loc[-1])),
        widget=widget,
        help=str(given.get("description") or schema.get("description") or ""),
        required=required and not nullable,
    )
    _limits(made, schema)
    if widget == "group":
        inner = value if isinstance(value, dict) else {}
        blank = nullable and not inner
        made.errors = _take(context, loc, deep=False)
        made.fields = _object_fields(schema, inner, name + ".", loc, context, blank=blank)
    elif widget == "rows":
        _rows(made, schema, value, loc, context)
    else:
        made.errors = _take(context, loc, deep=True)
        made.value = shown(schema, widget, value)
        made.choices = _choices(made, schema, widget, context)
        _ask(made, schema, context)
    if widget == "checkbox" and nullable:
        made.widget, made.choices = "select", [("true", _("Yes")), ("false", _("No"))]
        made.value = "" if value is None else str(value).lower()
    if widget == "password":
        made.stored = name in context.stored or value == UNCHANGED or is_reference(value)
    if shown_by := schema.get("x-show-if"):
        made.show_if = {**shown_by, "field": wire.sent_as(str(shown_by["field"]))}
    return made


def _ask(made: Field, schema: Schema, context: Context) -> None:
    """Say where a field's choices come from, if code of the toolkit gives them."""
    mark = schema.get("x-choices")
    if mark and context.part_url and made.widget == "choices":
        made.choices_url = context.part_url("choices", made.name)
        made.depends = [str(name) for name in mark.get("depends", [])]


def _limits(made: Field, schema: Schema) -> None:
    if made.widget in {"list", "multiselect"}:
        items = schema.get("items") or {}
        number = items.get("type") in {"integer", "number"}
        made.input_type = "number" if number else _INPUT_TYPES.get(str(items.get("format")), "text")
        schema = items
    made.minimum = str(schema.get("minimum", schema.get("exclusiveMinimum", "")))
    made.maximum = str(schema.get("maximum", schema.get("exclusiveMaximum", "")))
    made.step = str(schema.get("multipleOf", "1" if schema.get("type") == "integer" else ""))
    if made.widget == "text":
        made.input_type = _INPUT_TYPES.get(str(schema.get("format")), "text")
        made.max_length = schema.get("maxLength")
        made.pattern = _browser_pattern(schema.get("pattern"))
        made.says = str(schema.get("x-says") or "") if made.pattern else ""
    if made.widget == "duration":
        made.placeholder = "90s, 15m, 1h 30m"
    examples = schema.get("examples") or []
    if examples and made.widget in {"text", "textarea"}:
        made.placeholder = str(examples[0])


def _browser_pattern(pattern: object) -> str:
    """Return a pattern for the ``pattern`` attribute, which is anchored by itself."""
    text = str(pattern or "")
    if not (text.startswith("^") and text.endswith("$")):
        return ""
    # Python and browsers read these differently; the server decides then.
    return "" if "(?" in text or "\\A" in text or "\\Z" in text else text


def _take(context: Context, loc: tuple[str | int, ...], *, deep: bool) -> list[str]:
    """Return the errors at ``loc``; with ``deep`` those below it too, saying where."""
    found = []
    for index, error in enumerate(context.errors):
        if error.loc == loc:
            found.append(_sentence(error.message))
        elif deep and error.loc[: len(loc)] == loc:
            rest = error.loc[len(loc) :]
            place = _entry(rest)
            where = place or FieldError(rest, "").where
            found.append(f"{_sentence(where)}: {error.message}")
        else:
            continue
        context.used.add(index)
    return found


def _entry(rest: tuple[str | int, ...]) -> str:
    if len(rest) == 1 and isinstance(rest[0], int):
        return _("entry %(number)d") % {"number": rest[0] + 1}
    return ""


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _choices(made: Field, schema: Schema, widget: str, context: Context) -> Choices:
    if widget == "multiselect":
        schema, _nullable = without_null(schema["items"], context.root)
    if collection := schema.get("x-record"):
        chosen = made.value if isinstance(made.value, list) else [made.value]
        made.collection = str(collection)
        found, more = context.records(made.collection, chosen)
        if more and context.part_url:
            made.search_url = context.part_url("records", made.name)
        return found
    if widget not in {"select", "multiselect"}:
        return []
    values = schema.get("enum") or [schema.get("const")]
    labels = schema.get("x-labels") or {}
    return [(str(one), str(labels.get(str(one), one))) for one in values if one is not None]


def _rows(
    made: Field, schema: Schema, value: Any, loc: tuple[str | int, ...], context: Context
) -> None:
    items, _nullable = without_null(schema["items"], context.root)
    made.errors = _take(context, loc, deep=False)
    entries = [one if isinstance(one, dict) else {} for one in value or []]
    for number, entry in enumerate(entries):
        made.errors += _take(context, (*loc, number), deep=False)
        inner = _object_fields(
            items, entry, f"{made.name}[{number}].", (*loc, number), context, blank=False
        )
        made.rows.append(Row(made.name, number + 1, str(number), inner))
    fresh = Context(context.root, [], context.records)
    inner = _object_fields(items, {}, f"{made.name}[{NEW_ROW}].", (*loc, 0), fresh, blank=False)
    made.template = Row(made.name, 0, NEW_ROW, inner)
