"""The log of a job in the browser: live, whole, searched, linked to, and light when long."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from tests.browser.console import Console, OpenConsole
from tests.support import factories
from toolkits.jobs import logs
from toolkits.jobs.dispatch import submit
from toolkits.jobs.states import JobState
from toolkits.models import Job, Toolkit

SHOWN = "[...document.querySelectorAll('.log-line')].map(line => Number(line.id.slice(1)))"
LAST = "Number(document.querySelector('.log-line:last-child')?.id.slice(1) || 0)"
FIRST = "Number(document.querySelector('.log-line')?.id.slice(1) || 0)"
COUNT = "document.querySelector('[data-log-count]').textContent"


def log_of(job: Job, first: int, count: int, level: str = "INFO") -> None:
    """Give a job lines ``first`` … as its runner would have."""
    for start in range(first, first + count, 50_000):
        end = min(start + 50_000, first + count)
        lines: list[list[Any]] = [
            [1.7e9 + n, "ERROR" if n % 1000 == 7 else level, "kit", f"line {n} of the flood"]
            for n in range(start, end)
        ]
        logs.append(job.pk, 1, start, lines)
    Job.objects.filter(pk=job.pk).update(log_lines=first + count - 1)


@pytest.fixture
def finished(sample: Toolkit, admin_user: User) -> Job:
    """A job of 120,000 lines that has ended."""
    job = factories.make_job(sample, admin_user, operation="slow", state=JobState.SUCCEEDED)
    log_of(job, 1, 120_000)
    return job


@pytest.fixture
def running(sample: Toolkit, admin_user: User) -> Job:
    """A job that runs, as far as rows say, with 20 lines."""
    job = factories.make_job(sample, admin_user, operation="slow", state=JobState.RUNNING)
    log_of(job, 1, 20)
    return job


def end(job: Job) -> None:
    from django.utils import timezone

    Job.objects.filter(pk=job.pk).update(
        state=JobState.SUCCEEDED, finished_at=timezone.now(), lease_expires_at=None
    )


def shown(console: Console) -> list[int]:
    return list(console.page.evaluate(SHOWN))


def test_a_job_is_followed_live_to_its_end(
    sample: Toolkit, admin_user: User, run_worker: Any, console: Console
) -> None:
    job = submit(toolkit=sample, operation="slow", inputs={"steps": 12}, user=admin_user)
    console.open(f"/jobs/{job.pk}/")
    console.until("document.querySelector('[data-log-link]').textContent === 'Live'")
    console.until("document.querySelector('.job-status .state.is-succeeded')", 40)
    console.until("document.querySelector('#result')")
    job.refresh_from_db()
    console.until(f"{LAST} === {job.log_lines}")
    assert shown(console) == list(range(1, job.log_lines + 1))
    assert console.page.is_hidden("[data-log-follow]")


def test_a_reload_in_the_middle_misses_nothing_and_repeats_nothing(
    running: Job, console: Console
) -> None:
    console.open(f"/jobs/{running.pk}/")
    log_of(running, 21, 30)
    console.until(f"{LAST} === 50")
    console.page.reload()
    log_of(running, 51, 50)
    end(running)
    console.until(f"{LAST} === 100")
    console.until("document.querySelector('[data-log-link]').textContent === ''")
    assert shown(console) == list(range(1, 101))


def test_without_streams_the_log_is_polled(running: Job, console: Console) -> None:
    console.context.route("**/events/", lambda route: route.fulfill(status=503))
    console.expected = ["503", "/events/"]
    console.open(f"/jobs/{running.pk}/")
    log_of(running, 21, 30)
    console.until(f"{LAST} === 50")
    log_of(running, 51, 10)
    end(running)
    console.until(f"{LAST} === 60")
    assert shown(console) == list(range(1, 61))


def test_who_reads_is_not_pulled_to_the_end_and_follows_again_when_asked(
    running: Job, console: Console
) -> None:
    log_of(running, 21, 400)
    console.open(f"/jobs/{running.pk}/")
    view = "document.querySelector('[data-job-log]')"
    console.until(f"{view}.scrollTop > 500")
    console.page.hover("[data-job-log]")
    console.page.mouse.wheel(0, -600)
    console.until("document.querySelector('[data-log-follow]').ariaPressed === 'false'")
    place = console.page.evaluate(f"{view}.scrollTop")
    log_of(running, 421, 50)
    console.until(f"{LAST} === 470")
    assert console.page.evaluate(f"{view}.scrollTop") == place
    console.page.click("[data-log-follow]")
    console.until(f"{view}.scrollHeight - {view}.scrollTop - {view}.clientHeight < 5")


@pytest.mark.timeout(300)
def test_a_flood_is_kept_up_with_and_the_page_stays_light(running: Job, console: Console) -> None:
    console.open(f"/jobs/{running.pk}/")
    log_of(running, 21, 200_000)
    end(running)
    console.until(f"{LAST} === 200020", 120)
    numbers = shown(console)
    assert len(numbers) <= 3000
    assert numbers == list(range(numbers[0], 200_021))
    console.page.click("[data-log-earlier]")
    console.until(f"{FIRST} < {numbers[0]}")


def test_earlier_lines_come_as_one_scrolls_up_and_what_is_read_stays_in_place(
    finished: Job, console: Console
) -> None:
    console.open(f"/jobs/{finished.pk}/")
    assert shown(console)[0] == 119_501
    for turn in range(1, 8):
        console.page.evaluate("document.querySelector('[data-job-log]').scrollTop = 0")
        console.until(f"{FIRST} === {119_501 - 500 * turn}")
    numbers = shown(console)
    assert len(numbers) == 3000
    assert numbers == list(range(numbers[0], numbers[0] + 3000))
    assert console.page.is_visible("[data-log-later]")


def test_a_search_goes_through_the_whole_log_and_leads_to_its_place(
    finished: Job, console: Console
) -> None:
    console.open(f"/jobs/{finished.pk}/")
    console.page.fill("[data-log-search]", "LINE 77777 of")
    console.until(f"{COUNT} === 'Matches: 1'")
    assert shown(console) == [77_777]
    console.page.click(".log-number")
    console.until(f"{FIRST} === 77528")
    assert console.page.url.endswith("#L77777")
    assert console.page.evaluate("document.querySelector('.is-target').id") == "L77777"
    assert console.page.input_value("[data-log-search]") == ""


def test_a_level_shows_what_is_that_grave_or_graver(finished: Job, console: Console) -> None:
    console.open(f"/jobs/{finished.pk}/")
    console.page.select_option("[data-log-level]", "ERROR")
    console.until(f"{COUNT} === 'Matches: 120'")
    assert shown(console) == list(range(7, 120_000, 1000))
    console.page.fill("[data-log-search]", "nothing like it")
    console.until("!document.querySelector('[data-log-empty]').hidden")
    console.page.select_option("[data-log-level]", "")
    console.page.fill("[data-log-search]", "")
    console.until(f"{LAST} === 120000")


def test_an_address_with_a_line_shows_that_line(finished: Job, console: Console) -> None:
    console.open(f"/jobs/{finished.pk}/#L60000")
    console.until("document.querySelector('.is-target')?.id === 'L60000'")
    inside = """(() => {
        const line = document.querySelector('.is-target').getBoundingClientRect();
        const view = document.querySelector('[data-job-log]').getBoundingClientRect();
        return line.top >= view.top && line.bottom <= view.bottom;
    })()"""
    assert console.page.evaluate(inside)


def test_colours_of_a_live_line_are_those_of_a_loaded_one_and_markup_is_text(
    running: Job, console: Console
) -> None:
    text = "\x1b[1;31mred\x1b[22m\x1b[38;5;2mgreen\x1b[0m <b>bold</b> \x1b]8;;javascript:x\x07go"
    console.open(f"/jobs/{running.pk}/")
    logs.append(running.pk, 1, 21, [[1.7e9, "INFO", "kit", text]])
    Job.objects.filter(pk=running.pk).update(log_lines=21)
    console.until(f"{LAST} === 21")
    html = "document.querySelector('#L21 .log-text').innerHTML"
    live = console.page.evaluate(html)
    console.page.reload()
    assert console.page.evaluate(html) == live
    assert "&lt;b&gt;bold&lt;/b&gt; go" in live
    assert 'class="ansi-1 ansi-bold"' in live


def test_wrap_and_times_are_kept_for_the_next_job(finished: Job, console: Console) -> None:
    console.open(f"/jobs/{finished.pk}/")
    console.page.click("[data-log-wrap]")
    console.page.click("[data-log-times]")
    console.page.reload()
    assert console.page.get_attribute("[data-log-wrap]", "aria-pressed") == "false"
    assert console.page.is_hidden(".log-time >> nth=0")


def test_the_log_is_there_without_scripts(
    finished: Job, admin_user: User, open_console: OpenConsole
) -> None:
    console = open_console(admin_user.username, java_script_enabled=False)
    console.page.goto(f"{console.url}/jobs/{finished.pk}/")
    assert console.page.locator(".log-line").count() == 500
    assert console.page.is_hidden("[data-log-tools]")
    assert console.page.get_by_text("119500 earlier lines are in the download").is_visible()


def test_who_may_no_longer_see_it_is_led_to_sign_in_while_it_runs(
    running: Job, admin_user: User, console: Console
) -> None:
    console.expected = ["401", "403", "404"]
    console.open(f"/jobs/{running.pk}/")
    console.until("document.querySelector('[data-log-link]').textContent === 'Live'")
    admin_user.is_active = False
    admin_user.save()
    console.page.wait_for_url("**/account/login/**")
