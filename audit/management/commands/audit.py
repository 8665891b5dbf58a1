"""``manage.py audit``: verify, export and prune the audit trail."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand

from audit import catalogue_page


class Command(BaseCommand):
    help = "Verify, export and prune the audit trail."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        catalogue = actions.add_parser("catalogue", help="print the page of all events")
        catalogue.add_argument("--write", action="store_true", help="write it to docs/")

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, f"_{options['action']}")(options)

    def _catalogue(self, options: dict[str, Any]) -> None:
        if options["write"]:
            catalogue_page.path().write_text(catalogue_page.render(), encoding="utf-8")
        else:
            self.stdout.write(catalogue_page.render())
