"""Choices that code of the toolkit gives: its operation is run, and what it returns is offered.

It is an ordinary interactive run, by the person who looks at the form: with their permission,
in the audit trail, and with the limits of every run. The same question is not asked twice
within a minute.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from django.core.cache import cache
from django.utils.translation import gettext as _

from accounts.models import User
from toolbox.problems import Problem
from toolkits import access
from toolkits.jobs.dispatch import submit
from toolkits.jobs.states import JobState
from toolkits.jobs.waiting import wait_finished
from toolkits.models import Toolkit
from toolkits.pages.fields import Choices
from toolkits.schemas import properties, without_null

_MOST = 1000
_WAIT_SECONDS = 10.0
_KEPT_SECONDS = 60


@dataclass(frozen=True)
class Provided:
    """What a provider offered, or why it did not."""

    choices: Choices = field(default_factory=list)
    problem: str = ""


def mark_of(described: dict[str, Any], name: str) -> dict[str, Any] | None:
    """Return what the schema says about the choices of an input; None where it has none."""
    given = properties(described["inputs"]).get(name)
    if given is None:
        return None
    schema, _nullable = without_null(given, described["inputs"])
    mark: dict[str, Any] | None = schema.get("x-choices")
    return mark


def ask(user: User, toolkit: Toolkit, mark: dict[str, Any], inputs: dict[str, Any]) -> Provided:
    """Run the provider that ``mark`` names with those of ``inputs`` that it depends on."""
    name = str(mark["operation"])
    if not access.can_use(user, toolkit, name):
        return Provided(problem=_("You may not run %(name)s, which gives them.") % {"name": name})
    depends = {
        key: inputs[key] for key in mark.get("depends", []) if inputs.get(key) not in (None, "")
    }
    key = _key(user, toolkit, name, depends)
    kept = cache.get(key)
    if kept is not None:
        return Provided(choices=[(value, label) for value, label in kept])
    try:
        job = submit(toolkit=toolkit, operation=name, inputs=depends, user=user)
    except Problem as error:
        return Provided(problem=str(error))
    if not wait_finished(job.pk, _WAIT_SECONDS):
        return Provided(problem=_("They were not there in time. Type a value, or ask again."))
    job.refresh_from_db()
    if job.state != JobState.SUCCEEDED:
        return Provided(problem=job.reason or str(job.get_state_display()))
    choices = options(job.result)
    cache.set(key, choices, _KEPT_SECONDS)
    return Provided(choices=choices)


def _key(user: User, toolkit: Toolkit, name: str, depends: dict[str, Any]) -> str:
    asked = json.dumps([str(user.pk), toolkit.active_version_id, name, depends], sort_keys=True)
    return f"choices:{hashlib.sha256(asked.encode()).hexdigest()}"


def options(result: Any) -> Choices:
    """Read a provider's result: texts, or objects with ``value`` and perhaps ``label``."""
    data = result.get("data") if isinstance(result, dict) else None
    found: Choices = []
    for entry in data[:_MOST] if isinstance(data, list) else []:
        if isinstance(entry, dict) and entry.get("value") not in (None, ""):
            value = str(entry["value"])
            found.append((value[:500], str(entry.get("label") or value)[:500]))
        elif isinstance(entry, str | int | float) and str(entry):
            found.append((str(entry)[:500], str(entry)[:500]))
    return found
