"""``manage.py preflight``: is everything there that the platform needs?"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from toolbox import preflight


class Command(BaseCommand):
    help = "Check configuration, database, migrations, Redis, Vault and toolkit storage."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--wait", type=float, default=0, metavar="SECONDS")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        results = preflight.run(options["wait"])
        if options["json"]:
            self.stdout.write(json.dumps([asdict(result) for result in results], indent=2))
        else:
            preflight.report(results, self.stdout)  # type: ignore[arg-type]
        if not all(result.ok for result in results):
            raise SystemExit(1)
