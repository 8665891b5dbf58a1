"""``manage.py evidence``: make an evidence pack of jobs and a time range."""

from __future__ import annotations

import argparse
import os
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from audit.filters import moment
from toolbox.events import Actor, ActorKind
from toolbox.problems import Problem
from toolkits import evidence


class Command(BaseCommand):
    help = "Make a zip for an auditor that verifies offline: jobs and the audit trail about them."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--job", type=UUID, action="append", default=[], metavar="ID")
        parser.add_argument("--since", help="from this date or time on")
        parser.add_argument("--until", help="before this time; a date counts whole")
        parser.add_argument("--toolkit", default="", help="only jobs of this toolkit")
        parser.add_argument("--output", required=True, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        times = {}
        for name in ("since", "until"):
            if text := options[name]:
                times[name] = moment(text, end=name == "until")
                if times[name] is None:
                    raise CommandError(f"--{name} {text!r} is no date or time.")
        try:
            selection = evidence.select(
                None, job_ids=options["job"], toolkit=options["toolkit"], **times
            )
        except Problem as problem:
            raise CommandError(str(problem)) from None
        actor = Actor(ActorKind.SYSTEM, label="manage.py evidence")
        descriptor = os.open(options["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as target:
            target.writelines(evidence.stream(selection, actor))
        self.stdout.write(
            f"{options['output']}: {len(selection.jobs)} jobs, {len(selection.events)} events"
        )
