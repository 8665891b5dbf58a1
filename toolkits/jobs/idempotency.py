"""Starting a job at most once for a key of the client's making."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from toolbox.problems import Problem
from toolkits.jobs import job_secrets
from toolkits.models import IdempotencyKey, Job

KEPT = timedelta(hours=24)


class KeyReused(Problem):
    """A key that another request was sent with."""

    http_status = 422
    title = "The idempotency key was used for another request"


def once(user: Any, key: str, asked: Any, start: Callable[[], Job]) -> tuple[Job, bool]:
    """Return the job that the first request with ``key`` started, and whether this is it.

    ``asked`` is all that the request asks for; another one with the same key raises
    ``KeyReused``. Of two at the same time, one starts the job and the other gets it.
    """
    digest = _digest(asked)
    if earlier := _earlier(user, key, digest):
        return earlier, False
    job = None
    try:
        with transaction.atomic():
            job = start()
            IdempotencyKey.objects.create(user=user, key=key, digest=digest, job=job)
    except IntegrityError:
        if job is not None:
            job_secrets.forget(job)
        if earlier := _earlier(user, key, digest):
            return earlier, False
        raise
    return job, True


def _earlier(user: Any, key: str, digest: str) -> Job | None:
    IdempotencyKey.objects.filter(user=user, created_at__lt=timezone.now() - KEPT).delete()
    found = IdempotencyKey.objects.select_related("job").filter(user=user, key=key).first()
    if found is None:
        return None
    if found.digest != digest:
        raise KeyReused(
            "Make a new key for each new request, and send it again only with the same."
        )
    return found.job


def _digest(asked: Any) -> str:
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
