"""The audit trail in the admin: read, and the two things that an administrator decides."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from accounts.models import User
from accounts.roles import SYSTEM_ADMIN
from audit import retention, verification
from audit.admin import glance
from audit.models import Event, LegalHold, RetentionRule
from tests.support import trail
from tests.support.factories import make_user
from toolbox.events import emit

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_user("ada", roles=[SYSTEM_ADMIN]))
    return client


def test_the_list_finds_words_and_shows_what_happened(admin: Client) -> None:
    emit("auth.sign_in_failed", outcome="failure", username="mallory")
    emit("job.ended", state="succeeded")
    page = admin.get("/admin/audit/event/", {"q": "mallory"}).content.decode()
    assert "auth.sign_in_failed" in page
    assert "job.ended" not in page


def test_looking_at_the_list_or_an_event_is_an_event(admin: Client) -> None:
    emit("job.ended", state="succeeded")
    event = Event.objects.get(name="job.ended")
    admin.get("/admin/audit/event/", {"q": "x"})
    admin.get(f"/admin/audit/event/{event.pk}/change/")
    viewed = Event.objects.filter(name="audit.viewed").order_by("id")
    assert [entry.details["via"] for entry in viewed] == ["admin", "admin"]
    assert viewed[1].target_id == str(event.pk)


@pytest.mark.parametrize("kind", ["event", "checkpoint", "signingkey", "verification"])
def test_nothing_can_be_added_changed_or_deleted(admin: Client, kind: str, user: User) -> None:
    key = trail.samples(user)[kind]
    for path in ("add/", f"{key}/change/", f"{key}/delete/"):
        assert admin.post(f"/admin/audit/{kind}/{path}", {"post": "yes"}).status_code == 403


def test_the_retention_is_set_and_changed_by_the_one_rule(admin: Client) -> None:
    assert admin.post("/admin/audit/retentionrule/add/", {"days": "30"}).status_code == 302
    assert retention.days() == 30
    admin.post("/admin/audit/retentionrule/1/change/", {"days": "45"})
    assert RetentionRule.objects.get().days == 45
    changes = [event.changes for event in Event.objects.filter(name="retention.changed")]
    assert {"days": [90, 30]} in changes
    assert {"days": [30, 45]} in changes


@pytest.mark.parametrize("days", ["0", "-1", "x", ""])
def test_a_retention_that_makes_no_sense_is_refused(admin: Client, days: str) -> None:
    assert admin.post("/admin/audit/retentionrule/add/", {"days": days}).status_code == 200
    assert not RetentionRule.objects.exists()


def test_a_hold_is_placed_and_released_and_never_edited(admin: Client) -> None:
    given = {"reason": "Case 17", "event": "auth."}
    assert admin.post("/admin/audit/legalhold/add/", given).status_code == 302
    hold = LegalHold.objects.get()
    assert hold.placed_by is not None
    admin.post(f"/admin/audit/legalhold/{hold.pk}/change/", {"reason": "nothing", "event": "x"})
    hold.refresh_from_db()
    assert (hold.reason, hold.event) == ("Case 17", "auth.")
    admin.post("/admin/audit/legalhold/", {"action": "release", "_selected_action": [hold.pk]})
    hold.refresh_from_db()
    assert hold.released_at is not None
    names = set(Event.objects.values_list("name", flat=True))
    assert {"audit.hold_placed", "audit.hold_released"} <= names


def test_the_first_page_and_the_support_bundle_tell_how_the_trail_stands(admin: Client) -> None:
    trail.grow(3)
    verification.run()
    assert "whole" in admin.get("/admin/").content.decode()
    found = json.loads(json.dumps(glance.part(), default=str))
    assert (found["sealed"], found["last_verification"]["whole"]) == (3, True)
