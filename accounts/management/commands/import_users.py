"""Create and change users from a CSV file."""

from __future__ import annotations

import csv
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts import importing
from accounts.rules import SYSTEM


class Command(BaseCommand):
    help = (
        "Import users from a CSV file with the columns username, email, display_name, roles, "
        "active and link. Everything is checked first, and all of it is done or nothing. Links "
        "to set a password are printed as CSV."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the file, or - for standard input")
        parser.add_argument("--dry-run", action="store_true", help="check, and change nothing")

    def handle(self, *args: Any, file: str, dry_run: bool, **_: Any) -> None:
        try:
            data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}") from None
        try:
            with transaction.atomic():
                done = importing.apply(SYSTEM, importing.read(data))
                transaction.set_rollback(dry_run)
        except importing.ImportRefused as refused:
            lines = [f"line {line}: {text}" for line, text in refused.lines]
            raise CommandError("Nothing was imported.\n" + "\n".join(lines)) from None
        would = "would be " if dry_run else ""
        self.stderr.write(f"{len(done.created)} {would}created, {len(done.changed)} {would}changed")
        if done.links and not dry_run:
            writer = csv.writer(self.stdout)
            writer.writerow(["username", "link"])
            writer.writerows(sorted(done.links.items()))
