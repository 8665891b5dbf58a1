"""Schedules and notifications in the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import SYSTEM_ADMIN, TOOLKIT_USER
from tests.support.factories import make_job, make_row, make_user
from toolkits.models import NotificationDelivery, NotificationRule, Schedule, Toolkit


@pytest.fixture
def toolkit(db: None) -> Toolkit:
    return make_row("sample")


@pytest.fixture
def signed_in(client: Client, curator: User) -> Client:
    client.force_login(curator)
    return client


def make_schedule(toolkit: Toolkit, **fields: Any) -> Schedule:
    owner = Group.objects.get(name=TOOLKIT_USER)
    whole = {"name": "Nightly", "operation": "hello", "kind": "cron", "cron": "0 3 * * *", **fields}
    return Schedule.objects.create(toolkit=toolkit, owner=owner, **whole)


def test_the_list_says_what_keeps_a_schedule_from_running(
    signed_in: Client, toolkit: Toolkit
) -> None:
    make_schedule(toolkit, problem="port: is required")
    make_schedule(toolkit, name="Rested", paused_at=timezone.now())
    page = signed_in.get("/admin/toolkits/schedule/").content.decode()
    assert "does not run" in page
    assert "paused" in page
    assert "0 3 * * *" in page


def test_the_page_of_a_schedule_shows_its_inputs_and_changes_nothing(
    signed_in: Client, toolkit: Toolkit
) -> None:
    schedule = make_schedule(toolkit, inputs={"host": "db1"})
    url = reverse("admin:toolkits_schedule_change", args=[schedule.pk])
    assert "db1" in signed_in.get(url).content.decode()
    assert signed_in.post(url, {"name": "other"}).status_code == 403


def test_an_address_of_a_webhook_is_shown_by_its_host_alone(
    signed_in: Client, toolkit: Toolkit
) -> None:
    rule = NotificationRule.objects.create(
        name="Chat", channel="webhook", url="https://chat.example.com/hooks/T0K3N?key=abc"
    )
    for url in (
        "/admin/toolkits/notificationrule/",
        reverse("admin:toolkits_notificationrule_change", args=[rule.pk]),
    ):
        page = signed_in.get(url).content.decode()
        assert "chat.example.com" in page
        assert "T0K3N" not in page
        assert "key=abc" not in page


def test_messages_say_why_they_did_not_get_through(signed_in: Client, toolkit: Toolkit) -> None:
    rule = NotificationRule.objects.create(name="Chat", channel="email", recipients=["a@b.example"])
    NotificationDelivery.objects.create(
        rule=rule, job=make_job(toolkit), state="failed", last_error="Connection refused"
    )
    page = signed_in.get("/admin/toolkits/notificationdelivery/").content.decode()
    assert "Connection refused" in page


def test_rules_are_not_for_system_administrators(client: Client, db: None) -> None:
    client.force_login(make_user("sys", roles=[SYSTEM_ADMIN]))
    assert client.get("/admin/toolkits/notificationrule/").status_code == 403
