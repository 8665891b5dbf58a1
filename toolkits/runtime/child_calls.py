"""Answers ``ctx.child`` and ``ctx.map``: starts child jobs and tells when they have ended."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from toolbox.secrets import SecretsError
from toolkits.errors import InputError, NotUsable
from toolkits.jobs import children, lease
from toolkits.jobs.dispatch import Origin, submit
from toolkits.jobs.states import TERMINAL
from toolkits.models import Job
from toolkits.runtime.conversation import CallRefused, Fenced

_MOST = 1000


class ChildCalls:
    """The children of one running job. ``waiting`` maps a call that waits to what for."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.waiting: dict[int, list[UUID]] = {}
        self.started: dict[str, str] = {}
        self._own: set[UUID] = set()

    def answer(self, message: dict[str, Any]) -> bool:
        """Deal with one call; whether its answer comes later. Else it is ``started``."""
        match message["action"]:
            case "start":
                self.started = {"id": str(self._start(message["operation"], message["inputs"]))}
                return False
            case "wait":
                ids = [UUID(text) for text in message["ids"]]
                if not ids or not self._own.issuperset(ids):
                    raise CallRefused("not_found", "That is no child of this job.")
                self.waiting[int(message["call"])] = ids
                return True
        raise CallRefused("unsupported", f"{message['action']!r} is not an action on children")

    def refuse(self) -> Any:
        """Answer a call where children are not possible."""
        raise CallRefused("unsupported", "A cleanup hook starts no jobs.")

    def _start(self, operation: str, inputs: dict[str, Any]) -> UUID:
        if len(self._own) >= _MOST:
            raise CallRefused("invalid", f"A job starts at most {_MOST:,} others.")
        job = self.job
        assert job.toolkit is not None
        try:
            with lease.fenced(job):
                children.note_first(job)
                child = submit(
                    toolkit=job.toolkit,
                    operation=operation,
                    inputs=inputs,
                    user=job.requested_by,
                    via="job",
                    dry_run=job.dry_run and self._has_dry_run(operation),
                    origin=Origin(parent=job),
                )
        except lease.Fenced as error:
            raise Fenced(str(error)) from error
        except (InputError, NotUsable) as error:
            raise CallRefused("invalid", str(error)) from error
        except SecretsError as error:
            raise CallRefused("unavailable", str(error)) from error
        self._own.add(child.pk)
        return child.pk

    def _has_dry_run(self, operation: str) -> bool:
        described = self.job.toolkit.operation(operation) if self.job.toolkit else None
        if described is not None and not described.get("dry_run") and self.job.dry_run:
            reason = f"{operation} has no dry run, so a dry run cannot start it."
            if described.get("effect") != "read":
                raise CallRefused("invalid", reason)
        return bool(described and described.get("dry_run"))


def ended(ids: set[UUID]) -> QuerySet[Job]:
    """Those of some jobs that have ended."""
    return Job.objects.filter(pk__in=ids, state__in=TERMINAL)


def outcome_of(job: Job) -> dict[str, Any]:
    """What a parent is told of a child that has ended."""
    return {"id": str(job.pk), "state": job.state, "result": job.result, "reason": job.reason}
