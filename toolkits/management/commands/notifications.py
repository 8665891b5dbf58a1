"""``manage.py notifications``: who is told of how jobs end."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from toolbox.secrets import SecretsError
from toolkits.cli.finding import find
from toolkits.cli.users import acting_user
from toolkits.errors import InputError, NotUsable
from toolkits.models import Job, NotificationChannel, NotificationRule, Schedule
from toolkits.notify import rules


class Command(BaseCommand):
    help = "Make, list, try and remove rules by which people are told of how jobs end."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="tell a webhook or mail addresses")
        add.add_argument("name")
        to = add.add_mutually_exclusive_group(required=True)
        to.add_argument("--webhook", metavar="URL")
        to.add_argument("--mail", nargs="+", metavar="ADDRESS")
        add.add_argument("--toolkit", metavar="SLUG", help="only jobs of this toolkit")
        add.add_argument("--operation", default="", help="only jobs of this operation")
        add.add_argument("--schedule", metavar="ID", help="only jobs of this schedule")
        add.add_argument("--on", nargs="+", metavar="OUTCOME", help=", ".join(rules.OUTCOMES))
        add.add_argument("--sign", action="store_true", help="read a signing key from stdin")
        actions.add_parser("list", help="list the rules")
        remove = actions.add_parser("remove", help="remove a rule by its name")
        remove.add_argument("name")
        test = actions.add_parser("test", help="tell of an earlier job now")
        test.add_argument("name")
        test.add_argument("job", metavar="JOB-ID")
        for sub in (add, remove, test):
            sub.add_argument("--user", help="act as this user (default: the first administrator)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "list":
            self._list()
            return
        user = acting_user(options["user"])
        if user is None:
            raise CommandError("There is no administrator yet. Run manage.py bootstrap_admin.")
        try:
            self.stdout.write(_ACTS[options["action"]](user, options))
        except (InputError, NotUsable, SecretsError) as error:
            raise CommandError(str(error)) from None

    def _list(self) -> None:
        for rule in NotificationRule.objects.select_related("toolkit").order_by("name"):
            slug = rule.toolkit.slug if rule.toolkit else "all toolkits"
            about = ".".join(filter(None, [slug, rule.operation]))
            ends = ", ".join(rule.outcomes)
            self.stdout.write(f"{rule.name}: {rule.get_channel_display()}, {about}, {ends}")


def _add(user: Any, options: dict[str, Any]) -> str:
    values: dict[str, Any] = {
        "name": options["name"],
        "toolkit": find(options["toolkit"]) if options["toolkit"] else None,
        "operation": options["operation"],
        "schedule": _schedule(options["schedule"]) if options["schedule"] else None,
    }
    if options["on"]:
        values["outcomes"] = options["on"]
    if options["webhook"]:
        values |= {"channel": NotificationChannel.WEBHOOK, "url": options["webhook"]}
    else:
        values |= {"channel": NotificationChannel.EMAIL, "recipients": options["mail"]}
    key = sys.stdin.readline().strip() if options["sign"] else ""
    rule = rules.create(user, signing_key=key, **values)
    return f"{rule.name} tells of: {', '.join(rule.outcomes)}"


def _remove(user: Any, options: dict[str, Any]) -> str:
    rules.delete(_rule(options["name"]), user)
    return f"{options['name']} is removed"


def _test(user: Any, options: dict[str, Any]) -> str:
    try:
        job = Job.objects.get(pk=options["job"])
    except (Job.DoesNotExist, ValidationError, ValueError) as error:
        raise CommandError(f"There is no job {options['job']}.") from error
    delivery = rules.tell(_rule(options["name"]), job, user)
    return f"message {delivery.pk} is on its way; the admin shows whether it arrived"


def _rule(name: str) -> NotificationRule:
    found = list(NotificationRule.objects.filter(name=name)[:2])
    if len(found) != 1:
        raise CommandError(f"There is {'no' if not found else 'more than one'} rule {name!r}.")
    return found[0]


def _schedule(text: str) -> Schedule:
    try:
        return Schedule.objects.get(pk=text)
    except (Schedule.DoesNotExist, ValidationError, ValueError) as error:
        raise CommandError(f"There is no schedule {text}.") from error


_ACTS = {"add": _add, "remove": _remove, "test": _test}
