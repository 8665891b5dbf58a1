"""Running again what a job ran, with its inputs and changes to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext

from toolkits.errors import FieldError, InputError, NotUsable
from toolkits.jobs import job_secrets, steps
from toolkits.jobs.dispatch import Origin, submit
from toolkits.jobs.states import JobState
from toolkits.models import Job, JobStep


def run_again(
    job: Job, user: Any, changes: dict[str, Any], via: str = "console", *, resume: bool = False
) -> Job:
    """Request a run like ``job``, on the version that is installed now.

    With ``resume``, the new run does not repeat the steps that ``job`` completed: it goes on
    after the last one, or does the failed items alone. Secret inputs are forgotten when a job
    ends, so ``changes`` must give them again, else ``InputError`` names them.
    """
    if job.toolkit is None or job.toolkit.removed_at is not None:
        raise NotUsable(
            gettext("The toolkit %(toolkit_slug)s has been removed.")
            % {"toolkit_slug": job.toolkit_slug}
        )
    kept = {name: value for name, value in job.inputs.items() if not job_secrets.is_mark(value)}
    forgotten = [name for name in job.inputs if name not in kept and name not in changes]
    if forgotten:
        message = gettext("is secret and was not kept: give it again")
        raise InputError([FieldError((name,), message) for name in forgotten])
    return submit(
        toolkit=job.toolkit,
        operation=job.operation,
        inputs={**kept, **changes},
        user=user,
        via=via,
        dry_run=job.dry_run,
        origin=origin_of(job, resume=resume, dry_run=job.dry_run),
    )


def origin_of(job: Job, *, resume: bool, dry_run: bool) -> Origin:
    """What says of a new run that it runs ``job`` again. Raises ``NotUsable``."""
    if resume and not job.is_finished:
        raise NotUsable(gettext("Only a job that has ended can be taken up where it stopped."))
    if resume and job.dry_run and not dry_run:
        raise NotUsable(gettext("A dry run did nothing that a run could go on from."))
    return Origin(rerun_of=job, resumes=resume)


def can_resume(job: Job, known: Iterable[JobStep] = ()) -> bool:
    """Whether a run could go on where ``job`` stopped: it went wrong after completed steps.
    ``known`` are steps of it that were read already."""
    went_wrong = job.is_finished and job.state != JobState.SUCCEEDED
    if not went_wrong or job.dry_run:
        return False
    return any(step.state in steps.DONE for step in known) or steps.any_completed(job)
