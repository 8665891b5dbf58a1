"""The further languages are complete: nothing untranslated, fuzzy, left over or not compiled."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.processes import BASE

sys.path.insert(0, str(BASE / "scripts"))

import messages

CATALOGUES = sorted((BASE / "locale").glob("*/LC_MESSAGES/django.po"))


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_a_language_is_complete(path: Path) -> None:
    found = list(messages.problems(path))
    assert not found, "translate these, then run scripts/messages.py:\n" + "\n".join(found)


def test_there_is_a_further_language() -> None:
    assert "de" in {path.parent.parent.name for path in CATALOGUES}


def test_texts_are_found_in_code_and_templates() -> None:
    found = messages.collect()
    assert ("", "Schedules") in found
    assert found[("", "%(n)d job runs again.")].plural == "%(n)d jobs run again."
    assert found[("", "%(n)s choice")].plural == "%(n)s choices"
