from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    name = "audit"

    def ready(self) -> None:
        from audit import checks, measures, signin  # noqa: F401  (checks register themselves)
        from audit.history import history
        from audit.record import record
        from toolbox import events
        from toolbox.metrics import gauges

        events.register(record)
        gauges.register(measures.read)
        events.register_reader(history)
        signin.connect()
        post_migrate.connect(_keep_triggers, sender=self, dispatch_uid="audit.triggers")


def _keep_triggers(using: str, **_: Any) -> None:
    """Put back triggers that an altered table lost: SQLite makes such a table anew."""
    from django.db import connections

    from audit import triggers

    if triggers.missing(connections[using]):
        triggers.install(connections[using])
