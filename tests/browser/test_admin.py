"""The admin in a browser: one look at every width, no error behind it, and no script needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page

from accounts.models import User
from tests.browser.console import cut_off
from tests.support.factories import PASSWORD, make_job, make_row
from tests.support.kits import write_kit
from tests.support.waiting import until
from toolkits.bundles.pack import pack
from toolkits.jobs.states import JobState
from toolkits.models import CardState, Record, Toolkit

WIDTHS = (1440, 768, 360)


@pytest.fixture
def problems() -> list[str]:
    """What went wrong behind the pages: the console's errors, failed requests, bad answers."""
    return []


@pytest.fixture
def open_admin(
    browser: Browser, live_web: str, admin_user: User, problems: list[str]
) -> Iterator[Any]:
    """Sign in at the console's sign-in, on the way to the admin."""
    contexts: list[BrowserContext] = []

    def make(**options: Any) -> Page:
        context = browser.new_context(base_url=live_web, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(f"{page.url}: {error}"))
        page.on("requestfailed", lambda r: cut_off(r) or problems.append(f"{r.url}: {r.failure}"))
        page.on("response", lambda r: problems.append(r.url) if r.status >= 500 else None)
        page.goto("/admin/")
        page.fill("#id_username", admin_user.username)
        page.fill("#id_password", PASSWORD)
        page.press("#id_password", "Enter")
        page.wait_for_url("**/admin/")
        return page

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def toolkit(db: None, admin_user: User) -> Toolkit:
    """A toolkit with everything that the admin's pages show."""
    made = make_row("sample", settings={"schema": {"type": "object", "properties": {
        "timeout_seconds": {"type": "number", "default": 5.0}}}, "secret_fields": []})  # fmt: skip
    make_job(made, admin_user, state=JobState.FAILED, reason="The host did not answer. " * 8)
    CardState.objects.create(
        toolkit=made, name="tiers", next_refresh_at="2030-01-01T00:00Z", error="x" * 300
    )
    Record.objects.create(toolkit=made, collection="things", data={"host": "a.example"})
    return made


def addresses(toolkit: Toolkit) -> list[str]:
    rows = {
        "toolkits_toolkit": toolkit, "toolkits_job": toolkit.jobs.get(),
        "toolkits_cardstate": CardState.objects.get(), "toolkits_record": Record.objects.get(),
    }  # fmt: skip
    lists = [reverse(f"admin:{name}_changelist") for name in rows]
    details = [reverse(f"admin:{name}_change", args=[row.pk]) for name, row in rows.items()]
    own = ["index", "queues", "system", "toolkits_toolkit_upload", "toolkits_schedule_changelist",
           "toolkits_notificationrule_changelist", "audit_event_changelist"]  # fmt: skip
    return [
        *(reverse(f"admin:{name}") for name in own),
        reverse("admin:toolkits_toolkit_settings", args=[toolkit.pk]),
        reverse("admin:toolkits_toolkit_history", args=[toolkit.pk]),
        *lists,
        *details,
    ]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_page_fits_every_width_with_no_error_behind_it(
    theme: str, open_admin: Any, toolkit: Toolkit, problems: list[str]
) -> None:
    page = open_admin(color_scheme=theme)
    over = []
    for path in addresses(toolkit):
        page.goto(path)
        assert page.evaluate("document.documentElement.dataset.bsTheme") == theme, path
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            over += [f"{path} is {wide} px wider than {width}"] if wide > 0 else []
    assert over == []
    assert problems == []


def test_a_toolkit_is_uploaded_disabled_and_enabled_without_any_script(
    open_admin: Any, storage: Path, tmp_path: Path, problems: list[str]
) -> None:
    packed = pack(write_kit(tmp_path, slug="fresh"), tmp_path / "fresh.zip")
    page = open_admin(java_script_enabled=False)
    page.goto(reverse("admin:toolkits_toolkit_upload"))
    page.set_input_files("#id_bundle", packed)
    page.click("form.panel [type=submit]")
    page.check("[name=consent]")
    page.click("[name=confirm]")
    page.wait_for_load_state()
    fresh = until(lambda: Toolkit.objects.filter(slug="fresh").first(), 60, "installed")
    page.goto(reverse("admin:toolkits_toolkit_change", args=[fresh.pk]))
    page.click("text=Disable")
    page.wait_for_selector("text=1 toolkit is disabled.")
    page.goto(reverse("admin:toolkits_toolkit_changelist"))
    page.check(f".action-select[value='{fresh.pk}']")
    page.select_option("select[name=action]", "enable")
    page.click("text=Apply")
    page.wait_for_selector("text=1 toolkit is enabled.")
    assert problems == []


def test_filters_and_sections_open_by_the_keyboard_on_a_phone(
    open_admin: Any, toolkit: Toolkit, problems: list[str]
) -> None:
    page = open_admin(viewport={"width": 360, "height": 800})
    page.goto(reverse("admin:toolkits_job_changelist"))
    for summary in (".admin-menu > summary", ".filter-menu > summary >> nth=3"):
        page.focus(summary)
        page.keyboard.press("Enter")
        panel = page.locator("details[open] > .menu-panel")
        box = panel.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
        page.keyboard.press("Escape")
        assert not panel.is_visible()
    page.focus(".filter-menu > summary >> nth=0")
    page.keyboard.press("Enter")
    page.click("details[open] >> text=Failed")
    page.wait_for_url("**state__exact=failed*")
    page.wait_for_selector("#result_list tbody tr")
    assert page.locator("#result_list tbody tr").count() == 1
    assert problems == []
