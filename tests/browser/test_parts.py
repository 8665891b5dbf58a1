"""The parts of pages: themes, menus, forms, tables, charts; by mouse, by keyboard, scriptless."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest

from accounts.models import User
from tests.browser.console import Console, OpenConsole
from tests.support import factories
from tests.support.views import VIEWS
from toolkits.jobs.states import JobState
from toolkits.models import Job, Toolkit
from toolkits.pages.wire import OWN

THEME = "document.documentElement.dataset.bsTheme"
COLUMN = "[...document.querySelectorAll('[data-table-view] tbody tr:not([hidden]) td:first-child')]"
TABLE = {
    "view": "table",
    "title": "Hosts",
    "columns": [
        {"key": "host"},
        {"key": "ms", "label": "Took", "type": "duration_ms"},
        {"key": "note"},
    ],
    "rows": [
        {"host": "edge-10", "ms": 9.5, "note": "=HYPERLINK(1)"},
        {"host": "edge-9", "ms": 100.25, "note": 'say "hi", twice'},
        {"host": "edge-1", "ms": None, "note": "-5"},
        *({"host": f"core-{n}", "ms": n, "note": "@x"} for n in range(200, 207)),
    ],
}


@pytest.fixture
def toolkit(admin_user: User) -> Toolkit:
    return factories.make_row("kit", cards=[{"name": "card", "title": "Card", "refresh": 60}])


def job_with(toolkit: Toolkit, user: User, result: Any) -> Job:
    return factories.make_job(toolkit, user, state=JobState.SUCCEEDED, result=result)


def cells(console: Console) -> list[str]:
    return list(console.page.evaluate(f"{COLUMN}.map(cell => cell.textContent.trim())"))


@pytest.mark.parametrize("preferred", ["dark", "light"])
def test_the_first_paint_is_in_the_theme_that_the_browser_prefers(
    preferred: str, open_console: OpenConsole
) -> None:
    console = open_console(color_scheme=preferred)
    assert console.open("/account/login/").evaluate(THEME) == preferred


def test_a_chosen_theme_stays_and_comes_from_the_server_already(
    toolkit: Toolkit, console: Console
) -> None:
    console.page.click(".user-menu summary")
    console.page.click("[data-theme-set=light]")
    assert console.page.evaluate(THEME) == "light"
    answer = console.context.request.get(console.url + "/")
    assert 'data-bs-theme="light"' in answer.text()
    assert console.open("/toolkits/").evaluate(THEME) == "light"
    console.page.click(".user-menu summary")
    console.page.click("[data-theme-set=auto]")
    console.page.emulate_media(color_scheme="dark")
    console.until(f"{THEME} === 'dark'")


def test_a_menu_opens_and_closes_by_keyboard_and_gives_the_focus_back(
    toolkit: Toolkit, console: Console
) -> None:
    console.page.focus(".user-menu summary")
    console.page.keyboard.press("Enter")
    assert console.page.is_visible(".menu-panel")
    console.page.keyboard.press("Tab")
    console.page.keyboard.press("Escape")
    assert console.page.is_hidden(".menu-panel")
    assert console.page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_the_first_tab_stop_skips_the_navigation(toolkit: Toolkit, console: Console) -> None:
    console.open("/toolkits/")
    console.page.keyboard.press("Tab")
    console.page.keyboard.press("Enter")
    assert console.page.evaluate("document.activeElement.id") == "main"


def test_every_tab_stop_of_a_page_can_be_seen_and_is_not_covered(
    toolkit: Toolkit, admin_user: User, open_console: OpenConsole
) -> None:
    console = open_console(admin_user.username, width=360)
    console.open("/jobs/")
    seen = """() => {
        const node = document.activeElement;
        if (!node || node === document.body) return null;
        const box = node.getBoundingClientRect();
        const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
        const top = document.elementFromPoint(x, y);
        const style = getComputedStyle(node);
        return {
            name: node.outerHTML.slice(0, 90),
            covered: !(top && (node.contains(top) || top.contains(node))),
            ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1,
        };
    }"""
    stops = []
    for _ in range(40):
        console.page.keyboard.press("Tab")
        found = console.page.evaluate(seen)
        if found is None:
            break
        stops.append(found)
    assert len(stops) > 10
    assert [stop for stop in stops if stop["covered"] or not stop["ring"]] == []


def test_a_table_sorts_numbers_as_numbers_and_names_as_people_do(
    toolkit: Toolkit, admin_user: User, console: Console
) -> None:
    console.open(f"/jobs/{job_with(toolkit, admin_user, TABLE).pk}/")
    console.page.click(".sort-button:has-text('Host')")
    assert cells(console)[-3:] == ["edge-1", "edge-9", "edge-10"]
    console.page.focus(".sort-button:has-text('Took')")
    console.page.keyboard.press("Enter")
    assert cells(console)[:2] == ["edge-10", "edge-9"]
    assert cells(console)[-1] == "edge-1"
    console.page.keyboard.press("Enter")
    assert cells(console)[0] == "core-206"
    assert cells(console)[-1] == "edge-1"
    heads = "[...document.querySelectorAll('[data-table-view] th')].map(head => head.ariaSort)"
    assert console.page.evaluate(heads) == [None, "descending", None]


def test_a_table_filters_and_its_export_holds_what_is_shown_and_no_formula(
    toolkit: Toolkit, admin_user: User, console: Console
) -> None:
    console.open(f"/jobs/{job_with(toolkit, admin_user, TABLE).pk}/")
    console.page.fill("[data-table-filter]", "EDGE")
    assert cells(console) == ["edge-10", "edge-9", "edge-1"]
    assert console.page.inner_text("[data-table-count]") == "3 / 10"
    with console.page.expect_download() as download:
        console.page.click("[data-table-export]")
    assert download.value.suggested_filename == "hosts.csv"
    text = download.value.path().read_text(encoding="utf-8-sig")
    assert list(csv.reader(io.StringIO(text))) == [
        ["host", "Took", "note"],
        ["edge-10", "9.5", "'=HYPERLINK(1)"],
        ["edge-9", "100.25", 'say "hi", twice'],
        ["edge-1", "–", "-5"],
    ]


def test_a_chart_is_drawn_and_drawn_anew_in_the_other_theme(
    toolkit: Toolkit, admin_user: User, console: Console
) -> None:
    series = [{"label": "p50", "points": [[n * 60, n % 7] for n in range(200)]}]
    view = {"view": "time_series", "unit": "ms", "series": series}
    console.open(f"/jobs/{job_with(toolkit, admin_user, view).pk}/")
    pixels = "document.querySelector('.chart canvas').toDataURL()"
    console.until("document.querySelector('.chart canvas')")
    first = console.page.evaluate(pixels)
    console.page.evaluate("document.querySelector('[data-theme-set=dark]').click()")
    console.until(f"{pixels} !== {first!r}")
    assert console.page.locator(".chart canvas").count() == 1


def test_results_are_whole_without_scripts(
    toolkit: Toolkit, admin_user: User, open_console: OpenConsole
) -> None:
    whole = {"view": "section", "title": "All", "views": list(VIEWS.values())}
    job = job_with(toolkit, admin_user, whole)
    console = open_console(admin_user.username, java_script_enabled=False, width=360)
    console.page.goto(f"{console.url}/jobs/{job.pk}/")
    assert console.page.locator(".chart").first.is_hidden()
    assert console.page.locator(".chart-summary .spark").first.is_visible()
    assert console.page.locator("[data-table-export]").first.is_hidden()
    assert console.page.get_by_text("edge-11").first.is_visible()


INPUTS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "names": {"type": "array", "items": {"type": "string"}, "x-widget": "list"},
        "targets": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"host": {"type": "string"}, "port": {"type": "integer"}},
            },
        },
    },
}


@pytest.fixture
def lists(admin_user: User) -> Toolkit:
    """A toolkit whose operation takes a list of texts and a list of objects."""
    return factories.make_row("lists", operations=[factories.operation("take", inputs=INPUTS)])


def test_a_list_of_inputs_grows_and_shrinks_and_takes_many_lines_at_once(
    lists: Toolkit, console: Console
) -> None:
    console.open("/toolkits/lists/run/take/")
    field = console.page.locator("[data-list-field]")
    rows = field.locator("[data-list-row] input")
    rows.first.fill("one")
    field.locator("[data-list-add]").click()
    assert rows.count() == 2
    assert rows.nth(1).evaluate("input => input === document.activeElement")
    paste = """input => {
        const data = new DataTransfer();
        data.setData('text', 'two\\nthree\\n\\nfour');
        const options = {clipboardData: data, bubbles: true, cancelable: true};
        input.dispatchEvent(new ClipboardEvent('paste', options));
    }"""
    rows.nth(1).evaluate(paste)
    values = "inputs => inputs.map(input => input.value)"
    assert rows.evaluate_all(values) == ["one", "two", "three", "four"]
    field.locator("[data-list-remove]").first.click()
    assert rows.evaluate_all(values) == ["two", "three", "four"]
    assert console.page.get_by_label("Names").first.input_value() == "two"
    assert console.axe() == []


def test_rows_of_objects_get_names_of_their_own(lists: Toolkit, console: Console) -> None:
    console.open("/toolkits/lists/run/take/")
    for _ in range(2):
        console.page.click("[data-rows-add]")
    names = "nodes => nodes.map(node => node.name)"
    rows = console.page.locator("[data-rows-row] input:not([type=hidden])")
    assert len(set(rows.evaluate_all(names))) == 4
    assert rows.nth(2).evaluate("input => input === document.activeElement")
    console.page.locator("[data-rows-remove]").first.click()
    assert console.page.locator("[data-rows-row]").count() == 1
    assert console.axe() == []


def test_a_question_is_asked_before_something_is_deleted(
    sample: Toolkit, admin_user: User, console: Console
) -> None:
    from toolkits.models import Record
    from toolkits.records import create

    record = create(sample, "services", {"name": "edge"}, admin_user)
    console.open(f"/toolkits/sample-toolkit/records/services/{record.pk}/")
    delete = console.page.locator("main .btn-danger", has_text="Delete")
    delete.click()
    dialog = console.page.locator("dialog[open]")
    assert dialog.get_by_role("heading").inner_text() == "Delete this record?"
    assert console.axe() == []
    console.page.keyboard.press("Escape")
    assert dialog.count() == 0
    assert Record.objects.filter(pk=record.pk).exists()
    delete.click()
    dialog.get_by_role("button", name="Delete").click()
    console.page.wait_for_url("**/records/services/")
    assert not Record.objects.filter(pk=record.pk).exists()


def test_a_secret_shows_only_while_asked_to(open_console: OpenConsole) -> None:
    console = open_console()
    console.open("/account/login/")
    console.page.fill("#id_password", "secret")
    button = console.page.locator("[data-reveal]")
    button.click()
    assert console.page.get_attribute("#id_password", "type") == "text"
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    assert console.page.get_attribute("#id_password", "type") == "password"


def test_times_are_in_the_zone_of_the_reader(
    toolkit: Toolkit, admin_user: User, open_console: OpenConsole
) -> None:
    from datetime import UTC, datetime

    when = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    job = factories.make_job(toolkit, admin_user, state=JobState.SUCCEEDED, started_at=when)
    console = open_console(admin_user.username, timezone_id="Asia/Tokyo")
    console.open(f"/jobs/{job.pk}/")
    assert (
        console.page.locator("time[data-exact]").first.inner_text() == "2026-01-02 12:04:05 GMT+9"
    )


def test_inputs_called_like_parts_of_a_form_leave_its_scripts_working(
    admin_user: User, console: Console
) -> None:
    own = "(() => { const all = []; for (const n in document.createElement('form')) all.push(n);"
    own += " return all; })()"
    console.open("/account/")
    words = [name for name in console.page.evaluate(own) if re.fullmatch(r"(?!on)[a-z]+", name)]
    assert len(words) > 30
    assert set(words) <= OWN, "a form of this browser has more: add them to toolkits.pages.wire"
    text = {"type": "string", "default": "x"}
    shown = {**text, "x-show-if": {"field": "method", "values": ["POST"]}}
    names = ("method", "matches", "elements", "closest", "dataset", "submit")
    schema = {"type": "object", "properties": {**dict.fromkeys(names, text), "body": shown}}
    factories.make_row("net", operations=[factories.operation("send", inputs=schema)])
    page = console.open("/toolkits/net/run/send/")
    assert page.locator("#id_body").is_hidden()
    page.fill("#id_method", "POST")
    console.until("document.querySelector('#id_body').offsetParent !== null")
    page.click("[data-run-form] .form-buttons [type=submit]:not([name])")
    page.wait_for_url("**/jobs/**")
    asked = Job.objects.get().inputs
    assert asked["method"] == "POST"
    assert asked["body"] == "x"


@pytest.mark.parametrize("width", [1440, 800, 360])
def test_a_page_that_stands_by_itself_is_in_the_middle_and_wide_enough_to_read(
    width: int, open_console: OpenConsole
) -> None:
    console = open_console(width=width)
    console.expected = ["404"]
    card = console.open("/no/such/page/").locator(".plain-card").bounding_box()
    assert card is not None
    assert card["width"] >= min(480, width - 40)
    assert abs(card["x"] * 2 + card["width"] - width) <= 2
