"""Runs an operation: log on standard error, result as JSON on standard output."""

from __future__ import annotations

import json
import signal
import time
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from toolkits import file_inputs
from toolkits import inputs as input_rules
from toolkits.cli import dev
from toolkits.cli.finding import find
from toolkits.cli.users import acting_user
from toolkits.errors import NotUsable
from toolkits.jobs import logs
from toolkits.jobs.cancel import request_cancel
from toolkits.jobs.dispatch import submit
from toolkits.jobs.states import JobState
from toolkits.jobs.waiting import wait_finished
from toolkits.models import Job, Toolkit
from toolkits.schemas import marked

_POLL_SECONDS = 0.5
_UNCLAIMED_HINT_SECONDS = 10.0


def add_arguments(actions: Any) -> None:
    """Declare the subcommand."""
    parser = actions.add_parser("run", help="run an operation to its end")
    parser.add_argument("target", nargs="+", metavar="SLUG OPERATION")
    parser.add_argument("--input", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--inputs", metavar="JSON", help="all inputs as one JSON object, or @file")
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--timeout", type=int, metavar="SECONDS")
    parser.add_argument("--user", help="act as this user (default: the first administrator)")
    parser.add_argument(
        "--dev", type=Path, metavar="PATH", help="run OPERATION of a working folder, not installed"
    )
    parser.add_argument("--watch", action="store_true", help="with --dev: again at each change")
    parser.add_argument("--card", action="store_true", help="with --dev: OPERATION is a card")
    parser.add_argument("--setting", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--secret", action="append", default=[], metavar="PATH:KEY=VALUE")


def run(options: dict[str, Any], out: Any, err: Any) -> int:
    """Run to the end and return the exit status: 0 only if the job succeeded."""
    if options["dev"]:
        return dev.run(options)
    if len(options["target"]) != 2:
        raise CommandError("Name the toolkit and the operation: toolkit run SLUG OPERATION.")
    options["slug"], options["operation"] = options["target"]
    toolkit = find(options["slug"])
    user = acting_user(options.get("user"))
    if user is None:
        raise CommandError("There is no administrator yet. Run manage.py bootstrap_admin.")
    job = submit(
        toolkit=toolkit,
        operation=options["operation"],
        inputs=_inputs(toolkit, options),
        user=user,
        via="cli",
        dry_run=options["dry_run"],
        timeout=options["timeout"],
    )
    err.write(f"job {job.pk} is queued")
    try:
        _follow(job, err)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        _cancel(job, user, err)
        _follow(job, err)
    job.refresh_from_db()
    if job.state == JobState.SUCCEEDED:
        out.write(json.dumps(job.result, indent=2, ensure_ascii=False))
        return 0
    err.write(f"{job.get_state_display().lower()}: {job.reason}")
    return 1


def _inputs(toolkit: Toolkit, options: dict[str, Any]) -> dict[str, Any]:
    described = toolkit.operation(options["operation"])
    schema = described["inputs"] if described else {}
    whole: dict[str, Any] = {}
    if text := options.get("inputs"):
        text = Path(text[1:]).read_text() if text.startswith("@") else text
        try:
            whole = json.loads(text)
        except ValueError as error:
            raise CommandError(f"--inputs is not JSON: {error}") from None
        if not isinstance(whole, dict):
            raise CommandError("--inputs must be a JSON object.")
    pairs: dict[str, list[str]] = defaultdict(list)
    for pair in options["input"]:
        key, equals, value = pair.partition("=")
        if not equals:
            raise CommandError(f"--input {pair!r} is not of the form KEY=VALUE.")
        pairs[key].append(value)
    files = _files(schema, pairs)
    return {**whole, **input_rules.coerce(schema, pairs), **files}


def _files(schema: dict[str, Any], pairs: dict[str, list[str]]) -> dict[str, Any]:
    """Take the inputs that are files, given as ``name=@path``, out of ``pairs``."""
    found = {}
    for name, _ in marked(schema, "x-file"):
        text = pairs[name][-1] if pairs.get(name) else ""
        if not text.startswith("@"):
            continue
        del pairs[name]
        path = Path(text[1:])
        try:
            found[name] = file_inputs.as_input(path.name, path.read_bytes())
        except OSError as error:
            raise CommandError(f"{name}: {path} cannot be read: {error.strerror}") from None
    return found


def _follow(job: Job, err: Any) -> None:
    after, started, warned = 0, time.monotonic(), False
    while True:
        ended = wait_finished(job.pk, _POLL_SECONDS)
        page = logs.read(job, after)
        for line in page.lines:
            moment = datetime.fromtimestamp(line.time).strftime("%H:%M:%S")
            err.write(f"{moment} {line.level:<7} {line.text}")
        after = page.next_after
        if ended and page.done:
            return
        if not warned and time.monotonic() - started > _UNCLAIMED_HINT_SECONDS:
            warned = True
            if Job.objects.filter(pk=job.pk, state=JobState.QUEUED).exists():
                err.write(f"no worker has taken it yet (queue {job.queue})")


def _cancel(job: Job, user: Any, err: Any) -> None:
    err.write("cancelling")
    try:
        request_cancel(job, user)
    except NotUsable as error:
        err.write(str(error))
