"""A second person's consent, through the API."""

import pytest
from django.contrib.auth.models import Permission

from tests.support.api import problem
from tests.support.factories import make_row, make_user, operation
from toolkits.jobs.states import JobState
from toolkits.models import Job

RUN = "toolkits/guarded/operations/drop/"


@pytest.fixture
def guarded(db):
    return make_row("guarded", operations=[operation("drop", requires_approval=True)])


@pytest.fixture
def approver(db):
    user = make_user("apo")
    names = ["view_job", "view_all_jobs", "approve_job"]
    user.user_permissions.add(*Permission.objects.filter(codename__in=names))
    return user


def test_a_run_waits_until_somebody_else_approves_it(api, user, approver, guarded):
    job = api(user).post(RUN, {}).json()
    assert job["state"] == "awaiting_approval"
    assert job["can_approve"] is False

    seen = api(approver).get(job["url"]).json()
    assert seen["can_approve"] is True
    assert seen["approval"]["state"] == "pending"

    approve = f"{job['url']}approve/"
    problem(api(user).post(approve, {"digest": seen["approval"]["digest"]}), 409)
    problem(api(approver).post(approve, {"digest": "0" * 64}), 409)
    problem(api(approver).post(approve, {}), 400)
    body = api(approver).post(approve, {"digest": seen["approval"]["digest"]}).json()
    assert body["state"] == "queued"
    assert body["approval"]["decided_by"]["username"] == "apo"


def test_a_refusal_ends_the_job(api, user, approver, guarded):
    job = api(user).post(RUN, {}).json()

    body = api(approver).post(f"{job['url']}reject/", {"comment": "not today"}).json()

    assert body["state"] == "cancelled"
    assert "not today" in body["reason"]
    problem(api(approver).post(f"{job['url']}reject/", {}), 409)


def test_who_may_not_decide_finds_nothing_to_decide(api, user, curator, guarded):
    job = api(user).post(RUN, {}).json()
    viewer = make_user("vera")
    names = ["view_job", "view_all_jobs"]
    viewer.user_permissions.add(*Permission.objects.filter(codename__in=names))

    problem(api(viewer).post(f"{job['url']}approve/", {"digest": "x"}), 404)
    problem(api(make_user("olaf", roles=["toolkit.user"])).post(f"{job['url']}reject/", {}), 404)
    assert Job.objects.get().state == JobState.AWAITING_APPROVAL


def test_a_run_for_later_waits_for_its_time(api, user, toolkit):
    url = "toolkits/sample/operations/ask/"

    body = api(user).post(f"{url}?run_at=2100-01-01T00:00:00Z", {}).json()

    assert (body["state"], body["not_before"]) == ("scheduled", "2100-01-01T00:00:00Z")
    problem(api(user).post(f"{url}?run_at=2100-01-01", {}), 400)
