"""What people do with notification rules: create, change, delete, try one."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from toolbox import secrets
from toolbox.events import emit
from toolkits.access import can_manage_toolkits
from toolkits.errors import FieldError, InputError, NotUsable
from toolkits.jobs.states import TERMINAL
from toolkits.models import Job, NotificationChannel, NotificationDelivery, NotificationRule
from toolkits.notify import outbox
from toolkits.notify.webhook import KEY_FIELD

#: An outcome of its own: the job gave notices, however it ended.
NOTICE = "notice"
OUTCOMES = (*sorted(state.value for state in TERMINAL), NOTICE)
FIELDS = frozenset(
    {
        "name", "enabled", "toolkit", "operation", "schedule", "outcomes", "channel", "url",
        "recipients",
    }
)  # fmt: skip
SHORTEST_KEY = 16
_MOST_RECIPIENTS = 50


def create(user: Any, *, signing_key: str = "", **values: Any) -> NotificationRule:
    """Make a rule. Raises ``InputError`` or ``NotUsable``."""
    rule = NotificationRule(created_by=user)
    _set(rule, values)
    _allow(user, rule)
    _keep_key(rule, signing_key)
    with transaction.atomic():
        rule.save(force_insert=True)
        emit("notification.created", actor=user, target=rule)
    outbox.forget()
    return rule


def change(
    rule: NotificationRule, user: Any, signing_key: str | None = None, **values: Any
) -> NotificationRule:
    """Change a rule; what is not given stays. An empty ``signing_key`` removes it."""
    _allow(user, rule)
    before = {name: getattr(rule, name) for name in FIELDS}
    _set(rule, values)
    _allow(user, rule)
    if signing_key is not None:
        _keep_key(rule, signing_key)
    changed = sorted(name for name in FIELDS if getattr(rule, name) != before[name])
    with transaction.atomic():
        rule.save()
        emit("notification.changed", actor=user, target=rule, changes={"fields": changed})
    outbox.forget()
    return rule


def delete(rule: NotificationRule, user: Any) -> None:
    """Remove a rule with its key and its messages."""
    _allow(user, rule)
    path = rule.vault_path if rule.has_signing_key else ""
    with transaction.atomic():
        emit("notification.removed", actor=user, target=rule)
        rule.delete()
    outbox.forget()
    if path:
        secrets.client().delete(path)


def tell(rule: NotificationRule, job: Job, user: Any) -> NotificationDelivery:
    """Tell a rule's receiver of ``job`` now, to see whether it arrives."""
    _allow(user, rule)
    values = {"state": "pending", "tries": 0, "next_try_at": timezone.now(), "last_error": ""}
    delivery, _ = NotificationDelivery.objects.update_or_create(rule=rule, job=job, defaults=values)
    outbox.call_workers([delivery])
    return delivery


def _allow(user: Any, rule: NotificationRule) -> None:
    if not can_manage_toolkits(user, rule.toolkit):
        raise NotUsable(gettext("Only who manages a toolkit decides who is told of its jobs."))


def _set(rule: NotificationRule, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if name not in FIELDS:
            raise InputError([FieldError((name,), gettext("cannot be set"))])
        setattr(rule, name, value)
    if rule.schedule is not None:
        rule.toolkit = rule.schedule.toolkit
    if errors := [FieldError((name,), message) for name, message in problems(rule)]:
        raise InputError(errors)


def problems(rule: NotificationRule) -> list[tuple[str, str]]:
    """What is wrong with a rule as it would be written: the field, and what is to be done."""
    found = []
    if not rule.name.strip():
        found.append(("name", gettext("is required")))
    if not rule.outcomes or not set(rule.outcomes) <= set(OUTCOMES):
        known = {"known": ", ".join(OUTCOMES)}
        found.append(("outcomes", gettext("must be some of %(known)s") % known))
    if rule.channel == NotificationChannel.WEBHOOK:
        url = urlsplit(rule.url)
        if url.scheme not in {"http", "https"} or not url.hostname or url.username:
            found.append(("url", gettext("must be an http or https address without a user name")))
    elif rule.channel == NotificationChannel.EMAIL:
        found += _wrong_recipients(rule)
    else:
        channels = {"known": ", ".join(NotificationChannel.values)}
        found.append(("channel", gettext("must be one of %(known)s") % channels))
    return found


def _wrong_recipients(rule: NotificationRule) -> list[tuple[str, str]]:
    if not settings.EMAIL_URL:
        return [("channel", gettext("is not possible: no mail server is set (EMAIL_URL)"))]
    if not 1 <= len(rule.recipients) <= _MOST_RECIPIENTS:
        text = gettext("needs 1 to %(most)d addresses") % {"most": _MOST_RECIPIENTS}
        return [("recipients", text)]
    for address in rule.recipients:
        try:
            validate_email(str(address))
        except ValidationError:
            wrong = {"address": str(address)[:60]}
            return [("recipients", gettext("holds what is no mail address: %(address)r") % wrong)]
    return []


def _keep_key(rule: NotificationRule, key: str) -> None:
    if key:
        if len(key) < SHORTEST_KEY:
            message = gettext("needs at least %(shortest_key)s characters") % {
                "shortest_key": SHORTEST_KEY
            }
            raise InputError([FieldError(("signing_key",), message)])
        secrets.client().write(rule.vault_path, {KEY_FIELD: key})
    elif rule.has_signing_key:
        secrets.client().delete(rule.vault_path)
    rule.has_signing_key = bool(key)
