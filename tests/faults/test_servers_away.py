"""Valkey, Vault and PostgreSQL going away under running and waiting jobs, and coming back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from tests.faults.conftest import SHORT_LEASE, ended, texts
from tests.support import postgres, until
from tests.support.witness import Witness
from toolbox import secrets
from toolbox.secrets import SecretsError
from toolkits.jobs.cancel import request_cancel
from toolkits.jobs.states import JobState
from toolkits.models import Job, ToolkitState

SECRETIVE = """
@toolkit.operation(timeout=120)
def patient(ctx: Context) -> int:
    ctx.log.info("has %s", ctx.secret("db", "user"))
    refused = 0
    while True:
        try:
            ctx.secret("db", f"again-{refused}")
        except CallError as error:
            # A key that is not there means that Vault has answered.
            if error.kind == "not_found" and refused:
                return refused
            if error.kind == "unavailable":
                refused += 1
                ctx.log.info("refused: %s", error)
        ctx.sleep(0.2)

@toolkit.operation()
def hasty(ctx: Context) -> str:
    return ctx.secret("db", "user")

@toolkit.operation()
def given(ctx: Context, password: Secret) -> int:
    return len(password.get_secret_value())

@toolkit.operation(timeout=120, on_vault_away="wait")
def calm(ctx: Context, password: Secret) -> int:
    return len(ctx.secret("db", "user") + password.get_secret_value())

@toolkit.operation(timeout=120, on_vault_away="wait")
def under_way(ctx: Context) -> str:
    ctx.log.info("has begun")
    while not ctx.state.get("sealed"):
        ctx.sleep(0.1)
    return ctx.secret("db", "user")

@toolkit.operation()
def free(ctx: Context) -> str:
    return "free"
"""


def test_jobs_outlive_a_valkey_that_is_killed_and_comes_back_empty(
    platform, valkey, witness, witnessed, ask
):
    platform.scheduler()
    worker = platform.worker()
    running = ask(witnessed, "once", port=witness.port, seconds=3)
    waiting = [ask(witnessed, "once", port=witness.port, seconds=0.1) for _ in range(3)]
    until(lambda: witness.visits(running.pk), 30, "the first job runs")

    valkey.stop()
    meanwhile = [ask(witnessed, "once", port=witness.port, seconds=0.1) for _ in range(3)]
    # It ends while there is no Valkey to tell of it.
    assert ended(running).state == JobState.SUCCEEDED
    valkey.start()
    valkey.client().flushall()

    for job in [*waiting, *meanwhile]:
        _assert_done_once(ended(job), witness)
    assert witness.together == []
    assert worker.status is None


def _assert_done_once(job: Job, witness: Witness) -> None:
    assert (job.state, job.attempt) == (JobState.SUCCEEDED, 1), job.reason
    assert [visit.done for visit in witness.visits(job.pk)] == [True]
    assert len(texts(job)) == job.log_lines


@pytest.fixture
def secretive(install, openbao):
    toolkit = install(
        SECRETIVE, slug="secretive", permissions={"vault": ["db"]}
    )
    secrets.client().write("toolkits/secretive/db", {"user": "ulf"})
    return toolkit


def test_a_sealed_vault_fails_what_needs_it_with_the_reason_and_nothing_else(
    platform, openbao, secretive, ask, user
):
    worker, other = platform.worker(), platform.worker()
    patient = ask(secretive, "patient")
    until(lambda: "has ulf" in texts(patient), 40, "it has read its secret")

    openbao.client().sys.seal()
    until(lambda: any("refused" in text for text in texts(patient)), 40, "Vault refuses")
    with pytest.raises(SecretsError):
        ask(secretive, "given", password="correct horse")
    # What cannot keep its secret is not there at all.
    assert not Job.objects.filter(operation="given").exists()
    hasty = ended(ask(secretive, "hasty"))
    assert hasty.state == JobState.FAILED
    assert "sealed" in hasty.reason.lower(), hasty.reason
    openbao.make_ready()

    job = ended(patient)
    assert job.state == JobState.SUCCEEDED, job.reason
    assert job.result["data"] > 0
    assert ended(ask(secretive, "hasty")).state == JobState.SUCCEEDED
    assert ended(ask(secretive, "given", password="correct horse")).result["data"] == 13
    assert worker.status is other.status is None


def test_jobs_that_wait_for_vault_go_on_when_it_works_again(
    platform, openbao, secretive, ask, user
):
    # Both workers lead a job that comes to wait, and take others meanwhile.
    workers = platform.worker(), platform.worker()
    under_way, stopped = (ask(secretive, "under_way") for _ in range(2))
    for job in (under_way, stopped):
        until(lambda job=job: "has begun" in texts(job), 40, "it has begun")
    calm = ask(secretive, "calm", password="correct horse")

    openbao.client().sys.seal()
    ToolkitState.objects.create(toolkit=secretive, key="sealed", value=True)
    for job in (under_way, stopped):
        until(lambda job=job: any("waits for it" in text for text in texts(job)), 40, "it waits")
    until(lambda: Job.objects.get(pk=calm.pk).state == JobState.SCHEDULED, 40, "it is put off")
    assert ended(ask(secretive, "free")).state == JobState.SUCCEEDED
    request_cancel(stopped, user)
    gone = ended(stopped)
    assert (gone.state, gone.attempts.get().killed_at) == (JobState.CANCELLED, None), gone.reason
    openbao.make_ready()
    platform.scheduler()

    job = ended(under_way)
    assert (job.state, job.attempt) == (JobState.SUCCEEDED, 1), job.reason
    assert job.result["data"] == "ulf"
    job = ended(calm)
    assert job.state == JobState.SUCCEEDED, job.reason
    assert job.result["data"] == len("ulf" + "correct horse")
    assert {one.exit_reason for one in job.attempts.all()} == {"vault_away", "result"}
    assert [worker.status for worker in workers] == [None, None]


@pytest.mark.postgres
@pytest.mark.skipif(
    not os.environ.get("TEST_DATABASE_URL"), reason="PostgreSQL is restarted in its own run alone"
)
def test_jobs_outlive_a_postgresql_that_crashes_and_comes_back(
    platform, witness, witnessed, ask, user
):
    with on_own_cluster() as url:
        platform.env.update(SHORT_LEASE, DATABASE_URL=url)
        scheduler = platform.scheduler()
        worker = platform.worker()
        running = ask(witnessed, "once", port=witness.port, seconds=2)
        waiting = [ask(witnessed, "once", port=witness.port, seconds=0.1) for _ in range(3)]
        until(lambda: witness.visits(running.pk), 30, "the first job runs")

        postgres.restart(url)
        connection.close()

        for job in [running, *waiting]:
            _assert_done_once(ended(job), witness)
        assert witness.together == []
        assert worker.status is scheduler.status is None


@contextmanager
def on_own_cluster() -> Iterator[str]:
    """Move this test to a cluster of its own, with what is in the database by now: others may
    run on the usual one just now. What it has committed outlives a crash."""
    before = dict(connection.settings_dict)
    with postgres.cluster(durable=True) as url:
        postgres.copy(_url(before), url)
        connection.close()
        connection.settings_dict.update(postgres.settings_of(url))
        try:
            yield url
        finally:
            connection.close()
            connection.settings_dict.update(before)


def _url(values: dict[str, object]) -> str:
    base = os.environ["TEST_DATABASE_URL"].partition("?")[0]
    return f"{base.rpartition('/')[0]}/{values['NAME']}"
