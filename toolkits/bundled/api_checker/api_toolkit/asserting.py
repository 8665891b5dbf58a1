"""Checks a response against assertions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import jsonpath
import re2
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from referencing import Registry
from referencing.exceptions import Unresolvable

from api_toolkit.parts import Assertion, Extract
from api_toolkit.sender import Answer

_SHOWN = 200
_MISSING = object()


@dataclass(frozen=True)
class Verdict:
    """An assertion, whether it holds, and what was found."""

    assertion: Assertion
    holds: bool
    found: str

    @property
    def sentence(self) -> str:
        """The assertion in words."""
        one = self.assertion
        what = {"json": one.path, "header": f"header {one.path}"}.get(one.what, one.what)
        if one.what == "schema":
            return f"{one.path or 'body'} fits the schema"
        return f"{what} {one.check} {one.value[:80]}".strip()


class Wrong(ValueError):
    """An assertion that cannot be read."""


def check(assertions: list[Assertion], answer: Answer) -> list[Verdict]:
    """Check every assertion. One that cannot be read does not hold, and says why."""
    verdicts = []
    for one in assertions:
        try:
            holds, found = _check(one, answer)
        except (Wrong, ValueError) as error:
            holds, found = False, str(error)
        verdicts.append(Verdict(one, holds, _shown(found)))
    return verdicts


def _shown(value: Any) -> str:
    if value is _MISSING:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _check(one: Assertion, answer: Answer) -> tuple[bool, Any]:
    if one.what == "schema":
        return _schema(one, answer)
    if one.what == "status" and one.check in ("is", "is not"):
        status = answer.response.status
        return _in_ranges(status, one.value) is (one.check == "is"), status
    found = _part(one, answer)
    if one.check in ("exists", "is absent"):
        return (found is _MISSING) is (one.check == "is absent"), found
    if found is _MISSING:
        return one.check == "is not", found
    return _compare(one, found), found


def _part(one: Assertion, answer: Answer) -> Any:
    if one.what == "status":
        return answer.response.status
    if one.what == "time":
        return answer.total_ms
    if one.what == "body":
        return answer.text
    if not one.path:
        raise Wrong(f"{one.what} needs a path")
    if one.what == "header":
        found = answer.response.header(one.path)
        return _MISSING if found is None else found
    values = find(one.path, answer.json())
    return values[0] if values else _MISSING


def find(path: str, data: Any) -> list[Any]:
    """The values at a JSONPath. Raises ``Wrong`` for what is none."""
    try:
        return list(jsonpath.findall(path, data))
    except jsonpath.JSONPathError as error:
        raise Wrong(f"{path!r} is not a JSONPath: {str(error).splitlines()[0]}") from None


def _in_ranges(status: int, text: str) -> bool:
    for part in text.replace(" ", "").split(","):
        low, dash, high = part.partition("-")
        if len(part) == 3 and part[0].isdigit() and part[1:].lower() == "xx":
            low, dash, high = f"{part[0]}00", "-", f"{part[0]}99"
        if not low.isdigit() or (dash and not high.isdigit()):
            raise Wrong(f"{text!r} is no status; write 200, 2xx, 200-204 or 200,304")
        if int(low) <= status <= int(high if dash else low):
            return True
    return False


def _compare(one: Assertion, found: Any) -> bool:
    if one.check in ("is less than", "is more than"):
        return _order(one, found)
    text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
    if one.check == "contains":
        return _contains(found, text, one.value)
    if one.check == "matches":
        return _matches(one.value, text)
    same = text == one.value or _same_json(found, one.value)
    return same is (one.check == "is")


def _order(one: Assertion, found: Any) -> bool:
    try:
        number, limit = float(found), float(one.value)
    except (TypeError, ValueError):
        raise Wrong(f"{_shown(found)} and {one.value!r} cannot be compared as numbers") from None
    return number < limit if one.check == "is less than" else number > limit


def _contains(found: Any, text: str, wanted: str) -> bool:
    if isinstance(found, list):
        return any(entry == wanted or _same_json(entry, wanted) for entry in found)
    if isinstance(found, dict):
        return wanted in found
    return wanted in text


def _matches(pattern: str, text: str) -> bool:
    # RE2 cannot run away, whatever the pattern and however long the body.
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options).search(text) is not None
    except re2.error as error:
        detail = error.args[0] if error.args else ""
        detail = detail.decode(errors="replace") if isinstance(detail, bytes) else detail
        raise Wrong(f"{pattern!r} is not a pattern: {detail}") from None


def _same_json(found: Any, text: str) -> bool:
    try:
        wanted = json.loads(text)
    except ValueError:
        return False
    return type(wanted) is type(found) and wanted == found


def _schema(one: Assertion, answer: Answer) -> tuple[bool, Any]:
    try:
        schema = json.loads(one.value)
        Draft202012Validator.check_schema(schema)
    except ValueError as error:
        raise Wrong(f"the schema is not JSON: {error}") from None
    except SchemaError as error:
        raise Wrong(f"the schema is not a JSON Schema: {error.message}") from None
    data = answer.json()
    if one.path:
        values = find(one.path, data)
        if not values:
            return False, _MISSING
        data = values[0]
    # An empty registry: nothing is fetched for a reference that leads elsewhere.
    validator = Draft202012Validator(schema, registry=Registry())
    try:
        error = next(iter(validator.iter_errors(data)), None)
    except Unresolvable as problem:
        raise Wrong(f"the schema refers to what is not in it: {problem}") from None
    except ValidationError as problem:
        raise Wrong(problem.message) from None
    if error is None:
        return True, "fits"
    where = "/".join(map(str, error.absolute_path)) or "the whole"
    return False, f"{where}: {error.message}"


def extract(extracts: list[Extract], answer: Answer) -> dict[str, str]:
    """Take variables from a response. Raises ``Wrong`` where there is nothing to take."""
    found = {}
    for one in extracts:
        try:
            values = find(one.path, answer.json())
        except ValueError as error:
            raise Wrong(f"{one.variable}: {error}") from None
        if not values:
            raise Wrong(f"{one.variable}: there is nothing at {one.path}")
        value = values[0]
        found[one.variable] = value if isinstance(value, str) else json.dumps(value)
    return found
