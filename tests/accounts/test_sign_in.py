"""Signing in to the console, and what must not come of it."""

from __future__ import annotations

import re
import statistics
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import throttle
from accounts.models import SignInThrottle, User, UserKind, UserSession
from audit.models import Event
from tests.support.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

LOGIN = "/account/login/"


def sign_in(client: Client, name: str = "uma", password: str = PASSWORD, **fields: Any) -> Any:
    return client.post(LOGIN, {"username": name, "password": password, **fields})


def words(response: Any) -> str:
    found = re.search(r'id="signin-error">(.*?)</div></div>', response.content.decode(), re.DOTALL)
    return re.sub(r"<[^>]+>", "", found[1]).strip() if found else ""


@pytest.mark.parametrize("name", ["uma", "UMA", "uma@example.com", "Uma@Example.COM", " uma "])
def test_a_name_or_an_address_in_any_case_signs_in(name: str) -> None:
    make_user("uma", email="uma@example.com")
    client = Client()
    response = sign_in(client, name)
    assert response.status_code == 302
    assert response.url == "/"
    row = UserSession.objects.get()
    assert (row.provider, row.methods) == ("local", ["password"])
    event = Event.objects.get(name="auth.signed_in")
    assert event.details["method"] == "password"


def test_unknown_user_wrong_password_and_disabled_account_hear_the_same(user: User) -> None:
    make_user("off", is_active=False)
    robot = make_user("robot")
    User.objects.filter(pk=robot.pk).update(kind=UserKind.SERVICE)
    heard = {
        words(sign_in(Client(), "nobody", "x" * 12)),
        words(sign_in(Client(), "uma", "x" * 12)),
        words(sign_in(Client(), "off", PASSWORD)),
        words(sign_in(Client(), "robot", PASSWORD)),
    }
    assert heard == {"The name or the password is not right."}
    failed = Event.objects.filter(name="auth.sign_in_failed")
    reasons = set(failed.values_list("details__reason", flat=True))
    assert {"no such account", "wrong password", "the account is disabled"} <= reasons


def test_a_name_with_a_null_character_is_refused_without_a_fault() -> None:
    assert sign_in(Client(), "a\x00b").status_code == 200
    body = {"username": "a\x00b", "password": PASSWORD}
    response = Client().post("/api/v1/auth/login/", body, content_type="application/json")
    assert response.status_code in {400, 401}


def test_an_unknown_user_costs_the_same_queries_as_a_wrong_password(user: User) -> None:
    def queries(name: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            sign_in(Client(), name, "wrong password!")
        return len(caught)

    queries("warm up")
    assert queries("nobody") == queries("uma")


def test_an_unknown_user_takes_as_long_as_a_wrong_password(user: User, settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    user.set_password(PASSWORD)
    user.save()

    client = Client()

    def seconds(name: str) -> float:
        times = []
        for _ in range(7):
            SignInThrottle.objects.all().delete()
            # Of this process alone: other work on the machine does not count.
            started = time.process_time()
            sign_in(client, name, "wrong password!")
            times.append(time.process_time() - started)
        return statistics.median(times)

    seconds("warm up")
    known, unknown = seconds("uma"), seconds("nobody")
    assert abs(known - unknown) < 0.5 * max(known, unknown), (known, unknown)


def test_a_post_without_csrf_token_is_refused(user: User) -> None:
    client = Client(enforce_csrf_checks=True)
    assert sign_in(client).status_code == 403
    assert not UserSession.objects.exists()


def test_a_session_fixed_before_signing_in_is_not_the_one_after(user: User) -> None:
    client = Client()
    client.get(LOGIN)
    session = client.session
    session["planted"] = "by the attacker"
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before
    sign_in(client)
    assert client.cookies["sessionid"].value != before
    attacker = Client()
    attacker.cookies["sessionid"] = before
    assert attacker.get("/account/").status_code == 302


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example",
        "http:///evil.example", "javascript:alert(1)", "https:evil.example", "/\t/evil.example",
        " //evil.example", "///evil.example", "http://testserver/jobs/", "jobs/",
        "https://testserver@evil.example/",
    ],
)  # fmt: skip
def test_next_leads_nowhere_else(user: User, target: str) -> None:
    assert sign_in(Client(), next=target).url == "/"
    client = Client()
    sign_in(client)
    assert client.get(LOGIN, {"next": target}).url == "/", "nor for whoever is signed in already"


