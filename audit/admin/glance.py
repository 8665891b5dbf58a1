"""How the trail stands, on the admin's first page and in the support bundle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy

from audit import chain, reading
from audit.models import ForwardPosition
from toolbox.admin.registry import Glance, register_glances, register_part

_LATE_SECONDS = 60


def glances(request: HttpRequest) -> Iterator[Glance]:
    """Whether the trail is whole, and whether it is sealed in time."""
    if not reading.may_read(request.user):
        return
    last, status = reading.last_verification(), chain.status()
    late = status.oldest_unsealed_seconds > _LATE_SECONDS
    broken = last is not None and not last.is_whole
    value = gettext("not whole") if broken else gettext("whole") if last else gettext("unverified")
    note = gettext("%(n)d events wait to be sealed") % {"n": status.unsealed} if late else ""
    tone = "critical" if broken else "warning" if late else "ok" if last else "unknown"
    yield Glance(gettext_lazy("Audit trail"), value, note, reverse("audit-list"), tone)


def part() -> dict[str, Any]:
    """The same for the support bundle: figures alone."""
    last, status = reading.last_verification(), chain.status()
    return {
        "sealed": status.sequence,
        "unsealed": status.unsealed,
        "oldest_unsealed_seconds": round(status.oldest_unsealed_seconds, 1),
        "last_verification": {
            "finished_at": last.finished_at, "whole": last.is_whole, "events": last.rows,
        } if last else None,
        "forwarding": list(
            ForwardPosition.objects.values("label", "sequence", "failures", "error", "sent_at")
        ),
    }  # fmt: skip


register_glances(glances)
register_part("audit", part)
