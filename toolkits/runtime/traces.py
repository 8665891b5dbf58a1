"""The spans of an attempt at a job: the attempt itself, and below it the runner's part."""

from __future__ import annotations

from toolbox import tracing
from toolkits.jobs.lease import Ending
from toolkits.jobs.states import JobState
from toolkits.models import Job


def begin(job: Job) -> tracing.Span:
    """Begin the span of an attempt; what it does, and the jobs that it starts, are below it."""
    span = tracing.begin(
        f"job {job.toolkit_slug}.{job.operation}",
        "consumer",
        parent=job.trace,
        job__id=str(job.pk),
        job__attempt=job.attempt,
        job__queue=job.queue,
        toolkit__slug=job.toolkit_slug,
        toolkit__version=job.version_label,
    )
    # In memory alone: the row keeps who asked for the job.
    job.trace = span.traceparent or job.trace
    return span


def end(span: tracing.Span, ended: Ending) -> None:
    """End it as the attempt ended."""
    span.note(job__state=str(ended.state))
    span.end(error="" if ended.state == JobState.SUCCEEDED else ended.reason or str(ended.state))


def begin_runner(job: Job, kind: str, pid: int) -> tracing.Span:
    """Begin the span of what a runner does for an attempt: its operation or its cleanup hook."""
    name = f"runner {kind}"
    return tracing.begin(name, parent=job.trace, process__pid=pid, job__id=str(job.pk))
