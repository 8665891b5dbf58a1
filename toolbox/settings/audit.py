"""The audit trail: its key, how long it is kept, where it is sent."""

from toolbox.settings import environment as e
from toolbox.settings.security import SIGNING

#: What checkpoints are signed and events are proven with is derived from this.
AUDIT_KEY = e.derive(SIGNING.material, "audit")

AUDIT_LOG_RETENTION_DAYS = e.number("AUDIT_LOG_RETENTION_DAYS", 90)
# A checkpoint is written after this many events, or after this many seconds when there are any.
AUDIT_CHECKPOINT_EVENTS = e.number("AUDIT_CHECKPOINT_EVENTS", 1000)
AUDIT_CHECKPOINT_SECONDS = e.number("AUDIT_CHECKPOINT_SECONDS", 600)
# A verification of the whole trail is begun this often by the scheduler; 0 is never.
AUDIT_VERIFY_HOURS = e.number("AUDIT_VERIFY_HOURS", 24)

# Where events and checkpoints go besides the database, separated by blanks or commas: stdout:,
# syslog+udp://host:514, syslog+tcp://host:601, syslog+tls://host:6514, https://host/path,
# file:///path. See docs/audit.md.
AUDIT_FORWARD_TO = e.text("AUDIT_FORWARD_TO").replace(",", " ").split()
AUDIT_CHECKPOINTS_TO = e.text("AUDIT_CHECKPOINTS_TO").replace(",", " ").split()
AUDIT_WEBHOOK_SECRET = e.text("AUDIT_WEBHOOK_SECRET")
