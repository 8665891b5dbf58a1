"""Jobs that run other jobs: results come back, and no number of parents can stand still."""

from __future__ import annotations

import pytest

from tests.support import until
from tests.support.kits import run_here
from toolkits.jobs.cancel import request_cancel
from toolkits.jobs.dispatch import submit
from toolkits.jobs.states import JobState
from toolkits.models import Job
from toolkits.runtime import leader

FAMILY = """
@toolkit.operation()
def double(ctx: Context, number: int) -> int:
    ctx.log.info("doubling %d", number)
    if number < 0:
        raise ToolkitError("no negative numbers")
    return 2 * number

@toolkit.operation(timeout=120)
def one(ctx: Context, number: int) -> int:
    return ctx.child("double", number=number)

@toolkit.operation(timeout=120)
def many(ctx: Context, numbers: list[int], on_error: str = "raise") -> list[Any]:
    given = [{"number": number} for number in numbers]
    found = ctx.map("double", given, at_most=3, on_error=on_error)
    return [child.value if child.ok else child.reason for child in found]

@toolkit.operation(timeout=120)
def tree(ctx: Context, depth: int) -> int:
    if depth == 0:
        return 1
    return 1 + sum(child.value for child in ctx.map("tree", [{"depth": depth - 1}] * 2))

@toolkit.operation(timeout=120)
def patient(ctx: Context) -> int:
    return ctx.child("sleeper")

@toolkit.operation(timeout=120)
def sleeper(ctx: Context) -> int:
    ctx.log.info("sleeping")
    ctx.sleep(60)
    return 1

@toolkit.operation(timeout=120)
def forever(ctx: Context) -> int:
    return ctx.child("forever")
"""


@pytest.fixture
def kit(install):
    return install(FAMILY, slug="family")


@pytest.mark.usefixtures("valkey")
class TestInOneProcess:
    def test_a_child_is_a_job_whose_result_its_parent_gets(self, kit, user):
        job = run_here(kit, user, "one", {"number": 21})

        assert job.state == JobState.SUCCEEDED, job.reason
        assert job.result == {"view": "json", "data": 42}
        child = job.children.get()
        assert (child.state, child.depth, child.requested_via) == ("succeeded", 1, "job")
        assert child.requested_by == user

    def test_a_failed_child_fails_its_parent_with_its_reason(self, kit, user):
        job = run_here(kit, user, "one", {"number": -1})

        assert job.state == JobState.FAILED
        assert "no negative numbers" in job.reason

    def test_map_returns_results_in_the_order_of_its_items(self, kit, user):
        job = run_here(kit, user, "many", {"numbers": [5, 3, 1, 4]})

        assert job.result["data"] == [10, 6, 2, 8]
        assert (job.progress_done, job.progress_total) == (4, 4)

    def test_map_can_collect_failures(self, kit, user):
        job = run_here(kit, user, "many", {"numbers": [1, -1, 2], "on_error": "collect"})

        assert job.result["data"] == [2, "no negative numbers", 4]

    def test_the_first_failure_cancels_the_children_that_wait(self, kit, user):
        job = run_here(kit, user, "many", {"numbers": [-1, 1, 2, 3]})

        assert job.state == JobState.FAILED
        states = set(job.children.values_list("state", flat=True))
        assert "failed" in states
        assert states <= {"failed", "cancelled", "succeeded"}

    def test_inputs_that_do_not_fit_are_told_to_the_parent(self, kit, user):
        job = run_here(kit, user, "many", {"numbers": [1]})
        assert job.state == JobState.SUCCEEDED

    def test_children_go_no_deeper_than_the_limit(self, kit, user):
        job = run_here(kit, user, "forever")

        assert job.state == JobState.FAILED
        assert "levels deep" in job.reason
        assert Job.objects.count() == 9


def test_one_worker_runs_a_whole_tree_of_parents_that_wait(platform, kit, user):
    """Two parents wait at once in the deepest moment, and there is a single slot."""
    platform.worker("default")

    jobs = [submit(toolkit=kit, operation="tree", inputs={"depth": 2}, user=user) for _ in range(2)]

    for job in jobs:
        until(lambda job=job: Job.objects.get(pk=job.pk).is_finished, 150, "the tree")
        job.refresh_from_db()
        assert job.state == JobState.SUCCEEDED, job.reason
        assert job.result["data"] == 7
    assert Job.objects.count() == 14


def test_a_worker_whose_job_waits_takes_other_jobs(platform, kit, user):
    worker = platform.worker("default")
    patient = submit(toolkit=kit, operation="patient", inputs={}, user=user)
    until(lambda: Job.objects.filter(parent=patient, state="running").exists(), 20, "the child")
    # The child holds the one slot; a second worker takes it over to nobody.
    other = platform.worker("default")
    quick = submit(toolkit=kit, operation="double", inputs={"number": 1}, user=user)

    until(lambda: Job.objects.get(pk=quick.pk).is_finished, 20, "the other job")

    request_cancel(patient, user)
    until(lambda: Job.objects.get(pk=patient.pk).is_finished, 20, "the end")
    child = Job.objects.get(parent=patient)
    assert Job.objects.get(pk=patient.pk).state == JobState.CANCELLED
    until(lambda: Job.objects.get(pk=child.pk).is_finished, 20, "the child's end")
    assert Job.objects.get(pk=child.pk).state == JobState.CANCELLED
    assert worker.status is None
    assert other.status is None


def test_more_parents_than_any_worker_holds_never_stand_still(platform, kit, user):
    """Every slot is taken by a parent that waits for a child, and more parents are behind."""
    platform.worker("default")
    count = leader._MOST_WAITING + 4

    jobs = [
        submit(toolkit=kit, operation="one", inputs={"number": number}, user=user)
        for number in range(count)
    ]

    for number, job in enumerate(jobs):
        until(lambda job=job: Job.objects.get(pk=job.pk).is_finished, 150, "the parent")
        job.refresh_from_db()
        assert job.state == JobState.SUCCEEDED, job.reason
        assert job.result["data"] == 2 * number
    assert Job.objects.filter(state=JobState.SUCCEEDED).count() == 2 * count
