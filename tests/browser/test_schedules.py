"""Schedules in a browser: from the form of a run to the list, paused, run at once, deleted."""

from __future__ import annotations

from tests.browser.console import Console
from toolkits.models import Job, Schedule, Toolkit


def test_what_was_typed_is_scheduled_paused_run_and_deleted(
    sample: Toolkit, console: Console
) -> None:
    page = console.page
    console.open("/toolkits/sample-toolkit/run/hello/")
    page.fill("[name='name.']", "ada")
    page.get_by_role("button", name="Schedule").click()
    page.wait_for_url("**/schedule/")
    assert page.input_value("[name='name.']") == "ada"
    page.fill("[name=_name]", "Greeting")
    assert page.is_hidden("[name=_interval]")
    page.fill("[name=_cron]", "30 6 * * *")
    console.until("document.querySelectorAll('#schedule-preview li').length === 5")
    page.select_option("[name=_kind]", "interval")
    assert page.is_hidden("[name=_cron]")
    page.fill("[name=_interval]", "2h")
    console.until("/Every 2 h/.test(document.querySelector('#schedule-preview').textContent)")
    assert console.axe() == []
    page.locator("#schedule-form .btn-primary").click()
    page.wait_for_url("**/schedules/")
    schedule = Schedule.objects.get()
    assert (schedule.name, schedule.interval_seconds) == ("Greeting", 7200)
    assert schedule.inputs == {"name": "ada"}
    page.click(".runs summary")
    assert page.locator(".runs li").count() == 5
    assert console.axe() == []
    page.click(".schedule-acts >> text=Pause")
    page.wait_for_selector(".schedule-what .state:has-text('paused')")
    page.click(".schedule-acts >> text=Resume")
    page.wait_for_selector(".schedule-what .state:has-text('active')")
    page.click(".schedule-acts >> text=Run now")
    page.locator("dialog[open]").get_by_role("button", name="Run now").click()
    page.wait_for_url("**/jobs/*/")
    assert Job.objects.get().inputs == {"name": "ada"}
    console.open("/schedules/")
    page.click(".schedule-acts >> text=Delete")
    page.locator("dialog[open] .btn-danger").click()
    page.wait_for_selector("text=Nothing runs by itself yet")
    assert not Schedule.objects.exists()


def test_the_pages_of_schedules_fit_a_phone(
    sample: Toolkit, console: Console
) -> None:
    console.page.set_viewport_size({"width": 360, "height": 800})
    for path in ("/schedules/", "/toolkits/sample-toolkit/run/every_input/schedule/"):
        console.open(path)
        assert console.overflow() == 0
        assert console.axe() == []
        console.shot(f"schedules-360-{len(path)}")
