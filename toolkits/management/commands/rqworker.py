"""``manage.py rqworker``: django-rq's command, after the platform's own checks."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django_rq.management.commands import rqworker

from toolbox import preflight
from toolbox.process import hide_from_proc


class Command(rqworker.Command):
    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)  # type: ignore[no-untyped-call]
        parser.add_argument("--wait", type=float, metavar="SECONDS", help=preflight.WAIT_HELP)

    def handle(self, *args: Any, **options: Any) -> None:
        hide_from_proc()
        preflight.require(options.pop("wait", None))
        super().handle(*args, **options)  # type: ignore[no-untyped-call]
