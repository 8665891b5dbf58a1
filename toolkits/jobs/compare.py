"""What differs between two runs of an operation, and what changed since it last worked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet

from toolkits.jobs import job_secrets
from toolkits.jobs.states import JobState
from toolkits.models import Job, JobAttempt

#: Among so many of the latest successes one with equal inputs is looked for.
_LOOKED_AT = 50
#: So many of the latest runs are looked at for those successes.
_LOOKED_BACK = 1_000
#: A duration counts as changed from this factor on.
_SLOWER = 1.5
_LEAST = timedelta(seconds=1)


#: What may differ.
KINDS = ("input", "version", "setting", "secret", "worker", "sdk", "duration")


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was. ``kind`` is one of ``KINDS``; None stands for what was not
    there. The values of settings and secrets are not shown: before and after are then a digest
    or a version.
    """

    kind: str
    name: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Comparison:
    """Two runs of one operation. ``secret_inputs`` is whether either was given secrets: they are
    not kept, so nobody can tell whether those differ."""

    before: Job
    after: Job
    differences: list[Difference]
    secret_inputs: bool = False


def last_success(job: Job, among: QuerySet[Job] | None = None) -> Job | None:
    """The last run before ``job`` that succeeded, of those ``among`` which it is looked for: of
    its schedule where it has one, else of the operation, with equal inputs rather than others."""
    found = Job.objects.all() if among is None else among
    before = found.filter(
        toolkit_slug=job.toolkit_slug,
        operation=job.operation,
        dry_run=job.dry_run,
        id__lt=job.pk,
    )
    if job.schedule_id is not None:
        before = before.filter(schedule_id=job.schedule_id)
    # Of what never worked the whole past would be looked through, for every look at its page.
    latest = before.order_by("-id").values_list("id", "state")[:_LOOKED_BACK]
    worked = [pk for pk, state in latest if state == JobState.SUCCEEDED][:_LOOKED_AT]
    if not worked:
        return None
    recent = list(found.filter(pk__in=worked).defer("result", "error").order_by("-id"))
    own = job_secrets.public(job.inputs)
    equal = (one for one in recent if job_secrets.public(one.inputs) == own)
    return next(equal, next(iter(recent), None))


def compare(before: Job, after: Job) -> Comparison:
    """Compare two runs of one operation: everything that the platform knows of."""
    then, now = _last_attempt(before), _last_attempt(after)
    found = [
        *_changed("input", _plain(before), _plain(after)),
        *_version(before, after),
        *_surroundings("setting", "settings", then, now),
        *_surroundings("secret", "secrets", then, now),
        *_changed("worker", {"worker": before.worker}, {"worker": after.worker}),
        *_changed("sdk", {"sdk": _sdk(then)}, {"sdk": _sdk(now)}),
        *_duration(then, now),
    ]
    secret = job_secrets.any_in(before.inputs) or job_secrets.any_in(after.inputs)
    return Comparison(before, after, found, secret)


def since_it_worked(job: Job, among: QuerySet[Job] | None = None) -> Comparison | None:
    """Compare a job with the last one that worked; None when there is none."""
    earlier = last_success(job, among)
    return compare(earlier, job) if earlier else None


def _plain(job: Job) -> dict[str, Any]:
    """Inputs without what differs by itself: where a secret of this one job was kept."""
    return job_secrets.public(job.inputs)


def _version(before: Job, after: Job) -> list[Difference]:
    """The same version number may stand for other files: it was installed anew."""
    if before.version_label != after.version_label:
        return [Difference("version", "version", before.version_label, after.version_label)]
    return _changed(
        "version", {"installation": before.version_id}, {"installation": after.version_id}
    )


def _sdk(attempt: JobAttempt | None) -> str:
    return attempt.sdk if attempt else ""


def _last_attempt(job: Job) -> JobAttempt | None:
    return max(job.attempts.all(), key=lambda one: one.number, default=None)


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
