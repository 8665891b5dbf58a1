"""Every event that the platform records: its name, how grave it is, what it means."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EventType:
    """One kind of event. ``severity`` is ``info``, ``notice``, ``warning`` or ``critical``."""

    name: str
    severity: str
    meaning: str


_TYPES = [
    EventType("auth.signed_in", "info", "A user signed in."),
    EventType("auth.signed_out", "info", "A user signed out."),
    EventType("auth.sign_in_failed", "warning", "A sign-in was refused."),
    EventType("auth.token_issued", "info", "An API client signed in for an access token."),
    EventType("auth.token_reused", "critical", "A spent refresh token was used again."),
    EventType("user.bootstrapped", "notice", "The first administrator was created."),
    EventType("user.changed", "notice", "A user was created, changed or removed."),
    EventType("user.created", "notice", "An account was created."),
    EventType("user.roles_changed", "warning", "The roles of a user were changed."),
    EventType("user.enabled", "notice", "An account was enabled."),
    EventType("user.disabled", "notice", "An account was disabled."),
    EventType("user.deleted", "warning", "An account was deleted."),
    EventType("grant.given", "warning", "A user was granted a role for a toolkit."),
    EventType("grant.taken", "notice", "A grant was taken away."),
    EventType("toolkit.installed", "notice", "A toolkit version was installed and activated."),
    EventType("toolkit.install_refused", "warning", "A bundle was refused."),
    EventType("toolkit.enabled", "notice", "A toolkit was enabled."),
    EventType("toolkit.disabled", "notice", "A toolkit was disabled."),
    EventType("toolkit.settings_changed", "notice", "Settings of a toolkit were changed."),
    EventType("record.created", "info", "A record of a collection was created."),
    EventType("record.updated", "info", "A record of a collection was changed."),
    EventType("record.deleted", "info", "A record of a collection was deleted."),
    EventType("job.requested", "info", "A run of an operation was requested."),
    EventType("job.cancel_requested", "info", "Cancellation of a job was requested."),
    EventType("job.ended", "info", "A job reached a final state."),
    EventType("secret.read", "info", "A secret was read for a toolkit."),
    EventType("secret.written", "notice", "A secret was written."),
]

CATALOGUE: dict[str, EventType] = {event.name: event for event in _TYPES}
