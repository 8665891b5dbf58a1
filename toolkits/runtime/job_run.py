"""One attempt of one job, from its claim to its end."""

from __future__ import annotations

import logging
import time
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from toolbox import tracing
from toolbox.secrets.runs import RunSecrets
from toolkits import versions
from toolkits.jobs import lease, patience, secret_reads, waiting
from toolkits.jobs.lease import Ending
from toolkits.jobs.log_writer import LogWriter, storable, storable_value
from toolkits.jobs.redaction import Redactor
from toolkits.jobs.states import JobState
from toolkits.models import Job
from toolkits.runtime import database, traces, worker_state
from toolkits.runtime.calls import Calls, is_write
from toolkits.runtime.child_calls import ChildCalls
from toolkits.runtime.conversation import (
    CallRefused,
    Conversation,
    Later,
    Listener,
    Outcome,
)
from toolkits.runtime.process import RunnerProcess, boot_time
from toolkits.runtime.requesting import failure_of, run_request
from toolkits.runtime.vault_waits import VaultAway, VaultWaits

log = logging.getLogger(__name__)

_STATES = {
    "result": JobState.SUCCEEDED,
    "cancelled": JobState.CANCELLED,
    "timed_out": JobState.TIMED_OUT,
    "stopped": JobState.LOST,
    "lapsed": JobState.LOST,
}
#: A batch of lines is written when so many wait, whatever the time.
_FLUSH_LINES = 4000
#: While the database is away, the runner is read no further than this.
_MOST_LINES = 20_000
#: A lease with nothing else to write is renewed this many times in its length.
_RENEWALS = 5
_PAUSE_SECONDS = 0.2
#: The warden ends a runner this long before others may think its job lost.
_MARGIN_SECONDS = 1.0


