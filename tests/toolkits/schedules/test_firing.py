"""What schedules do when their time has come."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from audit.models import Event
from tests.support.factories import make_row, operation
from toolkits.errors import NotUsable
from toolkits.jobs.states import JobState
from toolkits.models import Job, Schedule
from toolkits.schedules import checking, firing, service

pytestmark = pytest.mark.usefixtures("_quiet")


@pytest.fixture
def _quiet(monkeypatch):
    monkeypatch.setattr("toolkits.jobs.queues.call_worker", lambda name, times=1: True)
    monkeypatch.setattr("toolkits.jobs.ending.announce", lambda job_id: None)


@pytest.fixture
def toolkit(db):
    return make_row("kit")


@pytest.fixture
def hourly(toolkit, user):
    def make(**values):
        role = Group.objects.get(name="toolkit.user")
        options = {
            "name": "Hourly",
            "operation": "hello",
            "kind": "interval",
            "interval_seconds": 3600,
        }
        return service.create(user, toolkit=toolkit, inputs={}, owner=role, **{**options, **values})

    return make


def make_due(schedule: Schedule, ago: timedelta = timedelta(seconds=1)) -> None:
    moment = timezone.now() - ago
    created = moment - timedelta(seconds=schedule.interval_seconds or 3600)
    Schedule.objects.filter(pk=schedule.pk).update(
        due_at=moment, next_run_at=moment, created_at=created
    )


def test_a_due_schedule_requests_a_run_once_and_moves_on(hourly):
    schedule = hourly()
    make_due(schedule)

    assert firing.run_due() == 1
    assert firing.run_due() == 0

    job = Job.objects.get()
    assert (job.state, job.requested_via, job.requester) == (JobState.QUEUED, "schedule", "Hourly")
    assert job.requested_by is None
    schedule.refresh_from_db()
    assert schedule.next_run_at > timezone.now()


def test_two_schedulers_at_the_same_moment_request_one_run(hourly):
    schedule = hourly()
    make_due(schedule)
    seen = Schedule.objects.select_related("toolkit__active_version", "owner").get()
    firing.run_due()

    assert firing._turn(seen, timezone.now()) == 0
    assert Job.objects.count() == 1


def test_a_schedule_lives_on_when_its_maker_is_gone(hourly, user):
    schedule = hourly()
    user.delete()
    make_due(schedule)

    assert firing.run_due() == 1


@pytest.mark.parametrize(
    ("overlap", "jobs"), [("skip", 1), ("queue", 2), ("parallel", 2), ("replace", 2)]
)
def test_what_happens_when_the_run_before_has_not_ended(hourly, overlap, jobs):
    schedule = hourly(overlap=overlap)
    make_due(schedule)
    firing.run_due()
    make_due(schedule)
    firing.run_due()

    assert Job.objects.count() == jobs
    first = Job.objects.order_by("id").first()
    assert first.state == (JobState.CANCELLED if overlap == "replace" else JobState.QUEUED)
    assert Event.objects.filter(name="schedule.skipped").count() == (1 if overlap == "skip" else 0)


@pytest.mark.parametrize(("missed", "jobs"), [("skip", 0), ("once", 1), ("all", 4)])
def test_what_happens_to_runs_that_were_missed(hourly, missed, jobs):
    schedule = hourly(missed=missed, overlap="parallel")
    make_due(schedule, timedelta(hours=3, minutes=30))

    firing.run_due()

    assert Job.objects.count() == jobs


def test_a_schedule_whose_inputs_no_longer_fit_is_flagged_and_not_run(hourly, toolkit):
    schedule = hourly()
    version = toolkit.active_version
    schema = {"type": "object", "properties": {"host": {"type": "string"}}, "required": ["host"]}
    version.description["operations"] = [operation(inputs=schema)]
    version.save()

    assert checking.revalidate(toolkit) == 1
    make_due(schedule)
    assert firing.run_due() == 0

    schedule.refresh_from_db()
    assert "host: is required" in schedule.problem
    assert Event.objects.filter(name="schedule.flagged").count() == 1
    version.description["operations"] = [operation()]
    version.save()
    toolkit.refresh_from_db()
    assert checking.revalidate(toolkit) == 0


def test_a_paused_schedule_rests_and_makes_up_for_nothing(hourly, user):
    schedule = hourly()
    make_due(schedule)
    service.pause(schedule, user)

    assert firing.run_due() == 0
    assert service.next_runs(schedule) == []
    schedule = service.resume(schedule, user)
    assert firing.run_due() == 0
    assert len(service.next_runs(schedule)) == 5


def test_nobody_makes_a_schedule_for_a_role_that_is_not_theirs(toolkit, user):
    role = Group.objects.get(name="toolkit.curator")

    with pytest.raises(NotUsable):
        service.create(
            user, toolkit=toolkit, inputs={}, owner=role,
            name="x", operation="hello", kind="interval", interval_seconds=60,
        )  # fmt: skip
