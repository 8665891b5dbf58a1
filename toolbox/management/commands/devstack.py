"""``manage.py devstack``: the whole system on one machine."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from toolbox.devstack.layout import DevstackError
from toolbox.devstack.stack import Stack


class Command(BaseCommand):
    help = "Start the embedded stack: servers, web, workers and scheduler. Ctrl-C stops it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--bind", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, default=8000, help="first port to try")

    def handle(self, *args: Any, **options: Any) -> None:
        stack = Stack(
            Path(settings.BASE_DIR),
            Path(settings.VAR_DIR),
            options["bind"],
            options["port"],
            sys.stdout,
        )
        try:
            status = stack.run()
        except DevstackError as error:
            raise CommandError(str(error)) from None
        if status:
            raise SystemExit(status)
