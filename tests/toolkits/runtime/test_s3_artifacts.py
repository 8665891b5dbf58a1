"""Files of jobs in S3: the storage is chosen by settings alone, and all else stays the same."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from tests.support import s3 as s3_server
from tests.support import until
from tests.support.kits import run_here
from toolbox.ids import uuid7_floor
from toolbox.settings.storages import file_storage
from toolkits.jobs import artifacts, retention
from toolkits.jobs.dispatch import submit
from toolkits.jobs.states import JobState
from toolkits.models import Job, JobArtifact

KEEPER = """
@toolkit.operation()
def keep(ctx: Context, name: str = "data.bin", kib: int = 1) -> str:
    data = bytes(range(256)) * 4 * kib
    with ctx.artifact(name, content_type="application/x-data") as stream:
        stream.write(data)
    return "kept"
"""
_DATA = bytes(range(256)) * 4


@pytest.fixture(scope="module")
def server():
    with s3_server.running() as made:
        yield made


@pytest.fixture
def bucket(server, settings):
    """The storage of files in S3, empty."""
    for key in server.names():
        server.client.delete_object(Bucket=s3_server.BUCKET, Key=key)
    backend = file_storage(s3_server.BACKEND, server.options(), Path())
    settings.STORAGES = {**settings.STORAGES, "artifacts": backend}
    return server


@pytest.fixture
def keeper(install):
    return install(KEEPER, slug="keeper")


def test_a_file_that_a_real_worker_keeps_is_in_the_bucket_and_is_downloaded_from_there(
    platform, bucket, keeper, user, client
):
    options = json.dumps(bucket.options())
    platform.worker(
        TOOLKIT_ARTIFACT_STORAGE=s3_server.BACKEND, TOOLKIT_ARTIFACT_STORAGE_OPTIONS=options
    )
    job = submit(toolkit=keeper, operation="keep", inputs={}, user=user)
    until(lambda: Job.objects.get(pk=job.pk).is_finished, 60, "the end")
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, job.reason

    artifact = job.artifacts.get()
    assert bucket.names() == [artifact.stored_as]
    assert artifact.size_bytes == len(_DATA)
    assert artifact.digest == hashlib.sha256(_DATA).hexdigest()
    client.force_login(user)
    answer = client.get(f"/jobs/{job.pk}/files/data.bin")
    assert b"".join(answer.streaming_content) == _DATA
    assert answer["Content-Disposition"].startswith("attachment")


@pytest.mark.usefixtures("valkey")
class TestInOneProcess:
    def test_a_large_file_goes_up_in_parts(self, bucket, keeper, user):
        job = run_here(keeper, user, "keep", {"kib": 20 << 10})

        artifact = job.artifacts.get()
        assert artifact.size_bytes == 20 << 20
        with artifacts.open_file(artifact) as stored:
            assert hashlib.sha256(stored.read()).hexdigest() == artifact.digest

    def test_a_file_that_is_too_large_leaves_nothing_there(self, bucket, keeper, user, settings):
        settings.TOOLKIT_ARTIFACT_MAX_BYTES = 1024

        job = run_here(keeper, user, "keep", {"kib": 2})

        assert job.state == JobState.FAILED
        assert "larger than" in job.reason
        assert bucket.names() == []

    def test_a_bucket_that_is_away_fails_the_job_with_the_reason(self, bucket, keeper, user):
        bucket.client.delete_bucket(Bucket=s3_server.BUCKET)
        try:
            job = run_here(keeper, user, "keep")
        finally:
            bucket.client.create_bucket(Bucket=s3_server.BUCKET)

        assert job.state == JobState.FAILED
        assert "the storage failed" in job.reason
        assert not JobArtifact.objects.exists()

    def test_files_past_their_keeping_go_from_the_bucket(self, bucket, keeper, user, settings):
        settings.TOOLKIT_ARTIFACT_RETENTION_DAYS = 30
        job = run_here(keeper, user, "keep")
        assert len(bucket.names()) == 1
        old = uuid7_floor(timezone.now() - timedelta(days=31))
        files = list(job.artifacts.values_list("pk", flat=True))
        moved = Job.objects.get(pk=job.pk)
        moved.pk = old
        moved.save(force_insert=True)
        JobArtifact.objects.filter(pk__in=files).update(job=moved)

        retention.prune_due()

        assert bucket.names() == []
        assert not JobArtifact.objects.exists()
