"""A job from request to result, with a real runner."""

from tests.support import until
from tests.support.kits import run_here
from toolkits.jobs.dispatch import submit
from toolkits.jobs.states import JobState
from toolkits.models import Job


def test_an_operation_runs_and_its_view_is_the_result(valkey, install, user):
    job = run_here(install(), user, inputs={"name": "Ada"})

    assert job.state == JobState.SUCCEEDED, job.reason
    assert job.result == {"view": "text", "text": "Hello, Ada!"}


def test_a_real_worker_takes_the_job_from_the_queue(platform, install, user):
    platform.worker()

    job = submit(toolkit=install(), operation="hello", inputs={}, user=user)

    until(lambda: Job.objects.get(pk=job.pk).is_finished)
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, job.reason
