"""Logs as pages by a cursor, and as a text to keep."""

import pytest

from audit.models import Event
from tests.support.api import problem
from tests.support.factories import make_job
from toolkits.api.jobs.logs import LogLine, plain
from toolkits.jobs import logs
from toolkits.jobs.states import JobState
from toolkits.models import Job

ESC = "\x1b"


@pytest.fixture
def job(toolkit, user):
    """A job that has ended, with 2,500 lines: each tenth is a warning, each hundredth an error."""
    job = make_job(toolkit, user, state=JobState.SUCCEEDED, log_lines=2500)
    lines = [[1700000000.5 + n, _level(n), "kit", f"Line {n}"] for n in range(1, 2501)]
    logs.append(job.pk, 1, 1, lines)
    return job


def _level(number):
    return "ERROR" if number % 100 == 0 else "WARNING" if number % 10 == 0 else "INFO"


def numbers(body):
    return [line["number"] for line in body["lines"]]


def test_pages_follow_each_other_without_a_gap(api, user, job):
    client, after, seen = api(user), 0, []
    while True:
        body = client.get(f"jobs/{job.pk}/logs/", {"after": after, "limit": 700}).json()
        seen += numbers(body)
        after = body["next_after"]
        if body["done"]:
            break

    assert seen == list(range(1, 2501))


def test_a_line_has_its_time_level_source_and_text(api, user, job):
    (line,) = api(user).get(f"jobs/{job.pk}/logs/", {"limit": 1}).json()["lines"]

    assert line == {
        "number": 1,
        "time": "2023-11-14T22:13:21.500Z",
        "level": "INFO",
        "source": "kit",
        "text": "Line 1",
    }


def test_a_level_means_that_and_graver_ones(api, user, job):
    body = api(user).get(f"jobs/{job.pk}/logs/", {"level": "WARNING"}).json()
    assert numbers(body) == list(range(10, 2501, 10))
    assert body["done"] is True

    body = api(user).get(f"jobs/{job.pk}/logs/", {"level": "ERROR", "limit": 2}).json()
    assert numbers(body) == [100, 200]
    assert body["done"] is False
    body = api(user).get(
        f"jobs/{job.pk}/logs/", {"level": "ERROR", "after": body["next_after"]}
    ).json()
    assert numbers(body) == list(range(300, 2501, 100))


def test_a_search_takes_any_case(api, user, job):
    body = api(user).get(f"jobs/{job.pk}/logs/", {"search": "LINE 24"}).json()

    assert numbers(body) == [24, *range(240, 250), *range(2400, 2500)]


def test_the_log_of_a_running_job_is_not_done(api, user, toolkit):
    job = make_job(toolkit, user, state=JobState.RUNNING)

    assert api(user).get(f"jobs/{job.pk}/logs/").json() == {
        "lines": [],
        "next_after": 0,
        "done": False,
    }


def test_the_whole_log_is_downloaded_as_text(api, user, job):
    response = api(user).get(f"jobs/{job.pk}/logs/", accept="text/plain")
    text = b"".join(response.streaming_content).decode()

    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert "attachment" in response["Content-Disposition"]
    assert text.count("\n") == 2500
    assert text.splitlines()[9] == "2023-11-14T22:13:30.500Z WARNING  kit: Line 10"
    assert Event.objects.filter(name="job.log_read", target_id=str(job.pk)).exists()


def test_the_text_takes_the_same_filters(api, user, job):
    response = api(user).get(f"jobs/{job.pk}/logs/", {"format": "txt", "level": "ERROR"})

    assert b"".join(response.streaming_content).count(b"\n") == 25


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"{ESC}[31mred{ESC}[0m", "red"),
        (f"{ESC}]8;;javascript:alert(1)\x07click{ESC}]8;;\x07", "click"),
        (f"{ESC}]8;;http://x{ESC}\\click{ESC}]8;;{ESC}\\", "click"),
        (f"{ESC}]0;title", ""),
        ("a\x9b2Jb", "a2Jb"),
        ("a\x00\x08\x7fb\tc", "ab\tc"),
        (f"{ESC}Pq", "q"),
    ],
)
def test_the_text_commands_no_terminal(text, shown):
    line = LogLine(1, 0.0, "INFO", f"kit{ESC}[2J", text)

    assert plain(line) == f"1970-01-01T00:00:00.000Z INFO     kit: {shown}\n"


@pytest.mark.parametrize(
    "query",
    ["after=-1", "after=x", "after=1e3", "limit=5001", "level=info", "format=xml", "lines=1"],
)
def test_a_parameter_that_makes_no_sense_is_refused(api, user, job, query):
    expected = 404 if query.startswith("format") else 400
    problem(api(user).get(f"jobs/{job.pk}/logs/?{query}"), expected)


def test_a_cursor_beyond_the_end_is_an_empty_page(api, user, job):
    body = api(user).get(f"jobs/{job.pk}/logs/", {"after": 2**53}).json()

    assert body["lines"] == []
    assert body["done"] is True
    Job.objects.get(pk=job.pk)
