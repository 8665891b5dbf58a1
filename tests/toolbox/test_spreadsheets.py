"""Cells that a spreadsheet would run, and their way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolbox.spreadsheets import safe, unsafe

FORMULAS = ["=1+1", "+1", "-1", "@x", "\t=1", " =1", '"=1', "\uff1d1", "\ufeff=1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_would_be_a_formula_is_quoted(text: str) -> None:
    assert safe(text) == f"'{text}"


@given(st.text(alphabet="'\"=+-@ \ta\u00a0\uff1d", max_size=8))
def test_a_cell_comes_back_as_it_was(text: str) -> None:
    assert unsafe(safe(text)) == text


@pytest.mark.parametrize("text", ["", "a=b", "10.0.0.1", "don't", "'quoted'"])
def test_other_text_is_left_alone(text: str) -> None:
    assert safe(text) == unsafe(text) == text
