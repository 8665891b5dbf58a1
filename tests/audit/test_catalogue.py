"""Every event of the code is in the catalogue, with its fields, and the page says the same."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from audit import catalogue_page
from audit.catalogue import CATALOGUE, PARTS

ROOT = Path(__file__).resolve().parents[2]
APPS = ("toolbox", "accounts", "audit", "toolkits")
RESERVED = {"actor", "target", "outcome", "changes"}


def emits() -> Iterator[tuple[str, list[str], set[str]]]:
    """Where something is emitted, under which names, and with which details."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if path.is_relative_to(ROOT / "toolkits/sdk") or "bundled" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and _is_emit(node.func) and node.args:
                    place = f"{path.relative_to(ROOT)}:{node.lineno}"
                    details = {keyword.arg for keyword in node.keywords if keyword.arg}
                    yield place, list(_names(node.args[0])), details - RESERVED


def _is_emit(function: ast.expr) -> bool:
    if isinstance(function, ast.Attribute):
        return function.attr == "emit" and getattr(function.value, "id", "") == "events"
    return isinstance(function, ast.Name) and function.id == "emit"


def _names(argument: ast.expr) -> Iterator[str]:
    """The names that an argument may have, as far as they stand in it."""
    if isinstance(argument, ast.Constant):
        yield str(argument.value)
    elif isinstance(argument, ast.IfExp):
        yield from _names(argument.body)
        yield from _names(argument.orelse)


def test_every_event_that_the_code_emits_is_in_the_catalogue() -> None:
    unknown = [
        f"{place}: {name}" for place, names, _ in emits() for name in names if name not in CATALOGUE
    ]
    assert not unknown, f"add to audit/catalogue/: {unknown}"


def test_every_field_that_the_code_gives_is_in_the_catalogue() -> None:
    unknown = [
        f"{place}: {name} {field}"
        for place, names, details in emits()
        for name in names
        for field in sorted(details - set(CATALOGUE[name].fields))
    ]
    assert not unknown, f"add the fields in audit/catalogue/: {unknown}"


def test_a_name_is_in_the_catalogue_once_and_well_formed() -> None:
    counts = Counter(event.name for part in PARTS.values() for event in part)
    assert [name for name, count in counts.items() if count > 1] == []
    for event in CATALOGUE.values():
        head, _, tail = event.name.partition(".")
        assert head.replace("_", "").isalpha(), event.name
        assert tail.replace("_", "").isalpha(), event.name
        assert len(event.name) <= 64
        assert event.meaning.endswith("."), event.name


def test_the_page_of_the_catalogue_is_fresh() -> None:
    path = catalogue_page.path()
    assert path.read_text(encoding="utf-8") == catalogue_page.render(), (
        "run manage.py audit catalogue --write"
    )


def test_every_event_of_the_catalogue_is_one_that_the_code_knows() -> None:
    """The page promises no event that never comes."""
    code = "".join(
        path.read_text(encoding="utf-8")
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if "catalogue" not in path.parts and "bundled" not in path.parts
    )
    assert sorted(name for name in CATALOGUE if f'"{name}"' not in code) == []
