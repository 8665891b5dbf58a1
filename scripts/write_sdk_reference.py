"""Writes docs/sdk-reference.md from the signatures and docstrings of the SDK.

``python scripts/write_sdk_reference.py --check`` only tells whether it is current.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

BASE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BASE / "toolkits" / "sdk"))

import toolkit_sdk  # noqa: E402
from pydantic import BaseModel  # noqa: E402
from toolkit_sdk import context, net, testing, views  # noqa: E402

TARGET = BASE / "docs" / "sdk-reference.md"
HEAD = """# SDK reference

Everything that `toolkit_sdk` offers to authors, made from its signatures and docstrings by
`python scripts/write_sdk_reference.py`. [The SDK](sdk.md) tells how it is used, with examples, and
[For authors](author.md) begins at the beginning.
"""


def text() -> str:
    """The page as it should be."""
    names = sorted(name for name in toolkit_sdk.__all__ if name != "views")
    given = {name: vars(context)[name] for name in ("JobInfo", "Collection", "State")}
    parts = [
        HEAD,
        "\n## `toolkit_sdk`\n",
        *(_thing(name, vars(toolkit_sdk)[name]) for name in names),
        "\n## What a context gives\n",
        *(_thing(name, found) for name, found in given.items()),
        *_module("toolkit_sdk.views", views),
        *_module("toolkit_sdk.net", net),
        *_module("toolkit_sdk.testing", testing),
    ]
    return "".join(parts)


def _module(name: str, module: ModuleType) -> Iterator[str]:
    yield f"\n## `{name}`\n\n{_prose(module)}\n"
    listed = getattr(module, "__all__", None)
    for key, found in vars(module).items():
        own = getattr(found, "__module__", "").startswith(module.__name__)
        shown = key in listed if listed else own and not key.startswith("_")
        if shown and (inspect.isclass(found) or inspect.isfunction(found)):
            yield _thing(key, found)


def _thing(name: str, found: Any) -> str:
    if inspect.isfunction(found):
        return f"\n### `{name}{_signature(found)}`\n\n{_prose(found)}\n"
    if not inspect.isclass(found):  # a type with a description of its own, such as LongText
        return f"\n### `{name}`\n\nA type for inputs; see [Inputs](sdk.md#inputs).\n"
    lines = [*_fields(found), *_methods(found)]
    listed = "\n" + "\n".join(lines) + "\n" if lines else ""
    return f"\n### `{name}`\n\n{_prose(found)}\n{listed}"


def _prose(found: Any) -> str:
    """A docstring as Markdown; without one of its own nothing is said."""
    own = found.__doc__ if not inspect.isclass(found) else vars(found).get("__doc__")
    # A module's own indentation is that of examples.
    plain = (own or "").strip() if inspect.ismodule(found) else inspect.cleandoc(own or "")
    return re.sub(r"``([^`]*)``", r"`\1`", plain)


def _fields(kind: type) -> Iterator[str]:
    """What it holds, with types and defaults as they were written."""
    if issubclass(kind, BaseModel):
        for name, field in kind.model_fields.items():
            if name == "view":
                continue
            made = field.is_required() or field.default_factory is not None
            default = "" if made else f" = {_value(field.default)}"
            yield f"- `{name}: {_annotation(kind, name)}{default}`"
    elif dataclasses.is_dataclass(kind):
        for entry in dataclasses.fields(kind):
            if entry.name.startswith("_"):
                continue
            known = entry.default is not dataclasses.MISSING
            default = f" = {_value(entry.default)}" if known else ""
            yield f"- `{entry.name}: {entry.type}{default}`"


def _annotation(kind: type, name: str) -> str:
    for base in kind.__mro__:
        if name in vars(base).get("__annotations__", {}):
            return str(vars(base)["__annotations__"][name])
    return "Any"


def _methods(kind: type) -> Iterator[str]:
    for name, found in vars(kind).items():
        is_value = isinstance(found, property | cached_property)
        inner = found.fget if isinstance(found, property) else found
        inner = found.func if isinstance(found, cached_property) else inner
        if isinstance(found, staticmethod | classmethod):
            inner = found.__func__
        hidden = name.startswith(("_", "model_"))
        if hidden or not inspect.isfunction(inner) or not inner.__doc__:
            continue
        shown = name if is_value else f"{name}{_signature(inner)}"
        yield f"- `{shown}`: {' '.join(_prose(inner).split())}"


def _signature(function: Any) -> str:
    """Parameters and what is returned, as they were written."""
    found = inspect.signature(function)
    parts: list[str] = []
    for name, each in found.parameters.items():
        if name in {"self", "cls"}:
            continue
        if each.kind is each.KEYWORD_ONLY and not any(part.startswith("*") for part in parts):
            parts.append("*")
        stars = {each.VAR_POSITIONAL: "*", each.VAR_KEYWORD: "**"}.get(each.kind, "")
        default = "" if each.default is each.empty else f" = {_value(each.default)}"
        parts.append(f"{stars}{name}: {_type(each.annotation)}{default}")
    return f"({', '.join(parts)}) -> {_type(found.return_annotation)}"


def _type(annotation: Any) -> str:
    return str(annotation).strip("'\"")


def _value(default: Any) -> str:
    """A default; what has no form of its own is left to the reader."""
    shown = repr(default)
    return "…" if shown.startswith("<") else shown


def main(arguments: list[str]) -> int:
    """Write the page, or tell whether it is current."""
    current = TARGET.is_file() and TARGET.read_text() == text()
    if "--check" in arguments:
        if not current:
            print(f"{TARGET.relative_to(BASE)} is not current: run python {sys.argv[0]}")
        return 0 if current else 1
    TARGET.write_text(text())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
