"""Fetching catalogs, in the background and when asked."""

from __future__ import annotations

import hashlib
import logging
import tempfile
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from redis.exceptions import RedisError

from toolbox.events import emit
from toolbox.fetching import FetchError, fetch
from toolkits.catalogs import document
from toolkits.jobs import queues
from toolkits.models import Catalog

log = logging.getLogger(__name__)

RUN_DUE = "toolkits.catalogs.refresh.run_due"
_EVERY = timedelta(hours=1)
_AGAIN = timedelta(minutes=5)
_MOST_BYTES = 8 << 20
_MOST_SECONDS = 30.0


def sync_settings() -> None:
    """Make a row for each address of ``TOOLKIT_CATALOG_URL``, and drop those of earlier ones."""
    wanted = settings.TOOLKIT_CATALOG_URL.split()
    gone = Catalog.objects.filter(from_settings=True).exclude(url__in=wanted)
    for catalog in gone:
        with transaction.atomic():
            emit("catalog.removed", target=catalog)
            catalog.delete()
    known = set(Catalog.objects.values_list("url", flat=True))
    for url in wanted:
        if url not in known:
            with transaction.atomic():
                made = Catalog.objects.create(name=_name(url), url=url, from_settings=True)
                emit("catalog.created", target=made)


def _name(url: str) -> str:
    parts = urlsplit(url)
    base = (parts.hostname or Path(parts.path).stem or "catalog")[:80]
    taken = set(Catalog.objects.filter(name__startswith=base).values_list("name", flat=True))
    names = (base, *(f"{base} {number}" for number in range(2, 1000)))
    return next(name for name in names if name not in taken)


def refresh(catalog: Catalog) -> bool:
    """Fetch one catalog; whether that worked. A failure leaves the entries as they were."""
    with tempfile.TemporaryDirectory(prefix="catalog-") as folder:
        target = Path(folder, "catalog.json")
        before = catalog.error
        try:
            came_from = fetch(
                catalog.url,
                target,
                most_bytes=_MOST_BYTES,
                most_seconds=_MOST_SECONDS,
                allow_private=settings.TOOLKIT_CATALOG_ALLOW_PRIVATE,
                # Only who may change the settings of the process may name its files.
                allow_file=catalog.from_settings,
            )
            body = target.read_bytes()
            catalog.entries = document.read(body, came_from)
            catalog.error, catalog.fetched_at = "", timezone.now()
        except (FetchError, ValueError) as error:
            body = b""
            catalog.error = str(error)[:500]
            log.warning("the catalog %s was not fetched: %s", catalog.name, error)
    catalog.tried_at = timezone.now()
    with transaction.atomic():
        catalog.save(update_fields=["entries", "error", "fetched_at", "tried_at"])
        if catalog.error:
            _tell_failed(catalog, before)
        else:
            digest = hashlib.sha256(body).hexdigest()
            emit("catalog.fetched", target=catalog, digest=digest, entries=len(catalog.entries))
    return not catalog.error


def _tell_failed(catalog: Catalog, before: str) -> None:
    # It is tried again every few minutes: the same failure is told once.
    if catalog.error != before:
        emit("catalog.fetch_failed", target=catalog, outcome="failure", reason=catalog.error)


def _due() -> list[Catalog]:
    now = timezone.now()
    return [
        catalog
        for catalog in Catalog.objects.filter(enabled=True)
        if catalog.tried_at is None
        or catalog.tried_at + (_AGAIN if catalog.error else _EVERY) < now
    ]


def ask_due() -> int:
    """Have a worker fetch the catalogs whose time has come; returns how many there are.

    A site that answers slowly must not hold the scheduler up.
    """
    sync_settings()
    due = _due()
    if due:
        try:
            queues.tell(queues.LOW, RUN_DUE, rq_id="catalogs")
        except RedisError:
            return 0
    return len(due)


def ask(catalogs: QuerySet[Catalog]) -> int:
    """Have a worker fetch these as soon as it can; returns how many there are."""
    asked = catalogs.filter(enabled=True).update(tried_at=None)
    transaction.on_commit(ask_due)
    return asked


def run_due() -> None:
    """Fetch every catalog whose time has come. Called in a worker."""
    for catalog in _due():
        refresh(catalog)
