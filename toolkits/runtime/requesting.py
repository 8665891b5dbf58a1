"""What a runner is told of the job that it is to work on."""

from __future__ import annotations

from typing import Any

from toolkits.models import Job

#: How an attempt ended whose worker was lost, in the words of the SDK.
_LOST = frozenset({"worker_lost", "lapsed", "fenced"})


def run_request(job: Job, kind: str, name: str, attempt: int) -> dict[str, Any]:
    """A ``run`` request, without its inputs."""
    return {
        "type": "run",
        "kind": kind,
        "name": name,
        "dry_run": job.dry_run,
        "job": {
            "id": str(job.pk),
            "attempt": attempt,
            "requested_by": job.requester,
            "toolkit": job.toolkit_slug,
            "version": job.version_label,
            "operation": job.operation,
        },
    }


def failure_of(exit_reason: str, reason: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """What a cleanup hook is told of the attempt before it."""
    kind = "lost" if exit_reason in _LOST else exit_reason
    return {"kind": kind, "reason": reason, "inputs": inputs}
