"""``manage.py restore FOLDER``: put a backup into an empty place."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from toolbox.problems import Problem
from toolkits import backups


class Command(BaseCommand):
    help = "Restore a backup into an empty database and the storages that are configured."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            backups.restore(options["folder"], self.stdout.write)
        except (Problem, OSError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write("Now: manage.py preflight, then manage.py audit verify.")
