"""What the README and the pages in ``docs/`` name is there."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from tests.support.processes import BASE
from toolbox.settings.environment import variables

PAGES = [BASE / "README.md", *sorted((BASE / "docs").glob("*.md"))]
#: Variables of programs beside the platform, and of its tests and scripts.
FOREIGN = {"TEST_DATABASE_URL", "TOOLBOX_HOST", "WEB_CONCURRENCY", "WEB_THREADS", "REDISCLI_AUTH",
           "TOOLBOX_URL", "TOOLBOX_TOKEN", "TOOLBOX_PROFILE", "TOOLBOX_CONFIG"}  # fmt: skip
#: What a runner is given.
OTHER = {"TOOLKIT_SLUG", "TOOLKIT_VERSION", "CLOCK_BOOTTIME", "API_FUZZ_SECONDS"}
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*$", re.MULTILINE)
_FENCE = re.compile(r"^\s*```.*?^\s*```", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"manage\.py ([a-z_]+)(?: ([a-z]+)\b)?")
_TARGET = re.compile(r"(?:`|^\s*)make ([a-z][a-z-]*)", re.MULTILINE)
_VARIABLE = re.compile(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=[^`]*)?`")

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def anchors(page: Path) -> set[str]:
    """The fragments of a page's headings, as code hosts make them."""
    found = _HEADING.findall(_FENCE.sub("", page.read_text()))
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in found)
    return {heading.replace(" ", "-") for heading in kept}


def subcommands(name: str) -> set[str]:
    command = load_command_class(get_commands()[name], name)
    parser = command.create_parser("manage.py", name)
    found = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return {choice for action in found for choice in action.choices}


@every_page
def test_every_link_leads_to_a_file_and_its_heading(page):
    broken = []
    for link in _LINK.findall(_FENCE.sub("", page.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, fragment = link.partition("#")
        target = page.parent / name if name else page
        if not target.is_file() or (fragment and fragment not in anchors(target)):
            broken.append(link)

    assert broken == []


@every_page
def test_every_command_that_a_page_names_exists(page):
    unknown = []
    for name, action in _COMMAND.findall(page.read_text()):
        if name not in get_commands():
            unknown.append(name)
        elif (actions := subcommands(name)) and action and action not in actions:
            unknown.append(f"{name} {action}")

    assert unknown == []


@every_page
def test_every_make_target_that_a_page_names_exists(page):
    targets = set(re.findall(r"^([a-z-]+):", (BASE / "Makefile").read_text(), re.MULTILINE))

    assert set(_TARGET.findall(page.read_text())) - targets == set()


@every_page
def test_every_variable_that_a_page_names_is_declared(page):
    named = set(_VARIABLE.findall(page.read_text()))

    assert named - set(variables) - FOREIGN - OTHER == set()


def test_what_a_reader_can_open_is_in_the_index():
    linked = set(_LINK.findall((BASE / "docs" / "README.md").read_text()))

    assert {page.name for page in PAGES[1:]} - {"README.md"} <= linked


def test_the_picture_of_the_dashboard_is_small():
    assert (BASE / "docs" / "images" / "dashboard.png").stat().st_size < 150 * 1024


def test_figures_to_reckon_with_are_those_that_were_measured():
    """A new measurement that changes them by a quarter has to be told to whoever reckons."""
    measured = dict(re.findall(r"^\| ([^|]+) \| ([\d,.]+) ", docs("performance"), re.MULTILINE))
    table = docs("scaling").partition("## Figures to reckon with")[2]
    told = re.findall(r"^\| ([^|]+) \| ([\d,.]+) [^|]*\| [^|]+\|$", table, re.MULTILINE)

    assert len(told) >= 10
    for name, figure in told:
        assert number(figure) == pytest.approx(number(measured[name]), rel=0.25), name


def docs(name: str) -> str:
    return (BASE / "docs" / f"{name}.md").read_text()


def number(text: str) -> float:
    return float(text.replace(",", ""))


def test_the_reference_of_the_sdk_is_what_its_docstrings_say():
    script = [sys.executable, str(BASE / "scripts" / "write_sdk_reference.py"), "--check"]
    done = subprocess.run(script, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("### `Context`", "- `progress(", "### `Table`", "### `fake_context("):
        assert name in docs("sdk-reference")
