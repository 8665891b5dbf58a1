"""The audit trail: its key, how long it is kept, where it is sent."""

from toolbox.settings import environment as e
from toolbox.settings.security import SIGNING

#: What checkpoints are signed and events are proven with is derived from this.
AUDIT_KEY = e.derive(SIGNING.material, "audit")

AUDIT_LOG_RETENTION_DAYS = e.number(
    "AUDIT_LOG_RETENTION_DAYS", 90, least=1, about="How long audit events are kept."
)
AUDIT_CHECKPOINT_EVENTS = e.number(
    "AUDIT_CHECKPOINT_EVENTS", 1000, least=1, about="A checkpoint is written after so many events."
)
AUDIT_CHECKPOINT_SECONDS = e.number(
    "AUDIT_CHECKPOINT_SECONDS", 600, least=1, about="It is written after so long at the latest."
)
AUDIT_VERIFY_HOURS = e.number(
    "AUDIT_VERIFY_HOURS", 24, least=0, about="How often the whole trail is verified; 0 is never."
)

_PLACES = "stdout:, syslog+udp://host:514, syslog+tcp://…, syslog+tls://…, https://…, file:///path"
AUDIT_FORWARD_TO = e.names("AUDIT_FORWARD_TO", about=f"Where events are sent as well: {_PLACES}.")
AUDIT_CHECKPOINTS_TO = e.names(
    "AUDIT_CHECKPOINTS_TO", about="Where checkpoints are sent, in the same form."
)
AUDIT_WEBHOOK_SECRET = e.secret("AUDIT_WEBHOOK_SECRET", about="Signs what is sent to https places.")
