"""What is past its keeping goes, in bounded batches; what is not, or has not ended, stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.models import Event
from tests.support.factories import make_artifact, make_job, make_row
from toolbox.ids import uuid7_floor
from toolkits.jobs import artifacts, logs, retention
from toolkits.jobs.states import TERMINAL, JobState
from toolkits.models import Job, JobArtifact, JobLog

_numbers = iter(range(1, 10_000))


@pytest.fixture
def kit(db, storage):
    return make_row("kit")


@pytest.fixture(autouse=True)
def kept(settings):
    """Nothing goes unless a test says so."""
    settings.TOOLKIT_JOB_RETENTION_DAYS = settings.TOOLKIT_JOB_RETENTION_COUNT = 0
    settings.TOOLKIT_LOG_RETENTION_DAYS = settings.TOOLKIT_ARTIFACT_RETENTION_DAYS = 0
    return settings


def old(kit: Any, days: float, state: JobState = JobState.SUCCEEDED, **fields: Any) -> Job:
    """A job that was requested so many days ago: its id says when."""
    then = timezone.now() - timedelta(days=days, seconds=next(_numbers))
    job = make_job(kit, id=uuid7_floor(then), created_at=then, state=state, **fields)
    logs.append(job.pk, 1, 1, [[1.0, "INFO", "kit", "a line"]])
    Job.objects.filter(pk=job.pk).update(log_lines=1)
    make_artifact(job, "report.txt", "text")
    return job


def stored() -> set[str]:
    """The folders of jobs in the storage of files."""
    folders, files = artifacts.storage().listdir("")
    return {*folders, *files}


def test_jobs_go_by_their_age_with_log_and_files(kit, kept):
    kept.TOOLKIT_JOB_RETENTION_DAYS = 30
    gone, stays = old(kit, 31), old(kit, 29)

    retention.prune_due()

    assert [job.pk for job in Job.objects.all()] == [stays.pk]
    assert {log.job_id for log in JobLog.objects.all()} == {stays.pk}
    assert stored() == {str(stays.pk)}
    assert str(gone.pk) not in stored()
    event = Event.objects.get(name="job.pruned")
    assert (event.details["jobs"], event.details["artifacts"]) == (1, 1)


@pytest.mark.parametrize("state", [state for state in JobState if state not in TERMINAL])
def test_a_job_that_has_not_ended_stays_whatever_its_age(kit, kept, state):
    kept.TOOLKIT_JOB_RETENTION_DAYS = kept.TOOLKIT_JOB_RETENTION_COUNT = 1
    kept.TOOLKIT_LOG_RETENTION_DAYS = kept.TOOLKIT_ARTIFACT_RETENTION_DAYS = 1
    extra = {"not_before": timezone.now()} if state == JobState.SCHEDULED else {}
    job = old(kit, 400, state, **extra)
    old(kit, 0.1)

    retention.prune_due()

    assert job.artifacts.exists()
    assert JobLog.objects.filter(job_id=job.pk).exists()


def test_jobs_go_by_their_number_the_oldest_of_each_operation_first(kit, kept):
    kept.TOOLKIT_JOB_RETENTION_COUNT = 2
    mine = [old(kit, days) for days in (4, 3, 2, 1)]
    other = old(kit, 9, operation="other")

    retention.prune_due()

    assert set(Job.objects.all()) == {mine[2], mine[3], other}


def test_every_operation_with_too_many_jobs_is_seen_to_in_one_time(kit, kept):
    kept.TOOLKIT_JOB_RETENTION_COUNT = 1
    for name in ("one", "two", "three"):
        for days in (3, 2, 1):
            old(kit, days, operation=name)

    assert retention.prune_due() == 6
    assert Job.objects.count() == 3


def test_logs_and_files_go_before_their_job(kit, kept):
    kept.TOOLKIT_LOG_RETENTION_DAYS, kept.TOOLKIT_ARTIFACT_RETENTION_DAYS = 10, 20
    fresh, middle, late = old(kit, 5), old(kit, 15), old(kit, 25)

    retention.prune_due()

    assert Job.objects.count() == 3
    assert set(JobLog.objects.values_list("job_id", flat=True)) == {fresh.pk}
    kept_files = set(JobArtifact.objects.values_list("job_id", flat=True))
    assert kept_files == {fresh.pk, middle.pk}
    assert stored() == {str(fresh.pk), str(middle.pk)}
    # What is left of its log is said to be none, not an error.
    page = logs.read(late)
    assert (page.lines, page.done) == ([], True)
    assert list(logs.text(late)) == []


def test_a_parent_goes_after_the_last_of_its_children(kit, kept):
    kept.TOOLKIT_JOB_RETENTION_DAYS = 30
    parent = old(kit, 40)
    old(kit, 35, parent=parent)

    retention.prune_due()
    assert Job.objects.get() == parent
    retention.prune_due()

    assert not Job.objects.exists()


def test_what_is_too_much_for_one_time_goes_the_next(kit, kept, monkeypatch):
    monkeypatch.setattr(retention, "_BATCH", 2)
    monkeypatch.setattr(retention, "_MOST_BATCHES", 2)
    kept.TOOLKIT_JOB_RETENTION_DAYS = 30
    for _ in range(7):
        old(kit, 31)

    assert retention.prune_due() == 4
    assert Job.objects.count() == 3
    assert retention.prune_due() == 3


def test_nothing_goes_where_nothing_is_limited(kit):
    old(kit, 4000)

    assert retention.prune_due() == 0
    assert Event.objects.filter(name="job.pruned").count() == 0
