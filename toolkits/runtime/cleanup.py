"""Runs a cleanup hook that is owed, after an attempt whose worker is gone."""

from __future__ import annotations

import logging
from typing import Any

from toolbox import context
from toolbox.secrets import SecretsError
from toolbox.secrets.runs import RunSecrets
from toolkits import versions
from toolkits.bundles import presence
from toolkits.errors import BundleError
from toolkits.jobs import cleanups, job_secrets, lease, owed
from toolkits.jobs.log_writer import LogWriter
from toolkits.jobs.redaction import Redactor
from toolkits.models import Job, JobAttempt
from toolkits.runtime import database, run_secrets, worker_state
from toolkits.runtime.calls import Calls
from toolkits.runtime.conversation import CallRefused, Listener, converse
from toolkits.runtime.process import RunnerProcess, boot_time
from toolkits.runtime.requesting import failure_of, run_request

log = logging.getLogger(__name__)

_GRACE_SECONDS = 1.0
#: The warden ends what the worker could not, so long after the limit.
_SPARE_SECONDS = 15.0


class _CleanupRun(Listener):
    """Writes what the hook says to the job's log and answers its calls."""

    def __init__(self, attempt: JobAttempt, calls: Calls, redactor: Redactor) -> None:
        self._attempt, self._calls = attempt, calls
        self.log = LogWriter(redactor, attempt.job.log_bytes)

    def lines(self, lines: list[list[Any]]) -> None:
        self.log.add_batch(lines)

    def output(self, stream: str, lines: list[str], beginning: str) -> None:
        self.log.add_output(stream, lines, beginning)

    def call(self, message: dict[str, Any]) -> Any:
        if message["type"] == "child":
            raise CallRefused("unsupported", "A cleanup hook starts no jobs.")
        if message["type"] == "artifact":
            raise CallRefused("unsupported", "The job has ended: it keeps no more files.")
        with database.tolerated() as reached:
            value = self._calls.answer(message)
        if not reached:
            raise CallRefused("unavailable", "The platform's database does not answer.")
        return value

    def tick(self) -> str | None:
        worker_state.beat()
        try:
            self.flush()
        except lease.Fenced:
            return "fenced"
        return "stopped" if worker_state.must_stop() else None

    def flush(self) -> None:
        """Write what waits. Raises ``Fenced``."""
        pulse = self.log.take()
        with database.tolerated() as reached:
            cleanups.write(self._attempt, pulse)
        if not reached:
            self.log.put_back(pulse)


def run_cleanup(attempt_id: str) -> None:
    """Run the hook that is owed after this attempt, unless somebody else does."""
    attempt = cleanups.take(int(attempt_id))
    if attempt is None:
        return
    job = attempt.job
    with context.working(job_id=str(job.pk), toolkit=job.toolkit_slug, user=job.requester):
        how = "internal"
        try:
            how = _run(attempt, job)
        finally:
            database.insist(lambda: _finished(attempt, how))
        log.info("the cleanup hook ended: %s", how)


def _finished(attempt: JobAttempt, how: str) -> bool:
    cleanups.finish(attempt, how)
    return True


def _run(attempt: JobAttempt, job: Job) -> str:
    version, hook = versions.version_of(job), owed.hook_of(job)
    if version is None or hook is None:
        return "not_started"
    seconds = cleanups.seconds_of(hook)
    own = run_secrets.of(job.toolkit_slug, version, seconds + _SPARE_SECONDS)
    try:
        inputs, values = job_secrets.reveal(job, own.get)
        presence.ensure(version)
        runner = worker_state.pool().acquire(worker_state.spec_of(version))
    except (SecretsError, BundleError, OSError) as error:
        log.warning("the cleanup hook could not be started: %s", error)
        own.close()
        return "not_started"
    try:
        return _lead(attempt, runner, seconds, own, (inputs, values))
    finally:
        own.close()


def _lead(
    attempt: JobAttempt,
    runner: RunnerProcess,
    seconds: float,
    own: RunSecrets,
    given: tuple[dict[str, Any], list[str]],
) -> str:
    job, (inputs, values) = attempt.job, given
    redactor = Redactor(values)
    calls = Calls(None, redactor, job, runner.workdir, own)
    calls.fence = lambda: cleanups.fenced(attempt)
    run = _CleanupRun(attempt, calls, redactor)
    run.log.note("INFO", "The cleanup hook runs.")
    runner.hold_until(boot_time() + seconds + _SPARE_SECONDS)
    request = {
        **run_request(job, "cleanup", "cleanup", attempt.number),
        "inputs": {},
        "failure": failure_of(attempt.exit_reason, attempt.reason, inputs),
    }
    outcome = converse(runner, request, run, timeout=seconds, grace=_GRACE_SECONDS)
    if outcome.kind == "result" and not runner.left:
        runner.hold_until(float("inf"))
        worker_state.pool().release(runner)
    else:
        runner.end()
    if outcome.kind != "result":
        run.log.note("ERROR", f"The cleanup hook failed: {redactor.cut_text(outcome.reason)}")
    run.log.close()
    run.flush()
    return "done" if outcome.kind == "result" else outcome.kind
