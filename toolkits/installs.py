"""Installing as a job: a worker checks the bundle, builds its environment and, where that was
asked for, makes it the active version. Nothing of it happens in a web request.

``toolkits.runtime.installing`` is the worker's side.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from toolbox import tracing
from toolbox.events import emit
from toolkits.bundles import environment, manifest, planning, store
from toolkits.bundles.planning import PlanOptions
from toolkits.bundles.source import Bundle
from toolkits.catalogs.offers import Offer
from toolkits.errors import BundleError, NotUsable
from toolkits.jobs import queues, turns
from toolkits.jobs.ready import enqueue
from toolkits.jobs.states import UNFINISHED, JobState
from toolkits.models import InstallPlan, Job, PlanState, Toolkit
from toolkits.models.job import JobKind

OPERATION = "install"
_SECONDS = 1800
_TOLD_FOR = timedelta(days=1)


@dataclass(frozen=True)
class Peek:
    """What a look at a bundle's manifest and requirements says, with nothing run or written."""

    slug: str
    name: str
    version: str
    builds: bool


@dataclass(frozen=True)
class Wanted:
    """What is to be done with the bundle when it has been checked."""

    install: bool = True
    consent: bool = False


def peek(source: Path) -> Peek:
    """Look at a bundle. Raises ``BundleError``."""
    with Bundle(source) as bundle:
        read = manifest.read(bundle)
        builds = not environment.is_ready(bundle)
    return Peek(read.slug, str(read.data["name"]), read.version, builds)


def looked_at(
    source: Path, *, user: Any, via: str, options: PlanOptions
) -> tuple[Peek, InstallPlan]:
    """Open a plan for a bundle. One that is refused at once is recorded as any other.

    Raises ``BundleError``.
    """
    plan = planning.open_plan(source.name, user=user, via=via, options=options)
    try:
        return peek(source), plan
    except BundleError as error:
        planning.refuse(plan, error)
        raise


def submit_upload(
    plan: InstallPlan, source: Path, seen: Peek, *, user: Any, wanted: Wanted
) -> Job:
    """Have a worker check an uploaded bundle, which is moved away from ``source``.

    Raises ``BundleError`` when it cannot be kept.
    """
    store.keep_upload(str(plan.pk), source)
    inputs = {"plan": str(plan.pk), "file": plan.source_name}
    return _submit(plan, seen.slug, f"{seen.name} {seen.version}", inputs, user, wanted)


def submit_offer(
    offer: Offer, *, user: Any, via: str, wanted: Wanted, version: str = ""
) -> Job:
    """Have a worker fetch and check a toolkit of a catalog. Raises ``NotUsable``."""
    if offer.problem:
        raise NotUsable(offer.problem)
    chosen = version or str(offer.newest["version"] if offer.newest else "")
    title = f"{offer.entry['name']} {chosen}"
    name = f"{offer.slug}-{chosen}.zip"
    inputs = {"catalog": offer.catalog.name, "slug": offer.slug, "version": chosen}
    options = PlanOptions(slug=offer.slug)
    with transaction.atomic():
        plan = planning.open_plan(name, user=user, via=via, options=options)
        inputs["plan"] = str(plan.pk)
        return _submit(plan, offer.slug, title, inputs, user, wanted)


def begin_updates(newer: Iterable[Offer], *, user: Any, via: str) -> int:
    """Begin these updates, a job each, leaving out what is under way or waits to be confirmed;
    returns how many.

    What asks for more than was consented to is left to be confirmed.
    """
    underway, plans = unfinished(), waiting()
    begun = [
        submit_offer(offer, user=user, via=via, wanted=Wanted())
        for offer in newer
        if offer.slug not in underway and not waits(offer, plans)
    ]
    return len(begun)


def waits(offer: Offer, plans: dict[str, InstallPlan]) -> bool:
    """Whether one of ``plans`` is for the newest version of an offer."""
    plan = plans.get(offer.slug)
    return bool(plan and offer.newest and plan.version == offer.newest["version"])


def _submit(
    plan: InstallPlan, slug: str, what: str, inputs: dict[str, Any], user: Any, wanted: Wanted
) -> Job:
    toolkit = Toolkit.objects.filter(slug=slug).first()
    queue = queues.DEFAULT
    with transaction.atomic():
        job = Job(
            kind=JobKind.INSTALL,
            toolkit=toolkit,
            toolkit_slug=slug,
            operation=OPERATION,
            title=(f"Install {what}" if wanted.install else f"Check {what}")[:200],
            inputs={**inputs, "install": wanted.install, "consent": wanted.consent},
            queue=queue,
            state=JobState.QUEUED,
            turn=turns.next_turn(queue, slug),
            requested_by=user,
            requester=user.username,
            requested_via=plan.via if plan.via in {"console", "api", "cli"} else "console",
            timeout_seconds=_SECONDS,
            # Two installs of one toolkit: the second waits, and then sees what the first did.
            limits=[[f"install:{slug}", 1]],
            guarded=True,
            trace=tracing.current(),
        )
        job.save(force_insert=True)
        emit("job.requested", actor=user, target=job, via=job.requested_via, operation=OPERATION)
        transaction.on_commit(lambda: enqueue(job))
    return job


def unfinished() -> dict[str, Job]:
    """The installs that are queued or running, by toolkit."""
    jobs = Job.objects.filter(kind=JobKind.INSTALL, state__in=UNFINISHED).order_by("id")
    return {job.toolkit_slug: job for job in jobs}


def waiting() -> dict[str, InstallPlan]:
    """The plans that wait to be confirmed, by toolkit: the newest of each."""
    plans = InstallPlan.objects.filter(state=PlanState.READY, expires_at__gt=timezone.now())
    return {plan.slug: plan for plan in plans.defer("description", "manifest").order_by("id")}


def failed(slugs: Iterable[str]) -> dict[str, Job]:
    """The installs of the last day that failed and that none followed, by toolkit."""
    # Named so, an index finds them among all the jobs.
    jobs = Job.objects.filter(toolkit_slug__in=set(slugs), operation=OPERATION)
    since = timezone.now() - _TOLD_FOR
    jobs = jobs.filter(kind=JobKind.INSTALL, created_at__gt=since).order_by("id")
    newest = {job.toolkit_slug: job for job in jobs}
    wrong = {JobState.FAILED, JobState.TIMED_OUT, JobState.LOST}
    return {slug: job for slug, job in newest.items() if job.state in wrong}


def waits_in(queue: str) -> bool:
    """Whether an install waits in a queue."""
    waiting = Job.objects.filter(kind=JobKind.INSTALL, state=JobState.QUEUED, queue=queue)
    return waiting.exists()
