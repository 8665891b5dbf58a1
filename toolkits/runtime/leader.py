"""Leads the jobs of one worker: one that works, and beside it those that wait.

A job that waits for its children keeps its runner, but not the worker: while every job of the
worker waits, the worker claims another, its own children first. So however many parents wait,
each of them has a worker that will run its children, and no number of them can stand still.
"""

from __future__ import annotations

import logging
import selectors
import time
from typing import Any
from uuid import UUID

from toolbox import context
from toolbox.secrets import SecretsError
from toolkits import installs, versions
from toolkits.errors import BundleError
from toolkits.jobs import claims, cleanups, job_secrets, lease, owed, patience
from toolkits.jobs.lease import Ending
from toolkits.jobs.redaction import Redactor
from toolkits.jobs.states import JobState
from toolkits.models import Job
from toolkits.models.job import JobKind
from toolkits.runtime import (
    child_calls,
    database,
    preparing,
    run_secrets,
    traces,
    worker_state,
)
from toolkits.runtime.installing import InstallRun
from toolkits.runtime.job_run import JobRun
from toolkits.runtime.process import RunnerProcess, boot_time

log = logging.getLogger(__name__)

#: So many jobs may wait in one worker before it claims only their own children.
_MOST_WAITING = 8
_LOOK_SECONDS = 0.25
#: The token of a run outlives its time limit by so much, for its cleanup hook.
_TOKEN_SPARE = 120
_NOT_FETCHED = "The worker was stopped while it fetched the toolkit."
_FINAL = frozenset({"fenced", "lapsed"})


class Leader:
    """Leads jobs until none is left. All methods are for the worker's one thread."""

    def __init__(self) -> None:
        self._runs: list[JobRun] = []
        self._look_at = 0.0
        self._waits = 0

    def lead(self, job: Job, claimed_at: float) -> None:
        """Run a claimed job to its end, and whatever else is claimed while it waits.

        ``claimed_at`` is a moment just before the claim (see ``boot_time``).
        """
        try:
            self._start(job, claimed_at)
            while self._runs:
                self._turn()
        except Exception as error:
            # A mistake of the platform's own must not leave a job running for ever.
            log.exception("leading jobs failed")
            for run in list(self._runs):
                self._give_up(run, f"The platform itself failed: {type(error).__name__}.")

    def _give_up(self, run: JobRun, reason: str) -> None:
        self._runs.remove(run)
        try:
            run.runner.end()
            run.calls.secrets.close()
        except Exception:
            log.exception("the runner could not be ended")
        error = {"kind": "internal", "message": reason, "errors": []}
        ended = Ending(JobState.FAILED, reason, error=error, exit_reason="internal")
        traces.end(run.traced, ended)
        facts = owed.facts(run.job)
        database.insist(lambda: lease.end(run.job, ended, None, **facts))

    def _turn(self) -> None:
        for run in self._runs:
            with _working(run.job):
                run.talk.keep_time()
        for run in [run for run in self._runs if run.talk.outcome is not None]:
            with _working(run.job):
                self._settle(run)
        waits = sum(run.waiting_calls for run in self._runs)
        if waits > self._waits:
            # Somebody has just begun to wait: there may be children to be run here.
            self._look_at = 0.0
        self._waits = waits
        if waits:
            self._look_after_parents()
        self._listen()
        worker_state.beat()

    def _listen(self) -> None:
        """Wait for the first runner that has something to say, until something is due."""
        runs = [run for run in self._runs if run.talk.outcome is None]
        if not runs:
            return
        due = min(run.talk.due for run in runs)
        if any(run.waits for run in runs):
            due = min(due, self._look_at)
        seconds = max(0.0, due - time.monotonic())
        listened = [run for run in runs if not run.backlogged]
        if len(listened) == 1:
            with _working(listened[0].job):
                listened[0].talk.take_events(seconds)
        elif not listened:
            time.sleep(min(seconds, 0.1))
        else:
            _listen_to(listened, seconds)

    def _start(self, job: Job, claimed_at: float) -> None:
        with _working(job):
            log.info("job started: %s.%s, attempt %d", job.toolkit_slug, job.operation, job.attempt)
            if job.kind == JobKind.INSTALL:
                _install(job)
                return
            traced = traces.begin(job)
        with _working(job):
            run = _begin(job, claimed_at)
            if isinstance(run, Ending):
                ended = run
                traces.end(traced, ended)
                database.insist(lambda: lease.end(job, ended))
                log.info("job ended: %s: %s", ended.state, ended.reason)
            else:
                run.traced = traced
                self._runs.append(run)

    def _settle(self, run: JobRun) -> None:
        outcome = run.talk.finish()
        run.runner_traced.end(error="" if outcome.kind == "result" else outcome.kind)
        if run.failed is not None:
            self._settle_cleanup(run, outcome.kind, outcome.reason)
            return
        ended = run.ending(outcome)
        if self._begin_cleanup(run, ended, outcome.kind):
            return
        # What was asked to stop may have left threads behind; what failed, a half-done state.
        _release(run.runner, keep=outcome.kind == "result")
        self._finish(run, ended)

    def _begin_cleanup(self, run: JobRun, ended: Ending, kind: str) -> bool:
        """Whether the toolkit's hook was begun; the runner of the operation is then dealt with."""
        hook = owed.hook_of(run.job)
        if ended.state == JobState.SUCCEEDED or hook is None:
            return False
        # Until it runs here, another worker is to run it.
        run.facts["cleanup"] = owed.OWED
        if kind in _FINAL or worker_state.must_stop():
            return False
        runner = run.runner
        if kind != "cancelled" or runner.left or not runner.alive:
            _release(runner, keep=False)
            try:
                version = versions.version_of(run.job)
                runner = worker_state.pool().acquire(worker_state.spec_of(version))
            except (OSError, BundleError) as error:
                run.log.note("ERROR", f"The cleanup hook could not be started: {error}")
                return False
        # One that stopped by itself and left nothing goes on with the hook: whoever cancelled
        # waits for no other to start.
        run.begin_cleanup(runner, ended, cleanups.seconds_of(hook))
        return True

    def _settle_cleanup(self, run: JobRun, kind: str, reason: str) -> None:
        assert run.failed is not None
        # It may have stopped in the middle of the job before it ran the hook.
        _release(run.runner, keep=kind == "result" and not run.reused)
        run.facts["cleanup"] = "done" if kind == "result" else kind[:20]
        if kind != "result":
            run.log.note("ERROR", f"The cleanup hook failed: {run.redactor.cut_text(reason)}")
        self._finish(run, run.failed)

    def _finish(self, run: JobRun, ended: Ending) -> None:
        self._runs.remove(run)
        traces.end(run.traced, ended)
        owned = run.finish(ended)
        run.calls.secrets.close()
        log.info("job ended: %s%s", ended.state, "" if owned else " (taken over meanwhile)")
        self._look_at = 0.0

    def _look_after_parents(self) -> None:
        if time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + _LOOK_SECONDS
        with database.tolerated():
            self._tell_parents()
            if all(run.waits for run in self._runs) and not worker_state.must_stop():
                self._take_one_more()

    def _tell_parents(self) -> None:
        wanted = {job_id for run in self._runs for job_id in run.waited_for()}
        found: dict[UUID, Job] = {job.pk: job for job in child_calls.ended(wanted)}
        for run in self._runs:
            for call, ids in list(run.children.waiting.items()):
                done = next((found[job_id] for job_id in ids if job_id in found), None)
                if done is not None and not _stops_too(run, done):
                    run.child_ended(call, child_calls.outcome_of(done))

    def _take_one_more(self) -> None:
        children = {job_id for run in self._runs for job_id in run.waited_for()}
        claimed_at = boot_time()
        job = claims.claim_one_of(children, worker_state.name()) if children else None
        if job is None and len(self._runs) < _MOST_WAITING and not worker_state.stopping():
            for queue in worker_state.queues():
                # An install would keep this worker from those that wait in it.
                if job is None and not installs.waits_in(queue):
                    job = claims.claim_next(queue, worker_state.name())
        if job is not None:
            self._start(job, claimed_at)
            self._look_at = 0.0


