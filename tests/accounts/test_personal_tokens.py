"""Personal tokens: shown once, hashed, narrowed, ended."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import personal_tokens, users
from accounts.models import PersonalToken, User, UserKind
from accounts.personal_tokens import TokenSpec
from accounts.problems import NotAllowed
from accounts.roles import SYSTEM_ADMIN, TOOLKIT_USER
from audit.models import Event
from tests.support.factories import PASSWORD, make_row, make_token, make_user
from toolkits.models import Schedule

pytestmark = pytest.mark.django_db

ME, TOKENS = "/api/v1/auth/me/", "/api/v1/auth/tokens/"


def api(text: str, **defaults: Any) -> Client:
    return Client(headers={"Authorization": f"Bearer {text}"}, **defaults)


@pytest.fixture
def page(user: User) -> Client:
    client = Client()
    client.post("/account/login/", {"username": "uma", "password": PASSWORD})
    return client


def test_a_token_is_made_shown_once_and_kept_as_a_digest(page: Client) -> None:
    response = page.post(
        "/account/tokens/new/",
        {"name": "deploy", "scopes": ["read", "run"], "days": 30, "toolkits": "net, disk"},
    )
    (text,) = re.findall(r"srt_[\w-]{43}", response.content.decode())
    token = PersonalToken.objects.get()
    assert token.toolkits == ["disk", "net"]
    assert text not in str(PersonalToken.objects.values().get())
    assert text not in page.get("/account/").content.decode()
    assert api(text).get(ME).json()["username"] == "uma"
    event = Event.objects.get(name="token.created")
    assert text not in str(event.details)


def test_a_token_is_made_and_revoked_by_api(user: User) -> None:
    from tests.accounts.test_api_tokens import sign_in

    client = api(sign_in(Client()))
    body = {
        "name": "ci",
        "scopes": ["read"],
        "expires_at": (timezone.now() + timedelta(days=1)).isoformat(),
    }
    made = client.post(TOKENS, body, content_type="application/json")
    assert made.status_code == 201
    assert [row["name"] for row in client.get(TOKENS).json()] == ["ci"]
    assert "token" not in client.get(TOKENS).json()[0]
    text = made.json()["token"]
    assert api(text).get(ME).status_code == 200
    assert client.delete(f"{TOKENS}{made.json()['id']}/").status_code == 204
    assert api(text).get(ME).status_code == 401


def test_a_token_cannot_make_or_end_tokens_or_sessions(user: User) -> None:
    _, text = make_token(user)
    assert api(text).get(TOKENS).status_code == 403
    assert api(text).post(TOKENS, {}, content_type="application/json").status_code == 403
    assert api(text).delete("/api/v1/auth/sessions/").status_code == 403
    assert api(text).post("/api/v1/auth/logout/").status_code == 403


def test_a_read_token_changes_nothing(user: User) -> None:
    _, text = make_token(user, scopes=["read"])
    assert api(text).get(ME).status_code == 200
    assert api(text).post("/api/v1/auth/me/").status_code == 403
    permissions = api(text).get(ME).json()["permissions"]
    assert "toolkits.view_toolkit" in permissions
    assert "toolkits.use_toolkit" not in permissions


def test_an_expired_token_is_refused(user: User) -> None:
    token, text = make_token(user)
    PersonalToken.objects.filter(pk=token.pk).update(expires_at=timezone.now())
    assert api(text).get(ME).status_code == 401


def test_a_token_is_good_from_its_addresses_alone(user: User) -> None:
    _, text = make_token(user, addresses=["192.0.2.0/24", "2001:db8::7"])
    assert api(text, REMOTE_ADDR="192.0.2.9").get(ME).status_code == 200
    assert api(text, REMOTE_ADDR="2001:db8::7").get(ME).status_code == 200
    assert api(text, REMOTE_ADDR="198.51.100.1").get(ME).status_code == 401
    assert Event.objects.filter(name="token.refused").count() == 1


def test_last_use_is_noted(user: User) -> None:
    token, text = make_token(user)
    api(text, REMOTE_ADDR="192.0.2.9").get(ME)
    token.refresh_from_db()
    assert token.last_used_address == "192.0.2.9"


def test_a_disabled_owners_tokens_end(user: User) -> None:
    _, text = make_token(user)
    users.set_active(users.SYSTEM, user, False)
    assert api(text).get(ME).status_code == 401
    users.set_active(users.SYSTEM, user, True)
    assert api(text).get(ME).status_code == 401, "for good"


def test_nobody_revokes_the_token_of_somebody_else(page: Client) -> None:
    token, text = make_token(make_user("eve"))
    assert page.post(f"/account/tokens/{token.pk}/revoke/").status_code == 404
    assert api(text).get(ME).status_code == 200


def test_nobody_makes_a_token_for_another_person() -> None:
    admin = make_user("root", roles=[SYSTEM_ADMIN])
    spec = personal_tokens.TokenSpec("x", timezone.now() + timedelta(days=1), ["read"])
    with pytest.raises(NotAllowed):
        personal_tokens.make(admin, make_user(), spec)


def test_an_administrator_makes_tokens_for_a_service_account() -> None:
    admin = make_user("root", roles=[SYSTEM_ADMIN])
    robot = users.create_user(admin, "robot", kind=UserKind.SERVICE)
    spec = personal_tokens.TokenSpec("x", timezone.now() + timedelta(days=1), ["read"])
    _, text = personal_tokens.make(admin, robot, spec)
    assert api(text).get(ME).json()["username"] == "robot"
    with pytest.raises(NotAllowed):
        personal_tokens.make(make_user(), robot, spec)


def test_a_service_account_makes_schedules_by_its_token() -> None:
    make_row("sample")
    admin = make_user("root", roles=[SYSTEM_ADMIN])
    robot = users.create_user(admin, "robot", kind=UserKind.SERVICE, roles=[TOOLKIT_USER])
    days = timezone.now() + timedelta(days=1)
    _, text = personal_tokens.make(admin, robot, TokenSpec("cron", days, ["manage", "read", "run"]))
    body = {"name": "nightly", "toolkit": "sample", "operation": "hello", "owner": TOOLKIT_USER,
            "kind": "cron", "cron": "0 3 * * *"}  # fmt: skip
    made = api(text).post("/api/v1/schedules/", body, content_type="application/json")
    assert made.status_code == 201, made.content
    assert Schedule.objects.get().created_by == robot
    event = Event.objects.get(name="schedule.created")
    assert (event.actor_type, event.behalf_type) == ("token", "service_account")
    assert not robot.has_usable_password()


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"days": -1}, "expires_at"),
        ({"days": 400}, "expires_at"),
        ({"toolkits": ["../etc"]}, "toolkits"),
        ({"addresses": ["10.0.0.0/33"]}, "addresses"),
        ({"name": "  "}, "name"),
    ],
)
def test_a_token_that_makes_no_sense_is_not_made(
    user: User, change: dict[str, Any], place: str
) -> None:
    days = change.pop("days", 1)
    expires = timezone.now() + timedelta(days=days)
    fields = {"name": "x", "scopes": ["read"], "expires_at": expires, **change}
    with pytest.raises(personal_tokens.TokenInvalid) as caught:
        personal_tokens.make(user, user, personal_tokens.TokenSpec(**fields))
    assert caught.value.place == place


def test_what_a_token_does_is_told_apart_from_its_owner(user: User) -> None:
    from toolbox import context
    from toolbox.events import Actor, ActorKind, emit

    token, _ = make_token(user)
    with context.working(credential=Actor(ActorKind.TOKEN, str(token.pk), str(token))):
        emit("user.changed", actor=user, target=user)
    event = Event.objects.get(name="user.changed")
    assert (event.actor_type, event.behalf_label) == ("token", "uma")
