"""Writes events in the transaction of the act itself."""

from __future__ import annotations

from typing import Any

from django.db import models

from accounts.models import User
from audit import canonical, clean, keys
from audit.catalogue import CATALOGUE
from audit.models import Event
from toolbox import context
from toolbox.events import Actor, ActorKind


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
        raise LookupError(f"the audit event {name!r} is not in audit/catalogue/") from None
    work = context.current()
    event = Event(
        name=name,
        severity=kind.severity,
        outcome=outcome,
        address=clean.line(work.address, 64),
        user_agent=clean.line(work.user_agent, 300),
        request_id=clean.line(work.request_id, 64),
        job_id=clean.line(work.job_id, 64),
        changes=clean.data(changes or {}),
        details=clean.data(details or {}),
        **_acting(actor, work.credential),
        **_target(target),
    )
    event.proof = keys.current().prove(canonical.digest(canonical.values(event)))
    event.save(force_insert=True)
    return event


def as_actor(actor: Any) -> Actor:
    """Return who acts as an ``Actor``; anything that is not known acts as the system."""
    if isinstance(actor, Actor):
        return actor
    if isinstance(actor, User):
        kind = ActorKind.SERVICE_ACCOUNT if getattr(actor, "is_service", False) else ActorKind.USER
        return Actor(kind, str(actor.pk), actor.username)
    if isinstance(actor, str) and actor:
        # What runs elsewhere, such as a job, knows its user by name alone.
        known = User.objects.filter(username__iexact=actor).first()
        return as_actor(known) if known else Actor(ActorKind.SYSTEM, label=actor)
    return Actor(ActorKind.SYSTEM, label=str(actor or ""))


def _acting(actor: Any, credential: Actor | None) -> dict[str, str]:
    acting = as_actor(actor)
    behalf = as_actor(acting.behalf) if acting.behalf is not None else None
    if credential is not None and acting.kind in (ActorKind.USER, ActorKind.SERVICE_ACCOUNT):
        # What the user's token did is told apart from what the user did.
        acting, behalf = credential, acting
    fields = {
        "actor_type": str(acting.kind),
        "actor_id": clean.line(acting.id, 64),
        "actor_label": clean.line(acting.label, 200),
    }
    if behalf is not None:
        fields |= {
            "behalf_type": str(behalf.kind),
            "behalf_id": clean.line(behalf.id, 64),
            "behalf_label": clean.line(behalf.label, 200),
        }
    return fields


def _target(target: Any) -> dict[str, str]:
    if isinstance(target, models.Model):
        return {
            "target_type": target._meta.label_lower,
            "target_id": clean.line(target.pk, 64),
            "target_label": clean.line(target, 200),
        }
    return {"target_label": clean.line(target, 200)}
