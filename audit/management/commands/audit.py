"""``manage.py audit``: verify, export and prune the audit trail."""

from __future__ import annotations

import argparse
import json
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from audit import catalogue_page, chain, export, forward, keys, retention, verification
from audit.filters import Filters
from audit.models import Event
from audit.verify import Report
from toolbox.events import Actor, ActorKind, emit
from toolbox.problems import Problem


class Command(BaseCommand):
    help = "Verify, export and prune the audit trail."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        verify = actions.add_parser("verify", help="check that nobody changed the trail")
        verify.add_argument(
            "--checkpoints", type=Path, metavar="FILE", help="compare with checkpoints sent out"
        )
        verify.add_argument("--no-seal", action="store_true", help="leave new events unsealed")
        verify.add_argument("--json", action="store_true", help="print the report as JSON")
        _add_export(actions.add_parser("export", help="write events as CSV or JSON lines"))
        prune = actions.add_parser("prune", help="delete events past their retention")
        prune.add_argument("--days", type=int, help="instead of the retention that is set")
        prune.add_argument("--force", action="store_true", help="delete what does not verify too")
        actions.add_parser("seal", help="seal what is waiting, and forward it")
        actions.add_parser("key", help="print the public key that checkpoints are signed with")
        catalogue = actions.add_parser("catalogue", help="print the page of all events")
        catalogue.add_argument("--write", action="store_true", help="write it to docs/")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(options)
        except Problem as problem:
            raise CommandError(str(problem)) from None

    def _verify(self, options: dict[str, Any]) -> None:
        outside = _checkpoints(options["checkpoints"]) if options["checkpoints"] else []
        if not options["no_seal"]:
            chain.seal_pending()
        report = verification.run(outside=outside)
        if not options["no_seal"]:
            chain.seal_pending()
        if options["json"]:
            self.stdout.write(json.dumps(_report_data(report), indent=2))
        else:
            self._print(report)
        if not report.whole:
            raise SystemExit(1)

    def _print(self, report: Report) -> None:
        for finding in report.findings:
            self.stdout.write(str(finding))
        if report.count > len(report.findings):
            self.stdout.write(f"… and {report.count - len(report.findings)} more")
        waiting = chain.status()
        if waiting.unsealed:
            age = waiting.oldest_unsealed_seconds
            self.stdout.write(f"{waiting.unsealed} events wait to be sealed, up to {age:.0f} s")
        result = "whole" if report.whole else f"NOT whole: {report.count} problems"
        self.stdout.write(
            f"{report.rows} events, {report.first} to {report.through}: the trail is {result}"
        )

    def _export(self, options: dict[str, Any]) -> None:
        filters = Filters.read({name: value or "" for name, value in options.items()})
        if errors := filters.errors():
            raise CommandError("; ".join(f"--{name}: {text}" for name, text in errors.items()))
        chain.seal_pending()
        events = filters.apply(Event.objects.all())
        with transaction.atomic():
            emit(
                "audit.exported",
                actor=_operator(),
                filters=filters.used(),
                format=options["format"],
            )
        if options["output"]:
            descriptor = os.open(options["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "w", encoding="utf-8", newline="") as target:
                target.writelines(export.stream(events, options["format"]))
        else:
            self.stdout.ending = ""
            for text in export.stream(events, options["format"]):
                self.stdout.write(text)

    def _prune(self, options: dict[str, Any]) -> None:
        chain.seal_pending()
        days = options["days"]
        before = timezone.now() - timedelta(days=days) if days is not None else None
        done = retention.prune(before=before, actor=_operator(), force=options["force"])
        self.stdout.write(
            f"{done.deleted} events were deleted, {done.kept} are kept by legal holds"
        )

    def _seal(self, options: dict[str, Any]) -> None:
        self.stdout.write(f"{chain.seal_pending()} events were sealed")
        self.stdout.write(f"{forward.forward_due()} lines were forwarded")

    def _key(self, options: dict[str, Any]) -> None:
        own = keys.current()
        self.stdout.write(f"{own.id} {own.public_key}")

    def _catalogue(self, options: dict[str, Any]) -> None:
        if options["write"]:
            catalogue_page.path().write_text(catalogue_page.render(), encoding="utf-8")
        else:
            self.stdout.write(catalogue_page.render())


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=sorted(export.FORMATS), default="jsonl")
    parser.add_argument("--output", metavar="FILE", help="instead of standard output")
    for name in ("since", "until", "actor", "event", "severity", "target", "address", "job", "q"):
        parser.add_argument(f"--{name}", help=argparse.SUPPRESS if name == "q" else None)


def _checkpoints(path: Path) -> list[dict[str, Any]]:
    """Read checkpoints that were sent out: JSON lines, also where syslog put words before."""
    found = []
    try:
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            start = line.find('{"')
            entry = json.loads(line[start:]) if start >= 0 else None
            if isinstance(entry, dict) and "signature" in entry and "sequence" in entry:
                found.append(entry)
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} cannot be read as checkpoints: {error}") from None
    if not found:
        raise CommandError(f"There are no checkpoints in {path}.")
    return found


def _report_data(report: Report) -> dict[str, Any]:
    return {
        "whole": report.whole,
        "events": report.rows,
        "first": report.first,
        "through": report.through,
        "problems": report.count,
        "findings": [finding.as_dict() for finding in report.findings],
    }


def _operator() -> Actor:
    """Who sits at the command line, as far as the system knows."""
    return Actor(ActorKind.SYSTEM, label=f"manage.py {sys.argv[1] if sys.argv[1:] else ''}".strip())
