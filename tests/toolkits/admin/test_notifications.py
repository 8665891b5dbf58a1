"""Rules of notifications, made and changed in the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit.models import Event
from tests.support.factories import make_row
from toolbox import secrets
from toolkits.models import NotificationRule

HOOK = "https://chat.example.com/hooks/T0K3N"
FORM = {
    "name": "Chat", "enabled": "on", "toolkit": "", "operation": "", "schedule": "",
    "outcomes": ["failed", "lost"], "channel": "webhook", "url": HOOK, "recipients": "",
    "signing_key": "",
}  # fmt: skip


@pytest.fixture
def signed_in(client: Client, curator: User) -> Client:
    client.force_login(curator)
    return client


def add(client: Client, **changes: Any) -> Any:
    return client.post(reverse("admin:toolkits_notificationrule_add"), {**FORM, **changes})


def change(client: Client, rule: NotificationRule, **changes: Any) -> Any:
    url = reverse("admin:toolkits_notificationrule_change", args=[rule.pk])
    return client.post(url, {**FORM, "url": "", **changes})


def test_a_rule_is_made_and_its_making_is_on_record(signed_in: Client, curator: User) -> None:
    toolkit = make_row("disk")

    assert add(signed_in, toolkit=toolkit.pk, operation="hello").status_code == 302

    rule = NotificationRule.objects.get()
    assert (rule.toolkit, rule.operation, rule.url) == (toolkit, "hello", HOOK)
    assert (rule.outcomes, rule.created_by) == (["failed", "lost"], curator)
    assert Event.objects.get(name="notification.created").target_id == str(rule.pk)


def test_a_change_keeps_the_address_that_is_not_shown(signed_in: Client) -> None:
    add(signed_in)
    rule = NotificationRule.objects.get()
    url = reverse("admin:toolkits_notificationrule_change", args=[rule.pk])
    page = signed_in.get(url).content.decode()
    assert "chat.example.com" in page
    assert "T0K3N" not in page

    assert change(signed_in, rule, name="Renamed", outcomes=["notice"]).status_code == 302

    rule.refresh_from_db()
    assert (rule.name, rule.url, rule.outcomes) == ("Renamed", HOOK, ["notice"])
    assert Event.objects.filter(name="notification.changed").count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"outcomes": []}, "outcomes"),
        ({"outcomes": ["queued"]}, "outcomes"),
        ({"url": ""}, "url"),
        ({"url": "ftp://x"}, "url"),
        ({"signing_key": "short"}, "signing_key"),
        ({"channel": "email", "recipients": "nobody"}, "channel"),
        ({"channel": "pigeon"}, "channel"),
    ],
)
def test_what_is_wrong_stands_at_its_field(signed_in: Client, changes: Any, field: str) -> None:
    answer = add(signed_in, **changes)

    assert answer.status_code == 200
    assert field in answer.context["adminform"].form.errors
    assert not NotificationRule.objects.exists()


def test_mail_addresses_stand_one_in_each_line(signed_in: Client, settings: Any) -> None:
    settings.EMAIL_URL = "smtp://127.0.0.1:1"

    add(signed_in, channel="email", recipients="a@example.com\nb@example.com\n")

    rule = NotificationRule.objects.get()
    assert (rule.recipients, rule.url) == (["a@example.com", "b@example.com"], "")


def test_a_rule_is_removed_with_its_event(signed_in: Client) -> None:
    add(signed_in)
    rule = NotificationRule.objects.get()

    signed_in.post(
        reverse("admin:toolkits_notificationrule_delete", args=[rule.pk]), {"post": "yes"}
    )

    assert not NotificationRule.objects.exists()
    assert Event.objects.filter(name="notification.removed").exists()


@pytest.mark.servers
@pytest.mark.usefixtures("openbao")
def test_the_key_goes_to_vault_and_is_removed_when_asked(signed_in: Client) -> None:
    key = "a key of more than sixteen"
    add(signed_in, signing_key=key)
    rule = NotificationRule.objects.get()
    assert rule.has_signing_key
    assert secrets.client().get(rule.vault_path).fields == {"signing_key": key}

    change(signed_in, rule)
    rule.refresh_from_db()
    assert rule.has_signing_key

    change(signed_in, rule, drop_key="on")
    rule.refresh_from_db()
    assert not rule.has_signing_key
    with pytest.raises(secrets.SecretsError):
        secrets.client().get(rule.vault_path)
