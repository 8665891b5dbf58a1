"""The pages of schedules: list, form, and what is done at a click."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.roles import TOOLKIT_CURATOR, TOOLKIT_USER
from tests.support.factories import make_row, make_user, operation
from toolkits.models import Job, Schedule, Toolkit
from toolkits.schedules import service

INPUTS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "default": "world", "minLength": 1},
        "cron": {"type": "integer", "default": 1},
    },
}
TIMES = {
    "_name": "Nightly", "_kind": "cron", "_cron": "0 3 * * *", "_time_zone": "Europe/Berlin",
    "_overlap": "skip", "_missed": "once", "_owner": TOOLKIT_USER,
}  # fmt: skip
NEW = "/toolkits/kit/run/hello/schedule/"


@pytest.fixture
def toolkit(db: None) -> Toolkit:
    operations = [
        operation("hello", inputs=INPUTS),
        operation("drop", effect="destroy", dry_run=True),
    ]
    return make_row("kit", operations=operations)


@pytest.fixture
def signed_in(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def make(toolkit: Toolkit, user: User, role: str = TOOLKIT_USER, **values: Any) -> Schedule:
    given = {"name": "Nightly", "operation": "hello", "kind": "cron", "cron": "0 3 * * *", **values}
    owner = Group.objects.get(name=role)
    return service.create(user, toolkit=toolkit, inputs={}, owner=owner, **given)


def test_what_was_typed_into_the_form_of_a_run_is_carried_to_the_schedule(
    signed_in: Client, toolkit: Toolkit
) -> None:
    assert 'formaction="/toolkits/kit/run/hello/schedule/"' in _text(
        signed_in.get("/toolkits/kit/run/hello/")
    )
    page = _text(signed_in.post(NEW, {"_carry": "on", "name": "ada"}))
    assert 'value="ada"' in page
    assert not Schedule.objects.exists()


def test_a_schedule_is_made_with_its_inputs(signed_in: Client, toolkit: Toolkit) -> None:
    answer = signed_in.post(NEW, {**TIMES, "name": "ada", "cron": "5"})
    assert answer.url == "/schedules/"
    schedule = Schedule.objects.get()
    assert schedule.inputs == {"name": "ada", "cron": 5}
    assert (schedule.name, schedule.cron, schedule.time_zone) == (
        "Nightly", "0 3 * * *", "Europe/Berlin",
    )  # fmt: skip
    assert schedule.next_run_at is not None


def test_one_moment_is_read_in_the_zone_that_was_chosen(
    signed_in: Client, toolkit: Toolkit
) -> None:
    once = {**TIMES, "_kind": "once", "_run_at": "2099-07-01T03:00"}
    signed_in.post(NEW, once)
    assert Schedule.objects.get().run_at == datetime(2099, 7, 1, 1, tzinfo=UTC)


def test_an_interval_is_written_as_people_write_it(signed_in: Client, toolkit: Toolkit) -> None:
    signed_in.post(NEW, {**TIMES, "_kind": "interval", "_interval": "1h 30m", "_jitter": "2m"})
    schedule = Schedule.objects.get()
    assert (schedule.interval_seconds, schedule.jitter_seconds) == (5400, 120)
    page = _text(signed_in.get(f"/schedules/{schedule.pk}/"))
    assert 'value="1h 30m"' in page


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"_cron": ""}, "This is needed."),
        ({"_cron": "nonsense"}, "is not a cron expression"),
        ({"_time_zone": "Mars/Base"}, "There is no such time zone"),
        ({"_kind": "interval", "_interval": "soon"}, "Write a length of time"),
        ({"_kind": "interval", "_interval": "1s"}, "must be between 10"),
        ({"_kind": "once", "_run_at": "2001-01-01T00:00"}, "This moment has passed."),
        ({"_owner": "system.admin"}, "Select a valid choice"),
        ({"name": ""}, "name"),
    ],
)
def test_what_is_wrong_is_said_at_its_place_and_nothing_is_made(
    wrong: dict[str, str], text: str, signed_in: Client, toolkit: Toolkit
) -> None:
    answer = signed_in.post(NEW, {**TIMES, "name": "ada", **wrong})
    assert answer.status_code == 422
    assert text in _text(answer)
    assert not Schedule.objects.exists()


def test_the_next_runs_are_shown_while_the_times_are_typed(
    signed_in: Client, toolkit: Toolkit
) -> None:
    data = {**TIMES, "_preview": "on"}
    answer = signed_in.post(NEW, data, headers={"HX-Request": "true"})
    assert _text(answer).count("data-exact") == 5
    answer = signed_in.post(NEW, {**data, "_cron": "x"}, headers={"HX-Request": "true"})
    assert "is not a cron expression" in _text(answer)


def test_what_destroys_is_scheduled_by_its_name_alone(signed_in: Client, toolkit: Toolkit) -> None:
    drop = "/toolkits/kit/run/drop/schedule/"
    assert signed_in.post(drop, TIMES).status_code == 422
    assert signed_in.post(drop, {**TIMES, "_confirm": "kit"}).status_code == 302
    assert signed_in.post(drop, {**TIMES, "_dry_run": "on"}).status_code == 302
    assert [row.dry_run for row in Schedule.objects.order_by("id")] == [False, True]


def test_a_change_keeps_what_was_not_touched(
    signed_in: Client, toolkit: Toolkit, user: User
) -> None:
    schedule = make(toolkit, user)
    signed_in.post(f"/schedules/{schedule.pk}/", {**TIMES, "_name": "Early", "name": "bob"})
    schedule.refresh_from_db()
    assert (schedule.name, schedule.inputs["name"]) == ("Early", "bob")


def test_it_rests_goes_on_runs_at_once_and_is_deleted(
    signed_in: Client, toolkit: Toolkit, user: User
) -> None:
    schedule = make(toolkit, user)
    signed_in.post(f"/schedules/{schedule.pk}/pause/")
    assert "Resume" in _text(signed_in.get("/schedules/?state=paused"))
    signed_in.post(f"/schedules/{schedule.pk}/resume/")
    assert "Nightly" in _text(signed_in.get("/schedules/?state=active"))
    answer = signed_in.post(f"/schedules/{schedule.pk}/run/")
    job = Job.objects.get()
    assert answer.url == f"/jobs/{job.pk}/"
    assert job.requested_by == user
    signed_in.post(f"/schedules/{schedule.pk}/delete/")
    assert not Schedule.objects.exists()


def test_a_schedule_that_does_not_run_says_why(
    signed_in: Client, toolkit: Toolkit, user: User
) -> None:
    schedule = make(toolkit, user)
    Schedule.objects.filter(pk=schedule.pk).update(problem="port: is required")
    assert "port: is required" in _text(signed_in.get("/schedules/?state=problem"))
    assert "port: is required" in _text(signed_in.get(f"/schedules/{schedule.pk}/"))


def test_one_of_another_role_is_not_there(client: Client, toolkit: Toolkit, curator: User) -> None:
    schedule = make(toolkit, curator, TOOLKIT_CURATOR)
    client.force_login(make_user(roles=[TOOLKIT_USER]))
    assert "Nightly" not in _text(client.get("/schedules/"))
    assert client.get(f"/schedules/{schedule.pk}/").status_code == 404
    assert client.post(f"/schedules/{schedule.pk}/pause/").status_code == 404


def test_a_list_of_many_asks_no_more_than_a_list_of_few(
    signed_in: Client, toolkit: Toolkit, user: User
) -> None:
    make(toolkit, user)
    signed_in.get("/schedules/")
    with CaptureQueriesContext(connection) as few:
        signed_in.get("/schedules/")
    for number in range(9):
        make(toolkit, user, name=f"s{number}")
    with CaptureQueriesContext(connection) as many:
        signed_in.get("/schedules/")
    assert len(many) == len(few) <= 12


def _text(answer: Any) -> str:
    return str(answer.content.decode())
