"""An OpenID provider cannot be asked again: what began there ends in time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import tokens
from accounts.models import Identity, Provider, User, UserSession
from accounts.problems import TokenRefused
from accounts.providers import rows
from accounts.roles import SYSTEM_ADMIN, TOOLKIT_USER
from tests.support.factories import make_token, make_user

Go = Callable[..., Any]


def alice() -> User:
    return User.objects.get(username="alice")


def hours_left(session: UserSession) -> float:
    return (session.expires_at - timezone.now()).total_seconds() / 3600


def api_session(**ago: float) -> tokens.TokenPair:
    """A session of an API client that began at the provider, a while ago."""
    pair = tokens.issue(alice(), provider="corp", methods=("oidc",))
    began = timezone.now() - timedelta(**ago)
    UserSession.objects.filter(pk=pair.session.pk).update(created_at=began)
    return pair


def by_token(text: str) -> int:
    headers = {"Authorization": f"Bearer {text}"}
    return int(Client().get("/api/v1/auth/me/", headers=headers).status_code)


def test_a_session_lasts_no_longer_than_the_provider_is_set_to(corp: Provider, go: Go) -> None:
    corp.settings = {**corp.settings, "session_hours": 2}
    corp.save()
    go(Client())
    assert 1.9 < hours_left(UserSession.objects.get()) <= 2
    assert 1.9 < hours_left(tokens.issue(alice(), provider="corp").session) <= 2
    assert hours_left(tokens.issue(alice(), provider="local").session) > 300


def test_refreshing_does_not_carry_a_session_beyond_it(corp: Provider, go: Go) -> None:
    go(Client())
    again = tokens.refresh(api_session(hours=11).refresh)
    assert 0.9 < hours_left(UserSession.objects.get(pk=again.session.pk)) <= 1
    UserSession.objects.filter(pk=again.session.pk).update(expires_at=timezone.now())
    with pytest.raises(TokenRefused):
        tokens.refresh(again.refresh)


def test_a_shorter_setting_shortens_the_sessions_that_are_going_on(corp: Provider, go: Go) -> None:
    boss = make_user("boss", roles=[SYSTEM_ADMIN])
    browser = Client()
    go(browser)
    old, young = api_session(hours=3), api_session(hours=1)
    corp.settings = {**corp.settings, "session_hours": 2}
    rows.save(boss, corp)
    assert by_token(old.access) == 401
    assert by_token(young.access) == 200
    assert 0.9 < hours_left(UserSession.objects.get(pk=young.session.pk)) <= 1
    assert browser.get("/account/").status_code == 200


def test_tokens_rest_when_their_owner_has_not_signed_in_for_long(corp: Provider, go: Go) -> None:
    corp.default_roles = [TOOLKIT_USER]
    corp.save()
    go(Client())
    _token, text = make_token(alice(), scopes=["read"])
    assert by_token(text) == 200
    Identity.objects.update(last_sign_in_at=timezone.now() - timedelta(days=31))
    assert by_token(text) == 401
    go(Client())
    assert by_token(text) == 200


def test_tokens_of_somebody_with_a_password_of_their_own_do_not_rest(
    corp: Provider, go: Go
) -> None:
    go(Client())
    user = alice()
    user.set_password("a passphrase kept here")
    user.save()
    _token, text = make_token(user, scopes=["read"])
    Identity.objects.update(last_sign_in_at=timezone.now() - timedelta(days=31))
    assert by_token(text) == 200
