"""Consent of a second person to exactly one run: these inputs, this version, this plan."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from toolbox.events import emit
from toolkits import versions
from toolkits.access import asked_for, can_approve
from toolkits.errors import Conflict, NotUsable
from toolkits.jobs.ending import end_waiting
from toolkits.jobs.ready import make_ready
from toolkits.jobs.states import WAITING, JobState
from toolkits.models import ApprovalState, Job, JobApproval, Toolkit

_BATCH = 100
_OTHER_VERSION = "the toolkit's version changed after it was requested"
_OTHER_WORK = "its inputs or its plan are not those that were approved"
S = JobState


def needs_approval(described: dict[str, Any] | None, *, dry_run: bool) -> bool:
    """Whether a run of an operation waits for consent. A dry run changes nothing."""
    return bool(described and described.get("requires_approval")) and not dry_run


def open_request(job: Job) -> JobApproval:
    """Ask for consent to ``job``."""
    expires = timezone.now() + timedelta(seconds=settings.TOOLKIT_APPROVAL_SECONDS)
    emit("job.approval_requested", target=job, operation=job.operation)
    return JobApproval.objects.create(job=job, expires_at=expires, asked_by=_asked_by(job))


def _asked_by(job: Job) -> list[str]:
    """Who is behind the request. Kept with it: a schedule may be gone when it is decided on."""
    if job.requested_by_id is not None:
        return [str(job.requested_by_id)]
    schedule = job.schedule
    return sorted({*schedule.authors, str(schedule.created_by_id)}) if schedule else []


def digest_of(job: Job) -> str:
    """What consent is given to. Empty while the plan is not there yet."""
    if job.plan is not None and job.plan.state != S.SUCCEEDED:
        return ""
    version = versions.version_of(job)
    whole = {
        "toolkit": job.toolkit_slug,
        "operation": job.operation,
        "inputs": job.inputs,
        "version": version.digest if version else "",
        "plan": job.plan.result if job.plan else None,
    }
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def pending(job: Job) -> JobApproval | None:
    """The open request for consent to ``job``, if any."""
    return job.approvals.filter(state=ApprovalState.PENDING).first()


def approve(job: Job, user: Any, digest: str, comment: str = "") -> Job:
    """Give consent to what ``digest`` stands for and queue the job.

    Raises ``NotUsable`` when it is not for this person or not yet ready to be decided, and
    ``Conflict`` when the job is no longer what the person looked at.
    """
    approval = _decidable(job, user)
    _check_current(job)
    expected = digest_of(job)
    if not expected:
        raise NotUsable(
            gettext("The plan is not there yet. Decide when its dry run has succeeded.")
        )
    if digest != expected:
        raise Conflict(
            gettext("The job is not what you looked at any more. Look again, then decide.")
        )
    with transaction.atomic():
        _decide(approval, ApprovalState.APPROVED, user, comment, digest=digest)
        if job.not_before is not None and job.not_before > timezone.now():
            waiting = Job.objects.filter(pk=job.pk, state=S.AWAITING_APPROVAL)
            moved = bool(waiting.update(state=S.SCHEDULED))
        else:
            moved = make_ready(job, S.AWAITING_APPROVAL)
        if not moved:
            raise Conflict(gettext("The job does not wait for approval any more."))
        emit("job.approved", actor=user, target=job, fingerprint=digest)
    job.refresh_from_db()
    return job


def reject(job: Job, user: Any, comment: str = "") -> Job:
    """Refuse consent, which ends the job."""
    approval = _decidable(job, user)
    with transaction.atomic():
        _decide(approval, ApprovalState.REJECTED, user, comment)
        _end(job, f"{user.username} rejected it. {comment}".strip())
        emit("job.rejected", actor=user, target=job, reason=comment)
    job.refresh_from_db()
    return job


def _decidable(job: Job, user: Any) -> JobApproval:
    approval = pending(job)
    if job.state != S.AWAITING_APPROVAL or approval is None:
        raise NotUsable(gettext("The job does not wait for approval."))
    if asked_for(user, job):
        raise NotUsable(
            gettext("Whoever requests a job cannot approve it. Somebody else must decide.")
        )
    if not can_approve(user, job):
        raise NotUsable(gettext("You may not approve jobs of this toolkit."))
    if approval.expires_at <= timezone.now():
        raise NotUsable(gettext("The time to approve it has passed. Request it again."))
    return approval


def _decide(
    approval: JobApproval, state: ApprovalState, user: Any, comment: str, digest: str = ""
) -> None:
    decided = JobApproval.objects.filter(pk=approval.pk, state=ApprovalState.PENDING).update(
        state=state,
        decided_by=user,
        decided_at=timezone.now(),
        comment=comment[:500],
        digest=digest,
    )
    if not decided:
        raise Conflict(gettext("Somebody else has decided in the meantime."))


def _check_current(job: Job) -> None:
    """Refuse to decide on a version that is not the installed one any more."""
    if _is_current(job):
        return
    with transaction.atomic():
        void(job, _OTHER_VERSION)
        _end(job, _reason(_OTHER_VERSION))
    raise Conflict(
        gettext("The toolkit's version changed since it was requested. Request the run again.")
    )


def still_valid(job: Job) -> bool:
    """Whether the consent given to a job that is about to run still fits it."""
    approval = job.approvals.filter(state=ApprovalState.APPROVED).first()
    return approval is not None and _is_current(job) and approval.digest == digest_of(job)


def _is_current(job: Job) -> bool:
    """Whether the version that it is for is still the installed one."""
    return job.toolkit is not None and job.toolkit.active_version_id == job.version_id


def _reason(why: str) -> str:
    return f"It was not run: {why}. Request it again."


def void(job: Job, why: str) -> None:
    """Make consent that was asked for or given count no more."""
    live = job.approvals.filter(state__in=[ApprovalState.PENDING, ApprovalState.APPROVED])
    if live.update(state=ApprovalState.VOIDED, decided_at=timezone.now(), comment=why[:500]):
        emit("job.approval_voided", target=job, reason=why)


def fail_void(job: Job) -> None:
    """End a job whose consent was given to something else than what would run now."""
    why = _OTHER_WORK if _is_current(job) else _OTHER_VERSION
    with transaction.atomic():
        void(job, why)
        _end(job, _reason(why), S.QUEUED)


def void_outdated(toolkit: Toolkit) -> int:
    """Void what was asked or consented to for another version than the one that is installed now,
    in the caller's transaction; returns how many jobs that ends."""
    live = JobApproval.objects.filter(
        state__in=[ApprovalState.PENDING, ApprovalState.APPROVED],
        job__toolkit=toolkit,
        job__state__in=WAITING,
    )
    outdated = list(live.exclude(job__version=toolkit.active_version_id).select_related("job"))
    for approval in outdated:
        void(approval.job, _OTHER_VERSION)
        _end(approval.job, _reason(_OTHER_VERSION), *WAITING)
    return len(outdated)


def _end(job: Job, reason: str, *sources: JobState) -> None:
    end_waiting(job, S.CANCELLED, reason, sources or [S.AWAITING_APPROVAL])


def expire_due() -> int:
    """End the jobs that nobody approved in time; returns how many."""
    due = JobApproval.objects.filter(
        state=ApprovalState.PENDING, expires_at__lte=timezone.now()
    ).select_related("job")
    count = 0
    for approval in due.order_by("expires_at")[:_BATCH]:
        with transaction.atomic():
            mine = JobApproval.objects.filter(pk=approval.pk, state=ApprovalState.PENDING)
            if mine.update(state=ApprovalState.EXPIRED, decided_at=timezone.now()):
                emit("job.approval_voided", target=approval.job, reason="nobody decided in time")
                _end(approval.job, "Nobody approved it in time.")
                count += 1
    return count
