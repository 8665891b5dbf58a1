"""Two runs of one operation beside each other: what differs, and what may have changed it."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext as _

from toolkits.jobs import job_secrets
from toolkits.models import Job
from toolkits.pages import diffs, formats

_MOST_TEXT = 200_000


def facts(before: Job, after: Job) -> list[dict[str, Any]]:
    """Return what there is to say about both, and whether it differs."""
    rows = [
        (_("State"), str(before.get_state_display()), str(after.get_state_display())),
        (_("Reason"), before.reason, after.reason),
        (_("Version"), before.version_label, after.version_label),
        (_("By"), _who(before), _who(after)),
        (_("Duration"), _length(before), _length(after)),
        (_("Attempts"), str(before.attempt), str(after.attempt)),
        (_("Worker"), before.worker, after.worker),
        (_("Dry run"), _yes_no(before.dry_run), _yes_no(after.dry_run)),
    ]
    return [
        {"label": label, "before": old or "–", "after": new or "–", "differs": old != new}
        for label, old, new in rows
    ]


def causes(before: Job, after: Job) -> list[str]:
    """Name what changed around the operation between the two runs."""
    found = []
    if before.version_label != after.version_label:
        text = _("The toolkit was updated from %(old)s to %(new)s.")
        found.append(text % {"old": before.version_label, "new": after.version_label})
    elif before.version_id != after.version_id:
        found.append(_("The toolkit was installed anew with the same version number."))
    if before.inputs != after.inputs and _public(before) != _public(after):
        changed = sorted(
            name
            for name in {**before.inputs, **after.inputs}
            if _public(before).get(name) != _public(after).get(name)
        )
        found.append(_("The inputs differ: %(names)s.") % {"names": ", ".join(changed)})
    if any(map(job_secrets.is_mark, [*before.inputs.values(), *after.inputs.values()])):
        found.append(_("Secret inputs may differ: their values are not kept."))
    old, new = _surroundings(before), _surroundings(after)
    if old.get("settings") != new.get("settings"):
        found.append(_("The settings of the toolkit were changed."))
    if old.get("secrets") != new.get("secrets"):
        found.append(_("Secrets that it reads were changed."))
    return found


def _surroundings(job: Job) -> dict[str, Any]:
    last = max(job.attempts.all(), key=lambda one: one.number, default=None)
    return last.surroundings if last else {}


def inputs(before: Job, after: Job) -> dict[str, Any]:
    """Return the difference of the inputs, without secrets, as a view of a diff."""
    return _diff(_("Inputs"), _public(before), _public(after))


def results(before: Job, after: Job) -> dict[str, Any]:
    """Return the difference of the results as a view of a diff."""
    return _diff(_("Result"), before.result, after.result)


def _diff(title: str, before: Any, after: Any) -> dict[str, Any]:
    return {
        "template": "views/_diff.html",
        "title": title,
        "level": 2,
        "before_label": _("earlier"),
        "after_label": _("later"),
        **diffs.compare(_text(before), _text(after)),
    }


def _public(job: Job) -> dict[str, Any]:
    return job_secrets.public(job.inputs)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return json.dumps(value, indent=1, ensure_ascii=False, default=str)[:_MOST_TEXT]


def _who(job: Job) -> str:
    return str(job.requested_by or job.requester)


def _length(job: Job) -> str:
    return formats.duration_text(job.duration.total_seconds()) if job.duration else ""


def _yes_no(value: bool) -> str:
    return _("yes") if value else _("no")
