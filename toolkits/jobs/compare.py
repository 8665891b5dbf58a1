"""What changed since an operation last worked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from toolkits.jobs import job_secrets
from toolkits.jobs.states import JobState
from toolkits.models import Job, JobAttempt

#: A duration counts as changed from this factor on.
_SLOWER = 1.5
_LEAST = timedelta(seconds=1)


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was. ``kind`` is ``input``, ``version``, ``setting``,
    ``secret``, ``worker``, ``sdk`` or ``duration``; None stands for what was not there. The
    values of settings and secrets are not shown: before and after are then a digest or a version.
    """

    kind: str
    name: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Comparison:
    """A job beside the last one of its operation that succeeded. ``earlier`` is None when none
    ever did."""

    job: Job
    earlier: Job | None
    differences: list[Difference] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Whether nothing that is known changed: then it is what the operation works on."""
        return self.earlier is not None and not self.differences


def last_success(job: Job) -> Job | None:
    """The last run before ``job`` that succeeded: of its schedule where it has one, else of the
    operation, with equal inputs rather than with others."""
    before = Job.objects.filter(
        toolkit_slug=job.toolkit_slug,
        operation=job.operation,
        dry_run=job.dry_run,
        state=JobState.SUCCEEDED,
        id__lt=job.pk,
    )
    if job.schedule_id is not None:
        before = before.filter(schedule_id=job.schedule_id)
    recent = list(before.order_by("-id").only("id", "inputs")[:50])
    equal = next((other for other in recent if _plain(other) == _plain(job)), None)
    chosen = equal or (recent[0] if recent else None)
    return Job.objects.get(pk=chosen.pk) if chosen else None


def compare(job: Job) -> Comparison:
    """Compare a job with the last one that worked."""
    earlier = last_success(job)
    if earlier is None:
        return Comparison(job, None)
    then, now = _last_attempt(earlier), _last_attempt(job)
    found = [
        *_changed("input", _plain(earlier), _plain(job)),
        *_changed("version", {"version": _version(earlier)}, {"version": _version(job)}),
        *_surroundings("setting", "settings", then, now),
        *_surroundings("secret", "secrets", then, now),
        *_changed("worker", {"worker": earlier.worker}, {"worker": job.worker}),
        *_changed("sdk", {"sdk": _sdk(then)}, {"sdk": _sdk(now)}),
        *_duration(then, now),
    ]
    return Comparison(job, earlier, found)


def _plain(job: Job) -> dict[str, Any]:
    """Inputs without what differs by itself: where a secret of this one job was kept."""
    return job_secrets.public(job.inputs)


def _version(job: Job) -> str:
    return job.version_label


def _sdk(attempt: JobAttempt | None) -> str:
    return attempt.sdk if attempt else ""


def _last_attempt(job: Job) -> JobAttempt | None:
    return job.attempts.order_by("-number").first()


def _changed(kind: str, before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    names = sorted({*before, *after})
    return [
        Difference(kind, name, before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    ]


def _surroundings(
    kind: str, part: str, then: JobAttempt | None, now: JobAttempt | None
) -> list[Difference]:
    """Compare what both used. What one of them never came to ask for tells nothing."""
    before = then.surroundings.get(part, {}) if then else {}
    after = now.surroundings.get(part, {}) if now else {}
    shared = before.keys() & after.keys()
    return _changed(
        kind,
        {name: before[name] for name in shared},
        {name: after[name] for name in shared},
    )


def _duration(then: JobAttempt | None, now: JobAttempt | None) -> list[Difference]:
    if then is None or now is None:
        return []
    longer, shorter = max(then.duration, now.duration), min(then.duration, now.duration)
    if longer < _LEAST or longer < shorter * _SLOWER:
        return []
    seconds = [round(attempt.duration.total_seconds(), 1) for attempt in (then, now)]
    return [Difference("duration", "seconds", *seconds)]
