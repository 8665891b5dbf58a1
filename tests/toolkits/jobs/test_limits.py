"""Concurrency limits, named locks, and fairness between toolkits."""

from __future__ import annotations

import pytest

from tests.support.factories import make_row, make_user, operation
from toolkits.errors import NotUsable
from toolkits.jobs import limits, recovery
from toolkits.jobs.dispatch import Origin
from toolkits.jobs.states import JobState
from toolkits.models import Job, JobLock

TEXT = {"type": "object", "properties": {"db": {"type": "string"}}, "additionalProperties": False}
LIST = {
    "type": "object",
    "properties": {"hosts": {"type": "array", "items": {"type": "string"}}},
}


def limited(**concurrency):
    return operation(
        concurrency={
            "limit": 1,
            "scope": "operation",
            "key": None,
            "on_conflict": "queue",
            **concurrency,
        }
    )


def test_a_job_over_the_limit_waits_and_says_what_for_and_who_holds_it(ask, take, finish):
    toolkit = make_row("kit", operations=[limited()])
    first, second = ask(toolkit), ask(toolkit)

    running = take()
    assert running.pk == first.pk
    assert take() is None

    second.refresh_from_db()
    assert second.state == JobState.QUEUED
    assert second.waits_for == "operation:kit.hello"
    assert limits.describe(second.waits_for) == "the limit of the operation kit.hello"
    assert [lock.job_id for lock in limits.holders(second)] == [first.pk]


def test_the_end_of_a_holder_wakes_the_next_and_calls_a_worker(ask, take, finish, called):
    toolkit = make_row(operations=[limited()])
    ask(toolkit), ask(toolkit), ask(toolkit)
    running = take()
    assert take() is None
    called.clear()

    finish(running)

    assert called == ["default"]
    assert take().attempt == 1
    assert take() is None


def test_a_failed_attempt_that_goes_again_lets_go_of_its_place_meanwhile(ask, take, finish):
    described = {**limited(), "retries": 1, "backoff": {"initial": 60}}
    toolkit = make_row(operations=[described])
    first, second = ask(toolkit), ask(toolkit)
    running = take()
    assert take() is None

    finish(running, JobState.FAILED)

    first.refresh_from_db()
    assert first.state == JobState.SCHEDULED
    assert take().pk == second.pk


@pytest.mark.parametrize(
    ("concurrency", "one", "other", "together"),
    [
        ({"limit": 2}, "a", "b", True),
        ({"scope": "toolkit"}, "a", "b", False),
        ({"scope": "key", "key": "db"}, "a", "b", True),
        ({"scope": "key", "key": "db"}, "a", "a", False),
    ],
)
def test_a_limit_counts_within_its_scope(ask, take, concurrency, one, other, together):
    toolkit = make_row(operations=[{**limited(**concurrency), "inputs": TEXT}])
    ask(toolkit, inputs={"db": one})
    ask(toolkit, inputs={"db": other})
    take()

    assert (take() is not None) == together


def test_a_named_lock_holds_across_toolkits(ask, take, finish):
    locked = operation(inputs=TEXT, locks=["db:{db}"])
    one, other = make_row(operations=[locked]), make_row(operations=[locked])
    holder = ask(one, inputs={"db": "prod"})
    blocked = ask(other, inputs={"db": "prod"})
    free = ask(other, inputs={"db": "test"})
    assert take().pk == holder.pk

    assert take().pk == free.pk
    assert take() is None
    blocked.refresh_from_db()
    assert blocked.waits_for == "lock:db:prod"


def test_a_lock_on_a_list_is_taken_for_each_item(ask, take):
    locked = operation(inputs=LIST, locks=["host:{hosts}"])
    toolkit = make_row(operations=[locked])
    ask(toolkit, inputs={"hosts": ["a", "b"]})
    ask(toolkit, inputs={"hosts": ["b", "c"]})
    take()

    assert take() is None
    assert set(JobLock.objects.values_list("key", flat=True)) == {"lock:host:a", "lock:host:b"}


def test_a_rejecting_operation_refuses_while_another_waits_or_runs(ask, take, finish):
    toolkit = make_row("kit", operations=[limited(on_conflict="reject")])
    first = ask(toolkit)

    with pytest.raises(NotUsable, match=str(first.pk)):
        ask(toolkit)
    finish(take())
    assert ask(toolkit).state == JobState.QUEUED


def test_a_rejected_request_leaves_no_row(ask):
    toolkit = make_row(operations=[limited(on_conflict="reject")])
    ask(toolkit)

    with pytest.raises(NotUsable):
        ask(toolkit)

    assert Job.objects.count() == 1


def test_a_coalescing_operation_gives_the_equal_job_that_is_there(ask, take, finish):
    toolkit = make_row(operations=[{**limited(on_conflict="coalesce"), "inputs": TEXT}])
    first = ask(toolkit, inputs={"db": "a"})

    assert ask(toolkit, inputs={"db": "a"}).pk == first.pk
    assert ask(toolkit, inputs={"db": "b"}).pk != first.pk
    finish(take())
    assert ask(toolkit, inputs={"db": "a"}).pk != first.pk


def test_nobody_joins_a_job_that_they_may_not_see(ask):
    toolkit = make_row(operations=[limited(on_conflict="coalesce")])
    first = ask(toolkit)

    other = ask(toolkit, user=make_user(roles=["toolkit.user"]))

    assert other.pk != first.pk


def test_a_child_may_run_in_what_its_parent_holds(ask, take):
    toolkit = make_row(operations=[limited()])
    parent = ask(toolkit)
    take()

    child = ask(toolkit, origin=Origin(parent=parent))

    assert take().pk == child.pk


def test_a_flood_of_one_toolkit_does_not_delay_the_first_job_of_another(ask, take, finish):
    flooding, other = make_row(), make_row()
    for _ in range(50):
        ask(flooding)
    for _ in range(10):
        finish(take())

    mine = ask(other)

    assert mine.pk in {take().pk, take().pk}


def test_two_floods_take_turns(ask, take):
    one, other = make_row("one"), make_row("other")
    for toolkit in [one] * 20 + [other] * 20:
        ask(toolkit)

    order = [take().toolkit_slug for _ in range(20)]

    assert order.count("one") == order.count("other") == 10


def test_the_sweep_wakes_what_a_crash_left_asleep(ask, take, finish, called, valkey):
    toolkit = make_row(operations=[limited()])
    ask(toolkit), ask(toolkit)
    holder = take()
    assert take() is None
    # The holder's process died between its commit and the waking.
    JobLock.objects.filter(job=holder).delete()

    recovery.sweep_queued()

    assert take() is not None


def test_many_claims_at_once_never_exceed_a_limit(ask, take):
    toolkit = make_row(operations=[limited(limit=3)])
    for _ in range(10):
        ask(toolkit)

    taken = [take() for _ in range(10)]

    assert sum(job is not None for job in taken) == 3
    assert JobLock.objects.count() == 3
