"""Ten thousand queued jobs and four workers: every one runs exactly once."""

from __future__ import annotations

from tests.bench.report import Report, Series
from tests.bench.stage import Stage
from tests.support import until


def exactly_once(stage: Stage, report: Report, count: int) -> None:
    """Queue first, then start four workers and wait for the last job."""
    from toolkits.jobs.dispatch import submit
    from toolkits.models import Job, JobAttempt

    wanted = {
        submit(toolkit=stage.toolkit, operation="noop", inputs={}, user=stage.user).pk
        for _ in range(count)
    }
    workers = [stage.platform.worker("default") for _ in range(4)]
    open_jobs = Job.objects.filter(finished_at=None)
    until(lambda: not open_jobs.exists(), 60 + count / 5, "the last job")
    for worker in workers:
        worker.stop()
    ended = Job.objects.filter(pk__in=wanted, state="succeeded", attempt=1).count()
    attempts = JobAttempt.objects.filter(job_id__in=wanted).count()
    report.add(Series(f"jobs of {count:,} that ran once", "jobs", [float(ended)]))
    report.goal("jobs that did not run exactly once", count - ended + abs(attempts - count), 0,
                at_most=True, unit="jobs")  # fmt: skip
