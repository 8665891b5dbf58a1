from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "audit"

    def ready(self) -> None:
        from audit import signin
        from audit.record import record
        from toolbox import events

        events.register(record)
        signin.connect()
