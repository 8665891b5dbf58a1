"""What an event holds, and how it is made harmless."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client, override_settings

from accounts.models import User
from audit import clean
from audit.models import Event
from toolbox import context
from toolbox.events import Actor, ActorKind, emit

pytestmark = pytest.mark.django_db


def last() -> Event:
    return Event.objects.latest("id")


def test_an_unknown_name_is_refused_and_nothing_is_written() -> None:
    with pytest.raises(LookupError, match="audit/catalogue"):
        emit("no.such_event")
    assert not Event.objects.exists()


def test_an_event_says_who_did_what_to_what_and_from_where(user: User) -> None:
    with context.working(address="192.0.2.7", user_agent="curl/8", request_id="req-12345678"):
        emit("user.changed", actor=user, target=user, changes={"fields": ["email"]}, via="api")
    event = last()
    assert (event.actor_type, event.actor_id, event.actor_label) == ("user", str(user.pk), "uma")
    assert (event.target_type, event.target_id) == ("accounts.user", str(user.pk))
    assert (event.address, event.user_agent, event.request_id) == (
        "192.0.2.7", "curl/8", "req-12345678",
    )  # fmt: skip
    assert event.severity == "notice"
    assert event.changes == {"fields": ["email"]}
    assert event.details == {"via": "api"}


def test_a_token_acts_on_behalf_of_its_user(user: User) -> None:
    with context.working(credential=Actor(ActorKind.TOKEN, "tok1", "deploy")):
        emit("user.changed", actor=user, target=user)
    event = last()
    assert (event.actor_type, event.actor_id, event.actor_label) == ("token", "tok1", "deploy")
    assert (event.behalf_type, event.behalf_id, event.behalf_label) == ("user", str(user.pk), "uma")


def test_a_schedule_acts_on_behalf_of_its_owner(user: User) -> None:
    emit("job.requested", actor=Actor(ActorKind.SCHEDULE, "7", "nightly", behalf=user))
    event = last()
    assert (event.actor_type, event.actor_label, event.behalf_label) == (
        "schedule", "nightly", "uma",
    )  # fmt: skip


def test_without_an_actor_the_system_acts() -> None:
    emit("job.ended", state="lost")
    assert last().actor_type == "system"


HOSTILE = "eve\n2026-01-01 INFO root: all is well\r\x1b[31m\u2028\u202e\x00\x85"


def test_names_agents_and_headers_cannot_break_a_line() -> None:
    with context.working(address=HOSTILE, user_agent=HOSTILE, request_id=HOSTILE):
        emit("auth.sign_in_failed", target=HOSTILE, username=HOSTILE)
    event = last()
    for text in (event.target_label, event.user_agent, event.address, event.request_id):
        assert text.isprintable(), text
        assert len(text.splitlines()) == 1
    assert "\\x0a" in event.target_label
    assert len(json.dumps(event.details).splitlines()) == 1


def test_values_survive_every_database_as_they_are() -> None:
    emit(
        "job.ended",
        state="x\0y",
        reason={"half": "\ud800", "float": 1.5, "large": 2**70, "deep": [[[[[[[[1]]]]]]]]},
    )
    event = last()
    assert event.details["state"] == "x\\x00y"
    assert event.details["reason"]["half"] == "?"
    assert event.details["reason"]["float"] == "1.5"
    assert event.details["reason"]["large"] == str(2**70)


@pytest.mark.parametrize(
    "key", ["password", "new_password", "client_secret", "Authorization", "api_key", "private_key"]
)
def test_a_secret_that_a_caller_passes_by_mistake_is_not_kept(key: str) -> None:
    emit("user.changed", changes={"nested": {key: "hunter2"}})
    assert last().changes == {"nested": {key: clean.REDACTED}}


def test_paths_versions_and_ids_of_secrets_are_kept() -> None:
    emit("secret.read", path="toolkits/x", version=3, toolkit="x")
    assert last().details == {"path": "toolkits/x", "version": 3, "toolkit": "x"}


def test_what_is_too_long_is_cut() -> None:
    emit("job.ended", reason="x" * 10_000, state=list(range(1000)))
    event = last()
    assert len(event.details["reason"]) == 2000
    assert len(event.details["state"]) == 200


@override_settings(AUDIT_KEY="")
def test_without_signing_material_no_act_is_done() -> None:
    from django.core.exceptions import ImproperlyConfigured

    with pytest.raises(ImproperlyConfigured, match="AUTH_JWT_SECRET"):
        emit("job.ended", state="lost")


def test_an_act_whose_event_cannot_be_written_does_not_happen(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.support.factories import make_row
    from toolkits import lifecycle

    toolkit = make_row(enabled=True)

    def refuse(*_: Any, **__: Any) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(Event, "save", refuse)
    with pytest.raises(RuntimeError, match="disk is full"):
        lifecycle.disable(toolkit, user)
    toolkit.refresh_from_db()
    assert toolkit.enabled


def test_a_request_names_its_address_and_agent(client: Client) -> None:
    client.post(
        "/api/v1/auth/login/",
        {"username": "nobody", "password": "wrong"},
        content_type="application/json",
        REMOTE_ADDR="192.0.2.9",
        HTTP_USER_AGENT="evil\tagent",
        HTTP_X_FORWARDED_FOR="203.0.113.1",
    )
    event = Event.objects.get(name="auth.sign_in_failed")
    assert event.address == "192.0.2.9"
    assert event.user_agent == "evil\\x09agent"
    assert event.outcome == "failure"