def test_next_leads_back_to_where_one_wanted(user: User) -> None:
    client = Client()
    response = client.get("/account/?tab=tokens")
    assert response.url == "/account/login/?next=/account/%3Ftab%3Dtokens"
    assert sign_in(client, next="/account/?tab=tokens").url == "/account/?tab=tokens"


def test_an_unknown_host_is_refused(user: User) -> None:
    assert Client().get(LOGIN, headers={"Host": "evil.example"}).status_code == 400
    response = Client().get(LOGIN, headers={"X-Forwarded-Host": "evil.example"})
    assert "evil.example" not in response.content.decode()


def test_the_page_cannot_be_framed_and_runs_no_foreign_script() -> None:
    response = Client().get(LOGIN)
    policy = response["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert response["X-Frame-Options"] == "DENY"
    assert "no-store" in response["Cache-Control"]


def test_five_failures_lock_the_account_for_every_spelling(user: User) -> None:
    User.objects.filter(pk=user.pk).update(email="uma@example.com")
    for name in ("uma", "UMA", "uma@example.com", " uma", "UMA@example.com"):
        assert "not right" in words(sign_in(Client(), name, "wrong password!"))
    for name in ("uma", "Uma", "uma@example.com"):
        response = sign_in(Client(), name, PASSWORD)
        assert response.status_code == 429
        assert words(response) == "Too many attempts. Try again in 1 minute."
    event = Event.objects.get(name="auth.locked_out")
    assert event.details["scope"] == "account"


def test_a_name_that_nobody_has_locks_in_the_same_way(user: User) -> None:
    for _ in range(5):
        sign_in(Client(), "nobody", "wrong password!")
    response = sign_in(Client(), "ＮＯＢＯＤＹ", "wrong password!")
    assert words(response) == "Too many attempts. Try again in 1 minute."


def test_an_empty_cache_forgives_nobody(user: User, valkey: Any) -> None:
    for _ in range(5):
        sign_in(Client(), "uma", "wrong password!")
    cache.clear()
    assert sign_in(Client()).status_code == 429


def test_the_pause_passes_and_doubles(user: User) -> None:
    for _ in range(5):
        sign_in(Client(), "uma", "wrong password!")
    past = timezone.now() - timedelta(seconds=1)
    SignInThrottle.objects.update(locked_until=past)
    assert "not right" in words(sign_in(Client(), "uma", "wrong password!"))
    assert "2 minutes" in words(sign_in(Client()))
    SignInThrottle.objects.update(locked_until=past)
    assert sign_in(Client()).status_code == 302
    assert sign_in(Client(), "uma", "wrong password!").status_code == 200, "success forgives"


def test_an_address_is_locked_after_failures_for_many_names(user: User) -> None:
    for number in range(50):
        sign_in(Client(), f"name{number}", "wrong password!")
    assert sign_in(Client()).status_code == 429
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert sign_in(elsewhere).status_code == 302
    assert Event.objects.filter(name="auth.locked_out", details__scope="address").exists()


def test_a_forged_forwarding_header_does_not_change_the_address(user: User) -> None:
    for number in range(50):
        client = Client(headers={"X-Forwarded-For": f"198.51.100.{number}"})
        sign_in(client, f"name{number}", "wrong password!")
    assert sign_in(Client()).status_code == 429


def test_the_api_is_locked_together_with_the_page(user: User) -> None:
    for _ in range(5):
        sign_in(Client(), "uma", "wrong password!")
    body = {"username": "uma", "password": PASSWORD}
    response = Client().post("/api/v1/auth/login/", body, content_type="application/json")
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 60


def test_an_administrator_ends_a_lockout(user: User) -> None:
    for _ in range(5):
        sign_in(Client(), "uma", "wrong password!")
    assert sign_in(Client()).status_code == 429
    throttle.clear(user)
    assert sign_in(Client()).status_code == 302


def test_what_was_typed_as_a_name_is_kept_nowhere_in_the_counts(user: User) -> None:
    sign_in(Client(), "hunter2-typed-into-the-wrong-field", "x")
    assert not SignInThrottle.objects.filter(pk__contains="hunter2").exists()
