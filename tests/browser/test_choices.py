"""Choices that a toolkit's code gives, and a field that another one shows, with a real worker."""

from __future__ import annotations

from typing import Any

from tests.browser.console import Console
from toolkits.models import Toolkit

OPTIONS = "[...document.querySelectorAll('#id_rack-list option')].map(o => o.value).join()"


def test_choices_follow_what_they_depend_on_and_a_field_shows_when_it_matters(
    sample: Toolkit, run_worker: Any, console: Console
) -> None:
    page = console.page
    console.open("/toolkits/sample-toolkit/run/place/")
    console.until(f"{OPTIONS} === 'A1,A2,B1'", 60)
    assert console.axe() == []
    page.select_option("#id_site", "ber")
    console.until(f"{OPTIONS} === 'R1,R2'", 60)
    assert page.is_hidden("#id_reason")
    page.check("#id_reserve")
    page.fill("#id_reason", "spare")
    page.fill("#id_rack", "R2")
    page.locator("#run-form .btn-primary").click()
    page.wait_for_url("**/run/place/?_from=*")
    console.until("/held: spare/.test(document.querySelector('#result').textContent)", 60)
    assert page.input_value("#id_rack") == "R2"
    assert page.is_visible("#id_reason")
    assert console.axe() == []
