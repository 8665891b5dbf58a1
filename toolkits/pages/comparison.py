"""Two runs of one operation beside each other: what differs, and what may have changed it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from toolkits.jobs import job_secrets
from toolkits.jobs.compare import Comparison, Difference
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


def causes(found: Comparison) -> list[str]:
    """Name what changed around the operation between the two runs."""
    named: dict[str, list[Difference]] = {}
    for difference in found.differences:
        named.setdefault(difference.kind, []).append(difference)
    said = [_SAID[kind](named[kind]) for kind in _SAID if kind in named]
    if found.secret_inputs:
        said.append(_("Secret inputs may differ: their values are not kept."))
    return said


def _names(found: list[Difference]) -> dict[str, str]:
    return {"names": ", ".join(difference.name for difference in found)}


def _inputs_said(found: list[Difference]) -> str:
    return _("The inputs differ: %(names)s.") % _names(found)


def _version_said(found: list[Difference]) -> str:
    difference = found[0]
    if difference.name != "version":
        return _("The toolkit was installed anew with the same version number.")
    text = _("The toolkit was updated from %(old)s to %(new)s.")
    return text % {"old": difference.before, "new": difference.after}


def _settings_said(found: list[Difference]) -> str:
    return _("Settings of the toolkit were changed: %(names)s.") % _names(found)


def _secrets_said(found: list[Difference]) -> str:
    return _("Secrets that it reads were changed: %(names)s.") % _names(found)


def _sdk_said(found: list[Difference]) -> str:
    text = _("It ran on SDK %(new)s instead of %(old)s.")
    return text % {"old": found[0].before or "–", "new": found[0].after or "–"}


def _duration_said(found: list[Difference]) -> str:
    text = _("It took %(new)s s instead of %(old)s s.")
    return text % {"old": found[0].before, "new": found[0].after}


#: Each kind in words. The worker is left to the table: no two runs need have the same.
_SAID: dict[str, Callable[[list[Difference]], str]] = {
    "version": _version_said,
    "input": _inputs_said,
    "setting": _settings_said,
    "secret": _secrets_said,
    "sdk": _sdk_said,
    "duration": _duration_said,
}


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
