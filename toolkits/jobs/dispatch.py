"""Requesting a run: checks, the job row and its audit entry in one transaction, then RQ."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from redis.exceptions import RedisError

from toolbox.events import emit
from toolkits import inputs as input_rules
from toolkits.access import can_use
from toolkits.errors import FieldError, InputError, NotUsable
from toolkits.jobs import job_secrets, queues
from toolkits.models import Job, Record, Toolkit
from toolkits.schemas import references

log = logging.getLogger(__name__)

RUN_JOB = "toolkits.runtime.execute.run_job"


def submit(
    *,
    toolkit: Toolkit,
    operation: str,
    inputs: dict[str, Any],
    user: Any,
    via: str = "console",
    dry_run: bool = False,
    timeout: int | None = None,
) -> Job:
    """Request a run of ``operation`` and return its job.

    ``timeout`` in seconds can only shorten the operation's own. Raises ``InputError`` for
    inputs that do not fit, ``NotUsable`` for what the toolkit's state does not allow.
    Secret inputs go to Vault before the row is written, so ``SecretsError`` is possible.
    """
    described = _usable_operation(toolkit, operation, user)
    schema = described["inputs"]
    complete = input_rules.complete(schema, inputs)
    _check(toolkit, described, complete, dry_run=dry_run)
    job = Job(
        toolkit=toolkit,
        toolkit_slug=toolkit.slug,
        version=toolkit.active_version,
        version_label=toolkit.active_version.version if toolkit.active_version else "",
        operation=operation,
        title=described["title"][:200],
        queue=_queue(described),
        dry_run=dry_run,
        requested_by=user,
        requested_via=via,
        timeout_seconds=_timeout(described, timeout),
    )
    job.inputs = job_secrets.keep(job.pk, schema, complete)
    try:
        with transaction.atomic():
            job.save(force_insert=True)
            emit("job.requested", actor=user, target=job, via=via, operation=operation)
            transaction.on_commit(lambda: enqueue(job))
    except Exception:
        job_secrets.forget(job)
        raise
    return job


def enqueue(job: Job) -> bool:
    """Tell RQ about a queued job. When Redis cannot be reached the sweep tells it later."""
    try:
        queues.tell(job.queue, RUN_JOB, str(job.pk), rq_id=str(job.pk))
    except RedisError as error:
        log.warning("job %s waits in the database: the queue is not reachable (%s)", job.pk, error)
        return False
    Job.objects.filter(pk=job.pk).update(dispatched_at=timezone.now())
    return True


def _usable_operation(toolkit: Toolkit, operation: str, user: Any) -> dict[str, Any]:
    if not toolkit.enabled or toolkit.active_version_id is None:
        raise NotUsable(f"The toolkit {toolkit.slug} is disabled. A curator can enable it.")
    if not can_use(user, toolkit, operation):
        raise NotUsable(f"You may not use the toolkit {toolkit.slug}.")
    described = toolkit.operation(operation)
    if described is None:
        known = ", ".join(entry["name"] for entry in toolkit.operations) or "none"
        raise NotUsable(f"{toolkit.slug} has no operation {operation!r}. It has: {known}.")
    return described


def _check(
    toolkit: Toolkit, described: dict[str, Any], inputs: dict[str, Any], *, dry_run: bool
) -> None:
    if dry_run and not described.get("dry_run"):
        raise NotUsable(f"The operation {described['name']} has no dry run.")
    schema = described["inputs"]
    errors = input_rules.validate(schema, inputs) or _missing_records(toolkit, schema, inputs)
    if errors:
        raise InputError(errors)


def _missing_records(
    toolkit: Toolkit, schema: dict[str, Any], inputs: dict[str, Any]
) -> list[FieldError]:
    errors = []
    for name, collection in references(schema):
        given = inputs.get(name) or []
        wanted = given if isinstance(given, list) else [given]
        records = Record.objects.filter(toolkit=toolkit, collection=collection)
        if records.filter(pk__in=wanted).count() < len(set(wanted)):
            errors.append(FieldError((name,), f"no such record in {collection}"))
    return errors


def _queue(described: dict[str, Any]) -> str:
    if described.get("queue") in queues.QUEUES:
        return str(described["queue"])
    return queues.INTERACTIVE if described.get("interactive") else queues.DEFAULT


def _timeout(described: dict[str, Any], asked: int | None) -> int:
    own = int(described.get("timeout") or settings.TOOLKIT_JOB_TIMEOUT_SECONDS)
    return max(1, min(own, asked)) if asked else own
