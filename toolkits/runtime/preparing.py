"""Getting a job's toolkit version onto this host, while the lease of the job is kept."""

from __future__ import annotations

from concurrent.futures import Future, wait
from threading import Thread

from django.conf import settings

from toolkits.bundles import presence
from toolkits.jobs import lease
from toolkits.jobs.lease import Pulse
from toolkits.models import Job, ToolkitVersion
from toolkits.runtime import database, worker_state
from toolkits.runtime.process import boot_time

_RENEWALS = 4


def prepare(job: Job, version: ToolkitVersion, claimed_at: float) -> float | None:
    """Fetch the version's bundle and build its environment, where this host lacks them.

    Returns a moment just before the lease was last renewed (see ``boot_time``); None when the
    job cannot be begun: it was taken away meanwhile, or the worker has to stop. Raises
    ``BundleError``.
    """
    if presence.is_here(version):
        return claimed_at
    done: Future[None] = Future()
    # A daemon, so that a worker that has to stop does not wait for a download.
    Thread(target=_ensure, args=(version, done), daemon=True).start()
    pause = settings.TOOLKIT_JOB_LEASE_SECONDS / _RENEWALS
    held = claimed_at
    while not wait([done], timeout=pause).done:
        now = boot_time()
        with database.tolerated() as reached:
            if lease.renew(job, Pulse()) is None:
                return None
        held = now if reached else held
        worker_state.beat()
        if worker_state.must_stop():
            return None
    done.result()
    return held


def _ensure(version: ToolkitVersion, done: Future[None]) -> None:
    try:
        presence.ensure(version)
    except BaseException as error:  # noqa: BLE001  (raised again where it is waited for)
        done.set_exception(error)
    else:
        done.set_result(None)
