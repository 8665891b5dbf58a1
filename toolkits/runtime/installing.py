"""An install as a job, led by the worker itself: toolkit code runs in runners alone, and what
installs packages is a process of its own. What is told on the way is the log of the job."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from toolbox import tracing
from toolbox.problems import Problem
from toolkits.bundles import planning, progress, staging, store
from toolkits.bundles.install import confirm
from toolkits.catalogs import offers
from toolkits.errors import BundleError, NotUsable
from toolkits.jobs import lease, waiting
from toolkits.jobs.lease import Ending, Pulse
from toolkits.jobs.log_writer import LogWriter, storable
from toolkits.jobs.redaction import Redactor
from toolkits.jobs.states import JobState
from toolkits.models import InstallPlan, Job, PlanState
from toolkits.runtime import database, worker_state

log = logging.getLogger(__name__)

_RENEWALS = 4
_WORDS = {
    "opened": "The bundle is whole:",
    "written": "Its content has the digest",
    "environment": "Its environment:",
    "described": "Its code was asked what it can do:",
    "stored": "It is in the bundle store.",
    "planned": "The plan is ready:",
    "in place": "It is in its place:",
    "active": "It is the active version.",
}
_STATES = {
    "cancelled": (JobState.CANCELLED, "It was cancelled."),
    "timed_out": (JobState.TIMED_OUT, "Its time is up."),
    "stopped": (JobState.LOST, "The worker was stopped while it ran."),
    "fenced": (JobState.LOST, "The job was taken over by another worker."),
}


class Interrupted(Exception):
    """The install has to stop; ``why`` is a key of ``_STATES``."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class InstallRun(progress.Listener):
    """One install: its log, its lease, and whether it should stop."""

    def __init__(self, job: Job, traced: tracing.Span) -> None:
        self.job, self.traced = job, traced
        self.log = LogWriter(Redactor([]), job.log_bytes)
        self._deadline = time.monotonic() + job.timeout_seconds
        self._why = ""
        self._over = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)

    def run(self) -> Ending:
        """Run it to its end, which is written, and return how it ended."""
        self._keeper.start()
        try:
            with progress.told_to(self):
                ended = self._ending()
        finally:
            self._over.set()
        if ended.state != JobState.SUCCEEDED:
            self.log.note("ERROR", ended.reason)
        self.log.close()
        pulse = self.log.take(None)
        database.insist(lambda: lease.end(self.job, ended, pulse))
        return ended

    def _ending(self) -> Ending:
        try:
            return Ending(JobState.SUCCEEDED, result=_work(self.job), exit_reason="result")
        except Interrupted as stopped:
            state, reason = _STATES[stopped.why]
            _give_up(self.job)
            return Ending(state, reason, exit_reason=stopped.why)
        except Problem as refused:
            error = {"kind": "refused", "message": str(refused), "errors": refused.errors}
            reason = storable(getattr(refused, "advised", str(refused)))
            return Ending(JobState.FAILED, reason, error=error, exit_reason="refused")
        except Exception as failed:
            # A mistake of the platform's own must not leave a job running for ever.
            log.exception("an install failed")
            _give_up(self.job)
            reason = f"The platform itself failed: {type(failed).__name__}."
            error = {"kind": "internal", "message": reason, "errors": []}
            return Ending(JobState.FAILED, reason, error=error, exit_reason="internal")

    # What it is told.

    def step(self, name: str, detail: str) -> None:
        self.traced.happened(name)
        if name in _WORDS:
            self.log.note("INFO", f"{_WORDS[name]} {detail}".strip())
        if name != "activating":
            # Not from inside of the transaction that switches versions.
            self._write()

    def line(self, text: str) -> None:
        self.log.note("INFO", text)
        self._write()

    def heed(self) -> None:
        worker_state.beat()
        if time.monotonic() > self._deadline:
            raise Interrupted("timed_out")
        if self._why or worker_state.must_stop():
            raise Interrupted(self._why or "stopped")

    def _write(self) -> None:
        pulse = self.log.take(None)
        if pulse.empty:
            return
        with database.tolerated() as reached:
            if lease.renew(self.job, pulse) is None:
                raise Interrupted("fenced")
        if reached:
            waiting.publish(self.job.pk)
        else:
            self.log.put_back(pulse)

    def _keep(self) -> None:
        """Keep the lease, in a thread: what an install waits for may take long to answer."""
        pause = settings.TOOLKIT_JOB_LEASE_SECONDS / _RENEWALS
        while not self._over.wait(pause):
            with database.tolerated():
                state = lease.renew(self.job, Pulse())
                if state is None:
                    self._why = "fenced"
                elif state == JobState.CANCELLING:
                    self._why = "cancelled"
        connection.close()


def _work(job: Job) -> dict[str, Any]:
    given = job.inputs
    plan = InstallPlan.objects.get(pk=given["plan"])
    with staging.private_folder() as folder:
        if "catalog" in given:
            offer = offers.find(given["slug"], given["catalog"])
            if offer is None:
                raise NotUsable(f"{given['catalog']} does not offer {given['slug']} any more.")
            offers.check_offer(plan, offer, folder, version=given["version"])
        else:
            _check_upload(plan, folder)
    if given["install"] and (given["consent"] or not plan.needs_consent):
        confirm(plan, job.requested_by, digest=plan.digest, consent=given["consent"])
        plan.refresh_from_db(fields=["state"])
    return _result(plan)


def _check_upload(plan: InstallPlan, folder: Path) -> None:
    name = str(plan.pk)
    source = folder / "upload.zip"
    try:
        store.take_upload(name, source)
    except BundleError as error:
        planning.refuse(plan, error)
        raise
    planning.check(plan, source)
    store.drop_upload(name)


def _give_up(job: Job) -> None:
    """Leave no plan that looks as if somebody still checked it."""
    plan = InstallPlan.objects.filter(pk=job.inputs["plan"], state=PlanState.CHECKING)
    plan.update(state=PlanState.DISCARDED)
    store.drop_upload(job.inputs["plan"])


def _result(plan: InstallPlan) -> dict[str, Any]:
    installed = plan.state == PlanState.CONFIRMED
    asks = "; ".join(plan.needs_consent.values())
    items = {
        "Toolkit": f"{plan.slug} {plan.version}",
        "State": "active" if installed else "waits to be confirmed",
        "Digest": plan.digest,
        "Plan": str(plan.pk),
    }
    if asks and not installed:
        items["Asks for"] = asks
    return {
        "view": "key_value",
        "items": [{"label": label, "value": value} for label, value in items.items()],
    }
