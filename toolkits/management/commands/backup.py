"""``manage.py backup FOLDER``: write a backup, while everything runs."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from toolbox.problems import Problem
from toolkits import backups


class Command(BaseCommand):
    help = (
        "Write database, bundles and files of jobs into a new folder. Secrets are not in it: "
        "they are in Vault, which has snapshots of its own (docs/backup.md)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument(
            "--check", action="store_true", help="only tell whether the backup there is whole"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["check"]:
                index = backups.check(options["folder"])
                self.stdout.write(f"whole, of {index['taken_at']}")
                return
            index = backups.take(options["folder"], self.stdout.write)
        except (Problem, OSError) as error:
            raise CommandError(str(error)) from None
        missing = sum(len(part.get("missing", ())) for part in index["parts"].values())
        if missing:
            raise CommandError(f"{missing} files were missing; the rest is in the backup.")
