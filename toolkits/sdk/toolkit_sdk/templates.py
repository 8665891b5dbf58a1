"""Templates of a bundle: Jinja in its sandbox, given nothing but plain data.

They are rendered where the toolkit's code runs, so that even a template that broke out of the
sandbox would be where there is nothing of the platform to be had.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import (
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
    select_autoescape,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedEnvironment
from pydantic_core import to_jsonable_python

from toolkit_sdk.errors import DescribeError, DescribeErrors, ToolkitError

_FOLDER = "templates"
_MOST_CHARACTERS = 4_000_000
_MOST_TEMPLATES = 500
_WRONG = (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, MemoryError)


@lru_cache(maxsize=4)
def _environment(folder: Path) -> SandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(("html", "htm", "xml", "svg")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(bundle: Path, name: str, values: Mapping[str, Any]) -> str:
    """Return a template of the bundle with these values in it.

    Values are turned into JSON types first: a template never holds an object or a function.
    Raises ``ToolkitError``.
    """
    plain = to_jsonable_python(dict(values), fallback=str)
    parts: list[str] = []
    count = 0
    try:
        template = _environment(bundle / _FOLDER).get_template(name)
        for part in template.generate(**plain):
            count += len(part)
            if count > _MOST_CHARACTERS:
                raise ToolkitError(f"{name}: it became longer than {_MOST_CHARACTERS:,} characters")
            parts.append(part)
    except _WRONG as error:
        raise ToolkitError(f"{name}: {_words(error)}") from None
    except RecursionError:
        raise ToolkitError(f"{name}: it includes itself without end") from None
    return "".join(parts)


def check(bundle: Path) -> None:
    """Compile every template of a bundle. Raises ``DescribeErrors`` with files and lines."""
    folder = bundle / _FOLDER
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if len(files) > _MOST_TEMPLATES:
        raise DescribeError(f"{_FOLDER}/ has more than {_MOST_TEMPLATES} files")
    environment = _environment(folder)
    wrong: list[DescribeError] = []
    for path in files:
        try:
            environment.get_template(path.relative_to(folder).as_posix())
        except TemplateSyntaxError as error:
            wrong.append(DescribeError(error.message or "", (str(path), error.lineno)))
        except (UnicodeDecodeError, RecursionError, SyntaxError, MemoryError) as error:
            wrong.append(DescribeError(_words(error), (str(path), 1)))
    if wrong:
        raise DescribeErrors(wrong)


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__
