"""Runs one job from claim to end. The worker calls it; RQ only brings the job's id."""

from __future__ import annotations

import logging
from typing import Any

from toolbox import context
from toolbox.secrets import SecretsError
from toolkits.errors import BundleError
from toolkits.jobs import claims, job_secrets, lease
from toolkits.jobs.lease import Ending
from toolkits.jobs.log_writer import LogWriter, storable
from toolkits.jobs.redaction import Redactor
from toolkits.jobs.states import JobState
from toolkits.models import Job
from toolkits.runtime import worker_state
from toolkits.runtime.calls import Calls
from toolkits.runtime.conversation import Listener, Outcome, converse
from toolkits.runtime.process import RunnerProcess
from toolkits.runtime.spec import RunnerSpec

log = logging.getLogger(__name__)

_STATES = {
    "result": JobState.SUCCEEDED,
    "cancelled": JobState.CANCELLED,
    "timed_out": JobState.TIMED_OUT,
    "stopped": JobState.LOST,
}


def run_job(job_id: str) -> None:
    """Claim the job and run it; do nothing when it is not there to be claimed."""
    _run_claimed(claims.claim(job_id, worker_state.name()))


def run_next(queue: str) -> None:
    """Claim the job of a queue whose turn it is and run it, if there is one."""
    _run_claimed(claims.claim_next(queue, worker_state.name()))


def _run_claimed(job: Job | None) -> None:
    if job is None:
        return
    user = job.requested_by.username if job.requested_by else ""
    with context.working(job_id=str(job.pk), toolkit=job.toolkit_slug, user=user):
        log.info("job started: %s.%s, attempt %d", job.toolkit_slug, job.operation, job.attempt)
        ending = _run(job)
        owned = lease.end(job, ending)
        log.info("job ended: %s%s", ending.state, "" if owned else " (taken over meanwhile)")


def _run(job: Job) -> Ending:
    if job.toolkit is None or job.version is None:
        return Ending(JobState.FAILED, "The toolkit version that it was for has been removed.")
    try:
        inputs, secret_values = job_secrets.reveal(job)
        runner = worker_state.pool().acquire(RunnerSpec.of(job.version))
    except SecretsError as error:
        return Ending(JobState.FAILED, f"Its secret inputs could not be read: {error}")
    except BundleError as error:
        return Ending(JobState.FAILED, f"This version may not be run: {error}.")
    except OSError as error:
        log.exception("the runner could not be started")
        return Ending(JobState.FAILED, f"The runner could not be started: {error.strerror}.")
    run = JobRun(job, runner, Redactor(secret_values))
    try:
        return run.lead(inputs)
    finally:
        worker_state.pool().release(runner)


class JobRun(Listener):
    """Writes what a running job reports, and tells it when to stop."""

    def __init__(self, job: Job, runner: RunnerProcess, redactor: Redactor) -> None:
        self.job, self.runner, self.redactor = job, runner, redactor
        self.log = LogWriter(redactor, job.log_bytes)
        self.calls = Calls(job.toolkit, redactor, job, runner.workdir)  # type: ignore[arg-type]
        self._progress: tuple[int | None, int | None, str] | None = None
        job.attempts.filter(number=job.attempt).update(runner_pid=runner.pid)

    def lead(self, inputs: dict[str, Any]) -> Ending:
        """Run the job's operation to its end and return how it ended."""
        job = self.job
        described = job.toolkit.operation(job.operation) if job.toolkit else None
        request = {
            "type": "run",
            "kind": "operation",
            "name": job.operation,
            "inputs": inputs,
            "dry_run": job.dry_run,
            "job": {
                "id": str(job.pk),
                "attempt": job.attempt,
                "requested_by": job.requested_by.username if job.requested_by else "",
                "toolkit": job.toolkit_slug,
                "version": job.version_label,
            },
        }
        grace = float((described or {}).get("cancel_grace") or 5.0)
        outcome = converse(
            self.runner, request, self, timeout=job.timeout_seconds, grace=grace
        )
        ending = self._ending(outcome)
        if ending.state != JobState.SUCCEEDED:
            self.log.note("ERROR", ending.reason)
        lease.renew(job, self.log.take(self._progress))
        return ending

    def _ending(self, outcome: Outcome) -> Ending:
        state = _STATES.get(outcome.kind, JobState.FAILED)
        error = _storable(self.redactor.value(outcome.error))
        if state == JobState.FAILED and error is None:
            error = {"kind": outcome.kind, "message": outcome.reason, "errors": []}
        result = _storable(self.redactor.value(outcome.value))
        return Ending(state, storable(self.redactor.text(outcome.reason)), result, error)

    def line(self, moment: float, level: str, source: str, text: str) -> None:
        self.log.add(moment, level, source, text)

    def progress(self, done: int | None, total: int | None, label: str) -> None:
        self._progress = (done, total, storable(self.redactor.text(label)))

    def call(self, message: dict[str, Any]) -> Any:
        return self.calls.answer(message)

    def tick(self) -> str | None:
        progress, self._progress = self._progress, None
        state = lease.renew(self.job, self.log.take(progress))
        worker_state.beat()
        if state is None:
            return "fenced"
        if state == JobState.CANCELLING:
            return "cancelled"
        return "stopped" if worker_state.must_stop() else None


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {storable(key): _storable(item) for key, item in value.items()}
    return value
