"""Schedules through the API."""

import pytest
from django.contrib.auth.models import Group

from audit.models import Event
from tests.support.api import places, problem
from tests.support.factories import make_user
from toolkits.models import Job, Schedule

URL = "schedules/"


@pytest.fixture
def wish(toolkit):
    """What to post for a schedule that is right."""
    return {
        "name": "Nightly hello",
        "toolkit": "sample",
        "operation": "hello",
        "inputs": {"count": 2},
        "kind": "cron",
        "cron": "0 2 * * *",
        "time_zone": "Europe/Berlin",
        "owner": "toolkit.user",
    }


@pytest.fixture
def schedule(api, user, wish):
    response = api(user).post(URL, wish)
    assert response.status_code == 201, response.content
    return response.json()


def test_a_schedule_is_made_with_its_next_runs(api, user, schedule):
    assert schedule["inputs"] == {"name": "world", "count": 2}
    assert len(schedule["next_runs"]) == 5
    assert schedule["can_change"] is True
    assert api(user).get(schedule["url"]).json() == schedule
    assert Event.objects.filter(name="schedule.created").exists()


@pytest.mark.parametrize(
    ("change", "status", "place"),
    [
        ({"inputs": {"count": 99}}, 422, ["count"]),
        ({"cron": "never"}, 422, ["cron"]),
        ({"time_zone": "Mars"}, 422, ["time_zone"]),
        ({"kind": "once", "run_at": "2020-01-01T00:00:00Z"}, 422, ["run_at"]),
        ({"toolkit": "other"}, 422, ["toolkit"]),
        ({"operation": "other"}, 422, ["operation"]),
        ({"owner": "nobody"}, 422, ["owner"]),
        ({"kind": "sometimes"}, 400, ["kind"]),
        ({"interval_seconds": 1}, 400, ["interval_seconds"]),
        ({"paused": True}, 400, ["paused"]),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(api, user, wish, change, status, place):
    found = problem(api(user).post(URL, {**wish, **change}), status)

    assert place in places(found)
    assert not Schedule.objects.exists()


def test_a_role_that_one_does_not_have_cannot_own_it(api, user, wish):
    problem(api(user).post(URL, {**wish, "owner": "toolkit.curator"}), 409)


def test_a_change_keeps_what_is_not_given(api, user, schedule):
    body = api(user).patch(schedule["url"], {"cron": "30 3 * * *"}).json()

    assert body["cron"] == "30 3 * * *"
    assert body["inputs"] == schedule["inputs"]


def test_a_change_of_what_somebody_else_changed_is_refused(api, user, schedule):
    tag = api(user).get(schedule["url"])["ETag"]
    api(user).patch(schedule["url"], {"name": "Other"}, if_match=tag)

    problem(api(user).patch(schedule["url"], {"name": "Mine"}, if_match=tag), 412)


def test_it_rests_and_goes_on(api, user, schedule):
    paused = api(user).post(f"{schedule['url']}pause/").json()
    assert (paused["paused"], paused["next_runs"]) == (True, [])
    listed = api(user).get(URL, {"paused": "true"}).json()["results"]
    assert [row["id"] for row in listed] == [schedule["id"]]

    assert api(user).post(f"{schedule['url']}resume/").json()["paused"] is False


def test_it_runs_at_once_for_who_asks(api, user, schedule):
    response = api(user).post(f"{schedule['url']}run/")

    assert response.status_code == 202
    job = Job.objects.get(pk=response.json()["id"])
    assert (str(job.schedule_id), job.requested_by) == (schedule["id"], user)


def test_it_is_deleted(api, user, schedule):
    assert api(user).delete(schedule["url"]).status_code == 204
    problem(api(user).get(schedule["url"]), 404)


def test_who_does_not_have_the_role_does_not_see_it(api, schedule):
    Group.objects.create(name="others")
    stranger = make_user("sam")

    assert api(stranger).get(URL).json()["results"] == []
    for method in ("get", "patch", "delete"):
        problem(getattr(api(stranger), method)(schedule["url"]), 404)
    problem(api(stranger).post(f"{schedule['url']}run/"), 404)


def test_a_list_costs_the_same_queries_whatever_its_length(
    api, user, wish, django_assert_max_num_queries
):
    client = api(user)
    for number in range(8):
        client.post(URL, {**wish, "name": f"Schedule {number}"})

    with django_assert_max_num_queries(8):
        assert len(client.get(URL).json()["results"]) == 8
