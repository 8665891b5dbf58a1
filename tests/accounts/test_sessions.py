"""Where one is signed in, and ending it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import sessions, users
from accounts.models import SessionKind, User, UserSession
from audit.models import Event
from tests.support.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def signed_in(name: str = "uma", agent: str = FIREFOX, address: str = "127.0.0.1") -> Client:
    client = Client(headers={"User-Agent": agent}, REMOTE_ADDR=address)
    response = client.post("/account/login/", {"username": name, "password": PASSWORD})
    assert response.status_code == 302
    return client


def is_in(client: Client) -> bool:
    return bool(client.get("/account/").status_code == 200)


def test_the_page_shows_device_address_and_which_one_is_this(user: User) -> None:
    signed_in(agent="curl/8.1", address="192.0.2.7")
    page = signed_in().get("/account/").content.decode()
    assert "Firefox on Linux" in page
    assert "curl" in page
    assert "192.0.2.7" in page
    assert page.count("this one") == 1


def test_an_ended_session_is_out_with_the_next_request(user: User) -> None:
    here, there = signed_in(), signed_in(agent="curl/8.1")
    row = UserSession.objects.get(user_agent="curl/8.1")
    here.post(f"/account/sessions/{row.pk}/end/")
    assert not is_in(there)
    assert is_in(here)
    assert Event.objects.get(name="auth.session_ended").details["sessions"] == 1


def test_all_others_are_ended_at_once_api_sessions_too(user: User) -> None:
    from tests.accounts.test_api_tokens import me, sign_in

    here, there, token = signed_in(), signed_in(), sign_in(Client())
    here.post("/account/sessions/end/")
    assert is_in(here)
    assert not is_in(there)
    assert me(token) == 401


def test_nobody_ends_the_session_of_somebody_else(user: User) -> None:
    make_user("eve")
    signed_in()
    row = UserSession.objects.get()
    assert signed_in("eve").post(f"/account/sessions/{row.pk}/end/").status_code == 404
    row.refresh_from_db()
    assert row.is_alive


def test_signing_out_ends_the_row_and_the_cookie(user: User) -> None:
    client = signed_in()
    key = client.cookies["sessionid"].value
    client.post("/account/logout/")
    thief = Client()
    thief.cookies["sessionid"] = key
    assert not is_in(thief)
    assert not UserSession.objects.alive().exists()


def test_a_changed_password_ends_every_other_session(user: User) -> None:
    here, there = signed_in(), signed_in()
    new = "a new and longer passphrase"
    body = {"present": PASSWORD, "new": new, "again": new}
    assert here.post("/account/password/", body).status_code == 302
    assert is_in(here)
    assert not is_in(there)
    assert Client().login(username="uma", password=new)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"present": "wrong", "new": "a new phrase", "again": "a new phrase"}, "not your present"),
        ({"present": PASSWORD, "new": "a new passphrase", "again": "another one"}, "not the same"),
        ({"present": PASSWORD, "new": "short", "again": "short"}, "too short"),
        ({"present": PASSWORD, "new": "password1234", "again": "password1234"}, "too common"),
    ],
)
def test_a_password_that_does_not_fit_is_named(user: User, body: dict[str, str], said: str) -> None:
    client = signed_in()
    assert said in client.post("/account/password/", body).content.decode()
    assert Client().login(username="uma", password=PASSWORD)


def test_a_disabled_user_is_out_with_the_next_request(user: User) -> None:
    client = signed_in()
    users.set_active(users.SYSTEM, user, False)
    assert not is_in(client)
    users.set_active(users.SYSTEM, user, True)
    assert not is_in(client), "and does not come back with the old cookie"


def test_a_session_runs_out_whatever_its_cookie_says(user: User) -> None:
    client = signed_in()
    UserSession.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert not is_in(client)


def test_a_cookie_without_a_row_is_worth_nothing(user: User) -> None:
    client = signed_in()
    UserSession.objects.all().delete()
    assert not is_in(client)


def test_the_row_of_another_user_does_not_help(user: User) -> None:
    client = signed_in()
    make_user("eve")
    signed_in("eve")
    session = client.session
    session[sessions.ROW_KEY] = str(UserSession.objects.get(user__username="eve").pk)
    session.save()
    assert not is_in(client)


def test_last_seen_is_written_at_most_once_a_minute(
    user: User, django_assert_num_queries: Any
) -> None:
    client = signed_in()
    row = UserSession.objects.get()
    client.get("/account/")
    assert UserSession.objects.get().last_seen_at == row.last_seen_at
    UserSession.objects.update(last_seen_at=timezone.now() - timedelta(minutes=5))
    client.get("/account/")
    assert timezone.now() - UserSession.objects.get().last_seen_at < timedelta(minutes=1)


def test_old_rows_are_deleted_and_living_ones_kept(user: User) -> None:
    signed_in()
    old = sessions.begin(user, SessionKind.API, seconds=1)
    UserSession.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(days=40))
    assert sessions.prune() == 1
    assert UserSession.objects.count() == 1


def test_own_sessions_by_api(user: User) -> None:
    from tests.accounts.test_api_tokens import me, sign_in

    token = sign_in(Client())
    other = sign_in(Client())
    client = Client(headers={"Authorization": f"Bearer {token}"})
    rows = client.get("/api/v1/auth/sessions/").json()
    assert [row["current"] for row in rows].count(True) == 1
    assert "refresh_digest" not in rows[0]
    assert "session_key" not in rows[0]
    (victim,) = (row["id"] for row in rows if not row["current"])
    assert client.delete(f"/api/v1/auth/sessions/{victim}/").status_code == 204
    assert me(other) == 401
    assert client.delete(f"/api/v1/auth/sessions/{victim}/").status_code == 404