def _stops_too(run: JobRun, child: Job) -> bool:
    """Whether a parent is itself being cancelled: it must learn of that, not of its child's end,
    which would look like a failure."""
    if child.state == JobState.CANCELLED:
        run.talk.heed(run.tick())
    return bool(run.talk.asked) or run.talk.outcome is not None


def _listen_to(runs: list[JobRun], seconds: float) -> None:
    with selectors.DefaultSelector() as selector:
        for run in runs:
            selector.register(run.runner.fileno(), selectors.EVENT_READ, run)
        for key, _ in selector.select(seconds):
            ready: JobRun = key.data
            with _working(ready.job):
                ready.talk.take_events(0)


def _install(job: Job) -> None:
    traced = traces.begin(job)
    # What it does, such as to refuse a bundle, is below its span.
    with _working(job):
        traces.end(traced, InstallRun(job, traced).run())


def _working(job: Job) -> Any:
    return context.working(
        job_id=str(job.pk), toolkit=job.toolkit_slug, user=job.requester, trace=job.trace
    )


def _begin(job: Job, claimed_at: float) -> JobRun | Ending:
    """Give a claimed job to a runner, or return why that cannot be."""
    version = versions.version_of(job)
    if job.toolkit_id is None or version is None:
        return _not_begun("The toolkit version that it was for has been removed.")
    try:
        held_at = preparing.prepare(job, version, claimed_at)
        if held_at is None:
            return Ending(JobState.LOST, _NOT_FETCHED, exit_reason="stopped")
        own = run_secrets.of(job.toolkit_slug, version, job.timeout_seconds + _TOKEN_SPARE)
        inputs, secret_values = job_secrets.reveal(job, own.get)
        runner = worker_state.pool().acquire(worker_state.spec_of(version))
    except SecretsError as error:
        kind = patience.AWAY if patience.is_away(error) else "not_started"
        return _not_begun(f"Its secret inputs could not be read: {error}", kind)
    except BundleError as error:
        return _not_begun(f"This version may not be run: {error}.")
    except OSError as error:
        log.exception("the runner could not be started")
        return _not_begun(f"The runner could not be started: {error.strerror}.")
    run = JobRun(job, runner, Redactor(secret_values), own, held_at)
    run.begin(inputs)
    return run


def _not_begun(reason: str, kind: str = "not_started") -> Ending:
    error = {"kind": kind, "message": reason, "errors": []}
    return Ending(JobState.FAILED, reason, error=error, exit_reason=kind)


def _release(runner: RunnerProcess, *, keep: bool) -> None:
    """Keep a runner warm only when its job ended well and left nothing running."""
    if runner.left:
        log.warning("a job left running: %s", ", ".join(runner.left[:10]))
    if keep and not runner.left:
        runner.hold_until(float("inf"))
        worker_state.pool().release(runner)
    else:
        runner.end()
