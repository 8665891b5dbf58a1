"""System checks of what the trail relies on."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from audit.forward import sinks
from toolbox import proxies


@register()
def trusted_proxies(**_: Any) -> list[CheckMessage]:
    """Every entry of ``TRUSTED_PROXIES`` must be understood, or addresses would be wrong."""
    try:
        proxies.trusted(tuple(settings.TRUSTED_PROXIES))
    except ValueError as error:
        return [
            Error(
                f"TRUSTED_PROXIES is not understood: {error}.",
                hint="List addresses and networks, such as 10.0.0.5,192.168.0.0/16, or unix.",
                id="audit.E001",
            )
        ]
    return []


@register()
def forwarding(**_: Any) -> list[CheckMessage]:
    """Every place that events and checkpoints are to be sent to must be understood."""
    errors: list[CheckMessage] = []
    for name in ("AUDIT_FORWARD_TO", "AUDIT_CHECKPOINTS_TO"):
        for url in getattr(settings, name):
            try:
                sinks.parse(url)
            except ValueError as error:
                errors.append(Error(f"{name}: {error}.", id="audit.E002"))
    return errors
