from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class ToolkitsConfig(AppConfig):
    name = "toolkits"

    def ready(self) -> None:
        from toolbox.metrics import gauges
        from toolkits import measures

        gauges.register(measures.read)
        post_migrate.connect(_install_in_database, sender=self, dispatch_uid="toolkits.guards")


def _install_in_database(using: str, **_: Any) -> None:
    from toolkits.jobs import functions, guards

    guards.install(connections[using])
    functions.install(connections[using])
