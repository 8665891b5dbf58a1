"""The audit trail in the admin: read-only but for retention and legal holds."""

from audit.admin import chain, events, glance, retention

__all__ = ["chain", "events", "glance", "retention"]
