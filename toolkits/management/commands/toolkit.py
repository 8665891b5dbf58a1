"""``manage.py toolkit``: make, check, install and run toolkits."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from toolbox.problems import Problem
from toolkits.cli import actions, run


class Command(BaseCommand):
    help = "Manage toolkits and run their operations."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parsers = parser.add_subparsers(dest="action", required=True)
        actions.add_arguments(parsers)
        run.add_arguments(parsers)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["action"] == "run":
                status = run.run(options, self.stdout, self.stderr)
                if status:
                    raise SystemExit(status)
            else:
                actions.ACTIONS[options["action"]](options, self.stdout)
        except Problem as problem:
            raise CommandError(getattr(problem, "advised", str(problem))) from None
