"""The stream of a job's events, read as the server would read it."""

import json

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from tests.support.api import close, problem
from tests.support.factories import make_job
from toolkits.api.jobs import events
from toolkits.jobs import logs
from toolkits.jobs.states import JobState
from toolkits.models import Job


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """Turns without waiting."""
    monkeypatch.setattr(events, "_POLL_SECONDS", 0.01)
    monkeypatch.setattr(events, "_SHORTEST_SECONDS", 0.0)
    monkeypatch.setattr(events, "_CHECK_SECONDS", 0.0)
    yield
    assert events.streams.taken == 0


class Reader:
    """Reads events one by one."""

    def __init__(self, response):
        assert response.status_code == 200, response.content
        self.response = response
        self.chunks = iter(response.streaming_content)
        self.waiting = []

    def next(self, name=""):
        """The next event, of this name where one is given; None at the end."""
        while True:
            while not self.waiting:
                chunk = next(self.chunks, None)
                if chunk is None:
                    return None
                self.waiting = [part for part in chunk.decode().split("\n\n") if part]
            found = dict(line.split(": ", 1) for line in self.waiting.pop(0).split("\n"))
            if "event" in found and name in ("", found["event"]):
                return found["event"], json.loads(found["data"]), found.get("id")

    def close(self):
        close(self.response)


@pytest.fixture
def follow(api, user):
    """Follow a job as a user: ``follow(job)`` → Reader."""
    opened = []

    def start(job, who=None, **headers):
        reader = Reader(api(who or user).get(f"jobs/{job.pk}/events/", **headers))
        opened.append(reader)
        return reader

    yield start
    for reader in opened:
        reader.close()


def write(job, count):
    """Write ``count`` further lines, as a worker would."""
    job.refresh_from_db()
    first = job.log_lines + 1
    lines = [[1700000000.0, "INFO", "kit", f"Line {first + n}"] for n in range(count)]
    logs.append(job.pk, 1, first, lines)
    Job.objects.filter(pk=job.pk).update(log_lines=job.log_lines + count)


def end(job):
    Job.objects.filter(pk=job.pk).update(
        state=JobState.SUCCEEDED, finished_at=timezone.now(), lease_expires_at=None
    )


def test_a_job_is_followed_to_its_end(follow, toolkit, user):
    job = make_job(toolkit, user, state=JobState.RUNNING)
    reader = follow(job)

    assert reader.next()[1]["state"] == "running"
    write(job, 2)
    name, data, number = reader.next()
    assert (name, number) == ("log", "2")
    assert [line["text"] for line in data["lines"]] == ["Line 1", "Line 2"]
    Job.objects.filter(pk=job.pk).update(progress_done=1, progress_total=4, progress_label="half")
    assert reader.next() == (
        "progress", {"done": 1, "total": 4, "label": "half", "percent": 25}, None,
    )  # fmt: skip
    end(job)
    assert reader.next()[1]["state"] == "succeeded"
    assert reader.next() == ("done", {"state": "succeeded"}, None)
    assert reader.next() is None


def test_it_goes_on_after_the_last_event_that_was_received(follow, toolkit, user):
    job = make_job(toolkit, user, state=JobState.RUNNING)
    write(job, 5)

    _, data, number = follow(job, last_event_id="3").next("log")

    assert [line["number"] for line in data["lines"]] == [4, 5]
    assert number == "5"


def test_a_long_log_comes_whole_and_in_order(follow, toolkit, user):
    job = make_job(toolkit, user, state=JobState.RUNNING)
    write(job, 2300)
    end(job)
    reader, seen = follow(job), []

    while event := reader.next():
        if event[0] == "log":
            seen += [line["number"] for line in event[1]["lines"]]

    assert seen == list(range(1, 2301))


def test_who_has_it_all_is_told_not_to_come_again(api, user, toolkit):
    job = make_job(toolkit, user, state=JobState.SUCCEEDED, log_lines=3)

    assert api(user).get(f"jobs/{job.pk}/events/", last_event_id="3").status_code == 204


def test_somebody_elses_job_is_not_there(api, user, curator, toolkit):
    job = make_job(toolkit, curator, state=JobState.RUNNING)

    problem(api(user).get(f"jobs/{job.pk}/events/"), 404)


def test_the_stream_ends_when_the_user_may_not_see_the_job_any_more(follow, toolkit, user):
    reader = follow(make_job(toolkit, user, state=JobState.RUNNING))
    assert reader.next()

    user.groups.clear()

    assert reader.next() is None


def test_the_stream_ends_with_the_session(follow, toolkit, user):
    reader = follow(make_job(toolkit, user, state=JobState.RUNNING))
    assert reader.next()

    Session.objects.all().delete()

    assert reader.next() is None


def test_the_stream_ends_when_the_account_is_disabled(follow, toolkit, user):
    reader = follow(make_job(toolkit, user, state=JobState.RUNNING))
    assert reader.next()

    user.is_active = False
    user.save()

    assert reader.next() is None


def test_the_stream_ends_when_the_process_is_asked_to_stop(follow, toolkit, user):
    reader = follow(make_job(toolkit, user, state=JobState.RUNNING))
    assert reader.next()
    events.closing.set()
    try:
        assert reader.next() is None
    finally:
        events.closing.clear()


def test_no_more_streams_than_there_may_be_are_open(follow, api, user, toolkit, settings):
    settings.API_STREAMS_MAX = 1
    job = make_job(toolkit, user, state=JobState.RUNNING)
    first = follow(job)

    response = api(user).get(f"jobs/{job.pk}/events/")
    problem(response, 503)
    assert int(response["Retry-After"]) > 0

    first.close()
    assert follow(job).next()


def test_a_stream_that_nobody_read_gives_its_place_back(api, user, toolkit):
    job = make_job(toolkit, user, state=JobState.RUNNING)

    close(api(user).get(f"jobs/{job.pk}/events/"))

    assert events.streams.taken == 0


def test_an_idle_stream_shows_that_it_lives(follow, toolkit, user, monkeypatch):
    monkeypatch.setattr(events, "_BEAT_SECONDS", 0.0)
    reader = follow(make_job(toolkit, user, state=JobState.RUNNING))
    next(reader.chunks)
    next(reader.chunks)

    assert next(reader.chunks).startswith(b": ")


def test_waiting_costs_one_query_a_turn(
    follow, toolkit, user, django_assert_num_queries, monkeypatch
):
    monkeypatch.setattr(events, "_CHECK_SECONDS", 60.0)
    monkeypatch.setattr(events, "_BEAT_SECONDS", 0.0)
    reader = follow(make_job(toolkit, user, state=JobState.RUNNING))
    next(reader.chunks)
    next(reader.chunks)

    with django_assert_num_queries(1):
        next(reader.chunks)


def test_nothing_keeps_the_stream_on_its_way(api, user, toolkit):
    job = make_job(toolkit, user)
    response = api(user).get(f"jobs/{job.pk}/events/", accept="text/event-stream")
    close(response)

    assert response["Content-Type"].startswith("text/event-stream")
    assert response["Cache-Control"] == "no-store"
    assert response["X-Accel-Buffering"] == "no"
