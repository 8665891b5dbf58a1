from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class ToolkitsConfig(AppConfig):
    name = "toolkits"

    def ready(self) -> None:
        from audit.filters import find_targets_by
        from toolbox.metrics import gauges
        from toolkits import measures

        gauges.register(measures.read)
        find_targets_by(_by_slug)
        post_migrate.connect(_install_in_database, sender=self, dispatch_uid="toolkits.guards")


def _by_slug(name: str) -> list[tuple[str, str]]:
    from toolkits.models import Toolkit

    found = Toolkit.objects.filter(slug=name.lower()).values_list("pk", flat=True)
    return [("toolkits.toolkit", str(pk)) for pk in found]


def _install_in_database(using: str, **_: Any) -> None:
    from toolkits.jobs import functions, guards

    guards.install(connections[using])
    functions.install(connections[using])
