"""Every counter and histogram of the platform: its name, labels, and what it means."""

from __future__ import annotations

from dataclasses import dataclass

_SHORT = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_LONG = (0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0)


@dataclass(frozen=True)
class Metric:
    """One measure. Without ``buckets`` it is a counter, with them a histogram of seconds."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


_ALL = (
    Metric("toolbox_http_requests", "Requests answered.", ("method", "view", "status")),
    Metric("toolbox_http_request_seconds", "Time to answer a request.", ("view",), _SHORT),
    Metric("toolbox_jobs_ended", "Jobs that ended.", ("toolkit", "operation", "state")),
    Metric("toolbox_job_seconds", "Time that a job ran.", ("toolkit", "operation"), _LONG),
    Metric("toolbox_job_wait_seconds", "Time from request to start.", ("queue",), _LONG),
    Metric("toolbox_runner_starts", "Runner processes started.", ("toolkit",)),
    Metric("toolbox_log_bytes", "Log that jobs wrote.", ("toolkit",)),
    Metric("toolbox_vault_calls", "Calls to Vault.", ("outcome",)),
    Metric("toolbox_vault_call_seconds", "Time that a call to Vault took.", (), _SHORT),
)

#: All of them, by name.
METRICS: dict[str, Metric] = {metric.name: metric for metric in _ALL}