class JobRun(Listener):
    """Writes what a running job reports, and tells it when to stop."""

    def __init__(
        self,
        job: Job,
        runner: RunnerProcess,
        redactor: Redactor,
        secrets: RunSecrets,
        claimed_at: float,
    ) -> None:
        self.job, self.runner, self.redactor = job, runner, redactor
        self.log = LogWriter(redactor, job.log_bytes)
        self.calls = Calls(None, redactor, job, runner.workdir, secrets)
        self.children = ChildCalls(job)
        self.vault = VaultWaits()
        self._patient = False
        self.facts: dict[str, Any] = {}
        self.failed: Ending | None = None
        self._progress: tuple[int | None, int | None, str] | None = None
        self.traced = self.runner_traced = tracing.Span()
        self._noted_pid = False
        self._noted_reads = 0
        self._reached = True
        #: Whether the cleanup hook runs in the runner that the operation ran in.
        self.reused = False
        self._state: JobState = JobState.RUNNING
        self._renewed(claimed_at)

    def begin(self, inputs: dict[str, Any]) -> None:
        """Send the job's operation to its runner."""
        described = versions.operation_of(self.job) or {}
        request = {**self._request("operation", self.job.operation), "inputs": inputs}
        self._patient = patience.waits(described)
        grace = described.get("cancel_grace")
        self.talk = Conversation(
            self.runner,
            request,
            self,
            timeout=self.job.timeout_seconds,
            grace=5.0 if grace is None else float(grace),
        )
        self.inputs = inputs

    def begin_cleanup(self, runner: RunnerProcess, failed: Ending, timeout: float) -> None:
        """Send the toolkit's cleanup hook to a runner; ``failed`` is how the attempt ended."""
        self.reused = runner is self.runner
        self.runner, self.calls.workdir, self.failed = runner, runner.workdir, failed
        self.hold()
        failure = failure_of(failed.exit_reason, failed.reason, self.inputs)
        request = {**self._request("cleanup", "cleanup"), "inputs": {}, "failure": failure}
        self.log.note("INFO", "The cleanup hook runs.")
        self.talk = Conversation(runner, request, self, timeout=timeout, grace=1.0)

    def _request(self, kind: str, name: str) -> dict[str, Any]:
        pid = self.runner.code_pid or self.runner.pid
        self.runner_traced = traces.begin_runner(self.job, kind, pid)
        request = run_request(self.job, kind, name, self.job.attempt)
        request["job"]["traceparent"] = self.runner_traced.traceparent
        return request

    @property
    def waiting_calls(self) -> int:
        """How many of its calls wait, for its children or for Vault."""
        return len(self.children.waiting) + len(self.vault)

    @property
    def waits(self) -> bool:
        """Whether it only waits, and so leaves the worker free."""
        return self.waiting_calls > 0

    @property
    def backlogged(self) -> bool:
        """Whether so much waits to be written that the runner has to wait, too."""
        return self.log.pending >= _MOST_LINES

    # What the conversation reports.

    def lines(self, lines: list[list[Any]]) -> None:
        self.log.add_batch(lines)
        self._flush_if_full()

    def output(self, stream: str, lines: list[str], beginning: str) -> None:
        self.log.add_output(stream, lines, beginning)
        self._flush_if_full()

    def progress(self, done: int | None, total: int | None, label: str) -> None:
        self._progress = (done, total, storable(self.redactor.cut_text(label)))

    def call(self, message: dict[str, Any]) -> Any:
        if message["type"] == "child":
            if self.failed is not None:
                return self.children.refuse()
            with database.tolerated() as reached:
                if self.children.answer(message):
                    raise Later
            if not reached:
                raise CallRefused("unavailable", "The platform's database does not answer.")
            return self.children.started
        try:
            return self._call(message)
        except VaultAway as away:
            self._wait_for_vault(message, away)
            raise Later from away

    def _wait_for_vault(self, message: dict[str, Any], away: VaultAway) -> None:
        """Keep a call for when Vault works again, or raise ``away`` where the job does not wait:
        by its policy, because it has to stop, or because nobody knows what a write has done."""
        if not self._patient or self.failed is not None or self.talk.asked or is_write(message):
            raise away
        if self.vault.add(message, str(away)):
            self.log.note("WARNING", f"{away} The job waits for it.")

    def _look_for_vault(self) -> None:
        if not self.vault:
            return
        if self.vault.works_again():
            self.vault.answer(self._call, self.talk.answer)
            if not self.vault:
                self.log.note("INFO", "Vault works again.")
        self.vault.give_up_on_late(self.talk.answer)

    def _call(self, message: dict[str, Any]) -> Any:
        """Answer a call of the database's or Vault's. What only reads is tried again while the
        database is away; of a write nobody knows whether it was done, so it is refused."""
        while True:
            with database.tolerated() as reached:
                value = self.calls.answer(message)
            if reached:
                return value
            if is_write(message) or boot_time() > self.held_until or worker_state.must_stop():
                raise CallRefused("unavailable", "The platform's database does not answer.")
            time.sleep(_PAUSE_SECONDS)

    def rung(self, name: str) -> None:
        if self.failed is not None:
            return
        self.facts[f"{name}_at"] = timezone.now()
        if name == "asked":
            self.facts["asked_why"] = self.talk.asked
            self.log.note("WARNING", f"The job is asked to stop: {_WHY[self.talk.asked]}.")
            stop = "timeout" if self.talk.asked == "timed_out" else "cancelled"
            self.vault.stop(stop, self.talk.answer)
        elif name in _NOTES:
            self.log.note("WARNING", _NOTES[name])
        with database.tolerated():
            lease.note(self.job, **self.facts)

    def tick(self) -> str | None:
        state = self._renew()
        if state is None:
            return "fenced"
        if boot_time() > self.held_until:
            return "lapsed"
        if state == JobState.CANCELLING and self.failed is None:
            return "cancelled"
        if worker_state.must_stop():
            return "stopped"
        self._look_for_vault()
        return None

    def look(self) -> str | None:
        if self.failed is not None or not self._reached:
            # A database that is away is left in peace until the next tick.
            return None
        with database.tolerated() as reached:
            cancelled = lease.state_of(self.job) == JobState.CANCELLING
        self._reached = bool(reached)
        return "cancelled" if reached and cancelled else None

    # Writing.

    def _flush_if_full(self) -> None:
        if self.log.pending >= _FLUSH_LINES and not self.backlogged:
            self._renew()

    def _renew(self) -> JobState | None:
        """Write what waits and renew the lease, if there is something or it is time; returns
        the job's state as far as it is known, None when the job is not ours any more."""
        progress, self._progress = self._progress, None
        pulse = self.log.take(progress)
        started = boot_time()
        known = self._state
        with database.tolerated() as reached:
            if not self._noted_pid:
                self._note_process()
            if len(self.calls.secrets.receipts) > self._noted_reads:
                self._note_reads()
            if pulse.empty and started < self._renew_at:
                state = lease.state_of(self.job)
            else:
                state = lease.renew(self.job, pulse)
                if state is not None:
                    self._renewed(started)
        self._reached = bool(reached)
        if not reached:
            self.log.put_back(pulse)
            return known
        if not pulse.empty:
            waiting.publish(self.job.pk)
        self._state = state or known
        return state

    def _note_process(self) -> None:
        self._noted_pid = self.runner.code_pid is not None
        lease.note(self.job, **self.process_facts())

    def _note_reads(self) -> None:
        """What was read is known while it runs, and after a worker that was lost."""
        self._noted_reads = len(self.calls.secrets.receipts)
        lease.note(self.job, surroundings=self._surroundings())

    def process_facts(self) -> dict[str, Any]:
        """What the attempt's row says of the process that runs it."""
        pid = self.runner.code_pid or self.runner.pid
        return {"runner_pid": pid, "sdk": self.runner.sdk}

    def _renewed(self, at: float) -> None:
        """Count the lease from ``at``, a moment just before it was written to the job's row:
        nobody who watches the row can then think it over before the warden does."""
        length = settings.TOOLKIT_JOB_LEASE_SECONDS
        self.held_until = at + length - _MARGIN_SECONDS
        self._renew_at = at + length / _RENEWALS
        self.hold()

    def hold(self) -> None:
        """Tell the warden of the runner how long the lease lasts."""
        self.runner.hold_until(self.held_until)

    # The end.

    def ending(self, outcome: Outcome) -> Ending:
        """Turn the outcome of the operation into the end of the attempt."""
        state = _STATES.get(outcome.kind, JobState.FAILED)
        error = storable_value(self._redacted(outcome.error))
        reason = storable(self.redactor.cut_text(outcome.reason))
        if state == JobState.FAILED and error is None:
            error = {"kind": outcome.kind, "message": reason, "errors": []}
        result = storable_value(self.redactor.value(outcome.value))
        return Ending(state, reason, result, error, exit_reason=outcome.kind)

    def _redacted(self, error: dict[str, Any] | None) -> dict[str, Any] | None:
        if error is None:
            return None
        found = self.redactor.value(error)
        for name in ("message", "traceback"):
            if isinstance(found.get(name), str):
                found[name] = self.redactor.cut_text(found[name])
        return dict(found)

    def finish(self, ended: Ending) -> bool:
        """Write the end of the attempt; whether it still owned its job.

        The database may be away just now: this tries until it is back, and gives up only when
        the worker has to stop; the job is then lost, as its row will say.
        """
        if ended.state != JobState.SUCCEEDED:
            self.log.note("ERROR", ended.reason)
        self.log.close()
        pulse = self.log.take(self._progress)
        facts = {**self.process_facts(), **self.facts, "surroundings": self._surroundings()}
        return database.insist(lambda: lease.end(self.job, ended, pulse, **facts))

    def _surroundings(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.calls.settings_digests:
            found["settings"] = self.calls.settings_digests
        return found | secret_reads.surroundings(self.calls.secrets)

    def child_ended(self, call: int, child: dict[str, Any]) -> None:
        """Answer a call that waited for children."""
        self.children.waiting.pop(call, None)
        self.talk.answer(call, child)

    def waited_for(self) -> set[UUID]:
        """The children that it waits for."""
        return {job_id for ids in self.children.waiting.values() for job_id in ids}


_WHY = {
    "cancelled": "it was cancelled",
    "timed_out": "its time is up",
    "stopped": "the worker has to stop",
}
_NOTES = {
    "terminated": "It did not stop when asked: SIGTERM was sent.",
    "killed": "It did not stop on SIGTERM: SIGKILL was sent to everything that it started.",
    "dead": "Everything that it started is dead.",
}
