"""Throttles: by role, by address, and without Redis not at all."""

import pytest

from tests.support.api import Api, problem
from toolbox.api import throttling


@pytest.fixture(autouse=True)
def _redis_is_asked(monkeypatch, settings):
    monkeypatch.setattr(throttling, "_away_until", 0.0)
    settings.API_REQUESTS_PER_MINUTE = {"anonymous": 2, "sign_in": 2, "user": 3, "staff": 5}


def statuses(client, count, path="jobs/"):
    return [client.get(path).status_code for _ in range(count)]


def test_each_role_has_a_rate_of_its_own(user, curator, valkey):
    assert statuses(Api(user), 4) == [200, 200, 200, 429]
    assert statuses(Api(curator), 6) == [200, 200, 200, 200, 200, 429]


def test_a_stranger_is_counted_by_address(db, valkey):
    assert statuses(Api(), 3) == [401, 401, 401]
    client = Api()
    login = {"username": "nobody", "password": "x"}
    found = [client.post("auth/login/", login).status_code for _ in range(3)]

    assert found[-1] == 429


def test_the_refusal_says_when_to_come_again(user, valkey):
    client = Api(user)
    statuses(client, 3)

    response = client.get("jobs/")

    problem(response, 429)
    assert 0 < int(response["Retry-After"]) <= 60


def test_a_rate_of_nought_is_no_limit(user, valkey, settings):
    settings.API_REQUESTS_PER_MINUTE = {**settings.API_REQUESTS_PER_MINUTE, "user": 0}

    assert set(statuses(Api(user), 8)) == {200}


def test_without_redis_the_api_goes_on_and_asks_it_once(user, settings, monkeypatch):
    throttling._client.cache_clear()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    asked = []
    real = throttling._client
    monkeypatch.setattr(throttling, "_client", lambda: asked.append(1) or real())
    try:
        assert set(statuses(Api(user), 8)) == {200}
    finally:
        real.cache_clear()
    assert len(asked) == 1
