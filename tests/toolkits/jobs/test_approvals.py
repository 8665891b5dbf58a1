"""A second person's consent, and what makes it void."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from tests.support.factories import make_row, make_user, operation
from toolkits.access import can_approve
from toolkits.errors import Conflict, NotUsable
from toolkits.jobs import approvals
from toolkits.jobs.dispatch import Origin
from toolkits.jobs.states import JobState
from toolkits.models import Job, JobApproval
from toolkits.schedules import service


@pytest.fixture
def approver(db):
    return make_user(roles=["toolkit.curator"])


@pytest.fixture
def job(ask):
    return ask(make_row(operations=[operation(requires_approval=True)]))


def test_a_job_waits_until_a_second_person_approves_it(job, approver, take):
    assert job.state == JobState.AWAITING_APPROVAL
    assert take() is None

    approvals.approve(job, approver, approvals.digest_of(job))

    assert take().pk == job.pk


def test_whoever_requests_it_cannot_approve_it(ask):
    curator = make_user(roles=["toolkit.curator"])
    job = ask(make_row(operations=[operation(requires_approval=True)]), user=curator)

    with pytest.raises(NotUsable, match="Somebody else"):
        approvals.approve(job, curator, approvals.digest_of(job))


def test_who_may_not_approve_is_refused(job):
    with pytest.raises(NotUsable):
        approvals.approve(job, make_user(roles=["toolkit.user"]), approvals.digest_of(job))


def test_consent_to_something_else_is_refused(job, approver):
    with pytest.raises(Conflict):
        approvals.approve(job, approver, "0" * 64)


def test_inputs_that_change_after_the_consent_void_it(job, approver, take):
    approvals.approve(job, approver, approvals.digest_of(job))
    Job.objects.filter(pk=job.pk).update(inputs={"other": True})

    assert take() is None

    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert "not those that were approved" in job.reason
    assert "version" not in job.reason
    assert job.approvals.get().state == "voided"


def test_a_version_that_changes_before_the_decision_voids_the_request(job, approver):
    other = make_row().active_version
    job.toolkit.active_version = other
    job.toolkit.save()

    with pytest.raises(Conflict, match="version changed"):
        approvals.approve(job, approver, approvals.digest_of(job))

    job.refresh_from_db()
    assert job.state == JobState.CANCELLED


def test_the_plan_is_part_of_what_is_approved(ask, approver, take, finish):
    job = ask(make_row(operations=[operation(requires_approval=True, dry_run=True)]))
    with pytest.raises(NotUsable, match="plan"):
        approvals.approve(job, approver, "")

    plan = take()
    assert plan.dry_run
    finish(plan, result={"view": "text", "text": "one host"})

    job = Job.objects.get(pk=job.pk)
    seen = approvals.digest_of(job)
    Job.objects.filter(pk=plan.pk).update(result={"view": "text", "text": "all hosts"})
    with pytest.raises(Conflict):
        approvals.approve(Job.objects.get(pk=job.pk), approver, seen)


def test_a_rejected_job_ends(job, approver):
    approvals.reject(job, approver, "not today")

    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert "not today" in job.reason


def test_what_nobody_decides_expires(job):
    JobApproval.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert approvals.expire_due() == 1
    assert approvals.expire_due() == 0
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED


def test_another_version_voids_at_once_what_waits_and_what_was_approved(ask, approver):
    toolkit = make_row(operations=[operation(requires_approval=True), operation("free")])
    waiting, approved = ask(toolkit), ask(toolkit)
    approvals.approve(approved, approver, approvals.digest_of(approved))
    free = ask(toolkit, "free")
    toolkit.active_version = make_row().active_version
    toolkit.save()

    assert approvals.void_outdated(toolkit) == 2

    for job in (waiting, approved):
        job.refresh_from_db()
        assert job.state == JobState.CANCELLED
        assert "version changed" in job.reason
        assert job.approvals.get().state == "voided"
    free.refresh_from_db()
    assert free.state == JobState.QUEUED
    assert approvals.void_outdated(toolkit) == 0


@pytest.fixture
def scheduled(ask):
    """A run that a schedule asked for, made by one curator and changed by another."""

    def run(maker, changer):
        toolkit = make_row(operations=[operation(requires_approval=True)])
        owner = Group.objects.get(name="toolkit.curator")
        schedule = service.create(
            maker, toolkit=toolkit, inputs={}, owner=owner, name="nightly", operation="hello",
            kind="interval", interval_seconds=3600,
        )  # fmt: skip
        service.change(schedule, changer, name="nightly two")
        return ask(toolkit, user=None, via="schedule", origin=Origin(schedule=schedule))

    return run


@pytest.mark.parametrize("deleted", [False, True])
def test_who_made_or_changed_a_schedule_cannot_approve_its_runs(scheduled, deleted):
    maker, changer, other = (make_user(roles=["toolkit.curator"]) for _ in range(3))
    job = scheduled(maker, changer)
    if deleted:
        service.delete(job.schedule, maker)
    job = Job.objects.get(pk=job.pk)

    for person in (maker, changer):
        assert not can_approve(person, job)
        with pytest.raises(NotUsable, match="Somebody else"):
            approvals.approve(job, person, approvals.digest_of(job))
    approvals.approve(job, other, approvals.digest_of(job))
    job.refresh_from_db()
    assert job.state == JobState.QUEUED
