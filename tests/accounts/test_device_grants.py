"""Devices that are let in by a code, confirmed in the console."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import device_grants, users
from accounts.housekeeping import prune
from accounts.models import DeviceGrant, DeviceState, User, UserSession
from audit.models import Event
from tests.support.api import Api, problem
from tests.support.factories import PASSWORD

pytestmark = pytest.mark.django_db

PAGE = "/account/device/"


def ask(client: str = "a terminal") -> dict[str, Any]:
    response = Api().post("auth/device/", {"client": client})
    assert response.status_code == 200
    return response.json()


def poll(asked: dict[str, Any]) -> Any:
    DeviceGrant.objects.update(polled_at=None)
    return Api().post("auth/device/token/", {"device_code": asked["device_code"]})


def word(response: Any) -> str:
    return problem(response, 400)["errors"][0]["message"]


@pytest.fixture
def console(user: User) -> Client:
    client = Client()
    assert client.post("/account/login/", {"username": "uma", "password": PASSWORD}).url == "/"
    return client


def decide(console: Client, code: str, decision: str = "approve") -> Any:
    return console.post(PAGE, {"code": code, "decision": decision})


def test_a_device_is_let_in_once_somebody_confirms_its_code(console: Client, user: User) -> None:
    asked = ask()
    assert word(poll(asked)) == "authorization_pending"
    assert decide(console, asked["user_code"]).url == "/account/"

    answer = poll(asked)

    assert answer.status_code == 200
    assert answer.json()["user"]["username"] == "uma"
    assert answer.cookies["refresh_token"]["httponly"]
    bearer = {"Authorization": f"Bearer {answer.json()['access']}"}
    assert Client().get("/api/v1/auth/me/", headers=bearer).status_code == 200
    session = UserSession.objects.get(kind="api")
    assert (session.user, session.methods) == (user, ["password", "device"])
    names = ["auth.device_asked", "auth.device_approved", "auth.token_issued"]
    assert [Event.objects.filter(name=name).count() for name in names] == [1, 1, 1]


def test_a_code_lets_one_device_in_and_only_once(console: Client) -> None:
    asked = ask()
    decide(console, asked["user_code"])
    assert poll(asked).status_code == 200
    assert word(poll(asked)) == "expired_token"
    assert decide(console, asked["user_code"]).status_code == 404


def test_a_device_that_is_turned_away_is_told_so(console: Client) -> None:
    asked = ask()
    decide(console, asked["user_code"], "refuse")
    assert word(poll(asked)) == "access_denied"
    assert not UserSession.objects.filter(kind="api").exists()
    assert Event.objects.get(name="auth.device_refused").details["client"] == "a terminal"


def test_a_code_runs_out(console: Client) -> None:
    asked = ask()
    past = timezone.now() - timedelta(days=2)
    DeviceGrant.objects.update(expires_at=past)
    assert decide(console, asked["user_code"]).status_code == 404
    assert word(poll(asked)) == "expired_token"
    prune()
    assert not DeviceGrant.objects.exists()


def test_an_invented_code_is_worth_nothing(console: Client) -> None:
    assert word(poll({"device_code": "x" * 43})) == "expired_token"
    assert decide(console, "BCDF-GHJK").status_code == 404


def test_a_device_that_asks_too_often_is_slowed_down() -> None:
    asked = ask()
    poll(asked)
    response = Api().post("auth/device/token/", {"device_code": asked["device_code"]})
    assert word(response) == "slow_down"
    assert response["Retry-After"] == "5"


def test_a_link_with_the_code_shows_who_asks_and_decides_nothing(console: Client) -> None:
    asked = ask("<b>evil</b>")
    shown = console.get(asked["verification_uri_complete"].partition("8000")[2])
    assert shown.status_code == 200
    assert asked["user_code"] in shown.content.decode()
    assert "<b>evil" not in shown.content.decode()
    assert DeviceGrant.objects.get().state == DeviceState.PENDING


def test_a_code_may_be_typed_in_any_case_and_without_its_dash(console: Client) -> None:
    asked = ask()
    typed = asked["user_code"].lower().replace("-", " ")
    assert asked["user_code"] in console.post(PAGE, {"code": typed}).content.decode()


def test_a_disabled_user_lets_nobody_in_any_more(console: Client, user: User) -> None:
    asked = ask()
    decide(console, asked["user_code"])
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert word(poll(asked)) == "expired_token"


def test_a_device_let_in_before_the_password_changed_stays_out(
    console: Client, user: User
) -> None:
    asked = ask()
    decide(console, asked["user_code"])
    users.set_password(user, user, "another long passphrase")
    assert word(poll(asked)) == "access_denied"
    assert not UserSession.objects.alive().filter(kind="api").exists()


def test_who_signed_in_long_ago_confirms_first_and_keeps_the_code(console: Client) -> None:
    asked = ask()
    UserSession.objects.update(created_at=timezone.now() - timedelta(hours=1))
    response = console.get(PAGE, {"code": asked["user_code"]})
    assert response.url.startswith("/account/confirm/")
    assert asked["user_code"] in response.url


def test_who_is_not_signed_in_is_sent_to_sign_in() -> None:
    assert Client().get(PAGE).url.startswith("/account/login/")


def test_two_who_decide_at_once_decide_once(console: Client, user: User) -> None:
    row = DeviceGrant.objects.get(user_code=ask()["user_code"])
    session = user.sessions.get()
    device_grants.decide(row, user, session, approve=False)
    with pytest.raises(device_grants.CodeUnknown):
        device_grants.decide(row, user, session, approve=True)


def test_signing_in_by_password_is_counted_by_address(settings: Any, clear_cache: None) -> None:
    settings.API_REQUESTS_PER_MINUTE = {**settings.API_REQUESTS_PER_MINUTE, "sign_in": 2}
    given = {"username": "nobody", "password": "wrong"}
    found = [Api().post("auth/login/", given).status_code for _ in range(3)]
    # The minute may turn between two of them.
    assert 401 in found
    assert 429 in [*found, *(Api().post("auth/login/", given).status_code for _ in range(3))]
