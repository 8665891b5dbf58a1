"""What RQ calls in a worker. RQ brings a call; which job it means, the database decides."""

from __future__ import annotations

from toolkits.jobs import claims
from toolkits.runtime import worker_state
from toolkits.runtime.leader import Leader
from toolkits.runtime.process import boot_time


def run_next(queue: str) -> None:
    """Claim the job of a queue whose turn it is and run it, if there is one."""
    now = boot_time()
    job = claims.claim_next(queue, worker_state.name())
    if job is not None:
        Leader().lead(job, now)


def run_job(job_id: str) -> None:
    """Claim this job and run it; do nothing when it is not there to be claimed."""
    now = boot_time()
    job = claims.claim(job_id, worker_state.name())
    if job is not None:
        Leader().lead(job, now)
