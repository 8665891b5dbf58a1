"""Whether a schedule can run as it is: its toolkit, its role, and its inputs against the version
that is installed now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import transaction

from toolbox.events import emit
from toolkits import inputs as input_rules
from toolkits.access import role_can_use
from toolkits.errors import first_lines
from toolkits.jobs import job_secrets
from toolkits.models import Schedule, Toolkit
from toolkits.schemas import properties


def problem_of(schedule: Schedule, description: dict[str, Any] | None = None) -> str:
    """Say why the schedule cannot run; empty when it can. With ``description``, that of another
    version, say whether it could run on that."""
    toolkit = schedule.toolkit
    if description is None:
        if toolkit.removed_at is not None or toolkit.active_version_id is None:
            return "The toolkit has been removed."
        if not toolkit.enabled:
            return "The toolkit is disabled."
        description = toolkit.description_of_code
    if not role_can_use(schedule.owner, toolkit, enabled_only=False):
        return f"The role {schedule.owner.name} may not use the toolkit."
    operations = description.get("operations") or []
    found = next((entry for entry in operations if entry["name"] == schedule.operation), None)
    if found is None:
        return f"The installed version has no operation {schedule.operation!r}."
    return _wrong_inputs(schedule, found)


def _wrong_inputs(schedule: Schedule, described: dict[str, Any]) -> str:
    if schedule.dry_run and not described.get("dry_run"):
        return f"The operation {schedule.operation} has no dry run any more."
    schema = described["inputs"]
    shown = {
        name: _stand_in(value, properties(schema).get(name) or {})
        for name, value in schedule.inputs.items()
    }
    errors = input_rules.validate(schema, input_rules.complete(schema, shown))
    return f"Its inputs no longer fit: {first_lines(errors)}" if errors else ""


def _stand_in(value: Any, schema: dict[str, Any]) -> Any:
    """A secret is in Vault: something of its kind stands for it."""
    return "x" * max(1, int(schema.get("minLength") or 1)) if job_secrets.is_mark(value) else value


def flag(schedule: Schedule, problem: str) -> None:
    """Write down what is wrong with a schedule, or that nothing is any more; a change is told
    in the audit trail."""
    if schedule.problem == problem:
        return
    with transaction.atomic():
        Schedule.objects.filter(pk=schedule.pk).update(problem=problem[:500])
        if problem:
            emit("schedule.flagged", target=schedule, outcome="failure", reason=problem)
        else:
            emit("schedule.cleared", target=schedule)
    schedule.problem = problem


def broken_by(
    toolkit: Toolkit, description: dict[str, Any]
) -> Iterator[tuple[Schedule, str]]:
    """Yield the schedules that run now and could not on another version, and why not."""
    schedules = Schedule.objects.filter(toolkit=toolkit).select_related("owner", "toolkit")
    for schedule in schedules.order_by("name", "id"):
        problem = problem_of(schedule, description)
        if problem and problem != schedule.problem:
            yield schedule, problem


def revalidate(toolkit: Toolkit) -> int:
    """Check every schedule of a toolkit that has just changed; returns how many cannot run."""
    schedules = Schedule.objects.filter(toolkit=toolkit).select_related("owner")
    count = 0
    for schedule in schedules:
        schedule.toolkit = toolkit
        problem = problem_of(schedule)
        flag(schedule, problem)
        count += bool(problem)
    return count
