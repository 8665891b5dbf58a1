"""Rows for tests: each function makes one that is valid, and takes what matters to the test."""

from __future__ import annotations

import itertools
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from accounts import personal_tokens
from accounts.models import PersonalToken, User
from accounts.personal_tokens import TokenSpec
from accounts.roles import grant_role
from tests.support.trail import uuid7_at
from toolkits.jobs import artifacts
from toolkits.jobs.states import ACTIVE, TERMINAL, JobState
from toolkits.models import Job, JobArtifact, Toolkit, ToolkitVersion

PASSWORD = "correct horse battery"
_numbers = itertools.count(1)

EMPTY_INPUTS = {"type": "object", "properties": {}, "additionalProperties": False}


def make_user(
    username: str = "",
    *,
    roles: list[str] | tuple[str, ...] = (),
    password: str = PASSWORD,
    **fields: Any,
) -> User:
    """Make a user who can sign in with ``PASSWORD``."""
    user = User.objects.create_user(username or f"user{next(_numbers)}", password, **fields)
    for role in roles:
        grant_role(user, role)
    return user


def make_token(user: User, **fields: Any) -> tuple[PersonalToken, str]:
    """Make a personal token of ``user``; returns it with its text."""
    fields.setdefault("scopes", ["read", "run", "manage"])
    fields.setdefault("expires_at", timezone.now() + timezone.timedelta(days=7))
    return personal_tokens.make(user, user, TokenSpec(name=fields.pop("name", "test"), **fields))


def operation(name: str = "hello", **fields: Any) -> dict[str, Any]:
    """The description of an operation, as a runner would give it."""
    described = {
        "name": name,
        "title": name.replace("_", " ").capitalize(),
        "description": f"Does {name}.",
        "inputs": EMPTY_INPUTS,
        "returns": "json",
        "timeout": None,
        "effect": "read",
        "interactive": False,
        "dry_run": False,
        "idempotent": False,
        "retries": 0,
        "concurrency": None,
        "locks": [],
        "queue": None,
        "requires_approval": False,
        "permission": None,
        "cancel_grace": 5.0,
    }
    return {**described, **fields}


def make_row(
    slug: str = "",
    *,
    operations: list[dict[str, Any]] | None = None,
    collections: list[dict[str, Any]] | None = None,
    cards: list[dict[str, Any]] | None = None,
    settings: dict[str, Any] | None = None,
    version: str = "1.0.0",
    enabled: bool = True,
    **fields: Any,
) -> Toolkit:
    """Make a toolkit as rows alone, with no code behind it: for tests of pages and rules."""
    slug = slug or f"kit{next(_numbers)}"
    toolkit = Toolkit.objects.create(
        slug=slug, name=fields.pop("name", slug.capitalize()), enabled=enabled, **fields
    )
    described = {
        "sdk": "1.0.0",
        "operations": [operation()] if operations is None else operations,
        "collections": collections or [],
        "cards": cards or [],
        "settings": settings,
    }
    toolkit.active_version = ToolkitVersion.objects.create(
        toolkit=toolkit,
        version=version,
        digest=f"{next(_numbers):064x}",
        manifest={"slug": slug, "name": toolkit.name, "version": version, "entry": "kit"},
        description=described,
        storage_path=f"{slug}/{version}",
    )
    toolkit.save()
    return toolkit


def make_artifact(
    job: Job, name: str, text: str, content_type: str = "text/plain"
) -> JobArtifact:
    """Store a file that the job keeps."""
    stored_as = artifacts.storage().save(f"{job.pk}/{name}", ContentFile(text.encode()))
    return JobArtifact.objects.create(
        job=job,
        name=name,
        content_type=content_type,
        size_bytes=len(text.encode()),
        stored_as=stored_as,
    )


def make_job(toolkit: Toolkit, user: User | None = None, **fields: Any) -> Job:
    """Make a job row in any state, with what that state needs."""
    state = fields.setdefault("state", JobState.QUEUED)
    now = timezone.now()
    if state in TERMINAL:
        fields = {"started_at": now, "finished_at": now, "attempt": 1, **fields}
    if state in ACTIVE:
        lease = now + timezone.timedelta(seconds=60)
        fields = {"started_at": now, "attempt": 1, "lease_expires_at": lease, **fields}
    if "created_at" in fields:
        fields.setdefault("id", uuid7_at(fields["created_at"], next(_numbers)))
    fields.setdefault("guarded", bool(fields.get("limits")))
    name = fields.pop("operation", "hello")
    return Job.objects.create(
        toolkit=toolkit,
        toolkit_slug=toolkit.slug,
        version=toolkit.active_version,
        version_label=toolkit.active_version.version if toolkit.active_version else "",
        operation=name,
        title=fields.pop("title", name.capitalize()),
        requested_by=user,
        **fields,
    )
