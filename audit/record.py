"""Writes events in the transaction of the act itself."""

from __future__ import annotations

from typing import Any

from django.db import models

from accounts.models import User
from audit.catalogue import CATALOGUE
from audit.models import Event
from toolbox import context


def record(
    name: str,
    *,
    actor: Any = None,
    target: Any = None,
    outcome: str = "success",
    changes: dict[str, Any] | None = None,
    details: dict[str, Any] | None = None,
) -> Event:
    """Record one event. ``name`` must be in the catalogue, else ``LookupError``."""
    try:
        kind = CATALOGUE[name]
    except KeyError:
        raise LookupError(f"the audit event {name!r} is not in audit/catalogue.py") from None
    work = context.current()
    return Event.objects.create(
        name=name,
        severity=kind.severity,
        outcome=outcome,
        address=work.address,
        user_agent=work.user_agent,
        request_id=work.request_id,
        job_id=work.job_id,
        changes=changes or {},
        details=details or {},
        **_actor(actor),
        **_target(target),
    )


def _actor(actor: Any) -> dict[str, str]:
    if isinstance(actor, User):
        return {
            "actor_type": "user",
            "actor_id": str(actor.pk),
            "actor_label": actor.username[:200],
        }
    return {"actor_type": "system", "actor_label": str(actor or "")[:200]}


def _target(target: Any) -> dict[str, str]:
    if isinstance(target, models.Model):
        return {
            "target_type": target._meta.label_lower,
            "target_id": str(target.pk),
            "target_label": str(target)[:200],
        }
    return {"target_type": "", "target_label": str(target or "")[:200]}
