"""Pages of other sites: none may ask the API, unless an administrator names them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import Client

from toolbox.api import cors

APP = "https://app.example.com"
ASK = {"Origin": APP, "Access-Control-Request-Method": "POST"}
pytestmark = pytest.mark.django_db


def sharing(response: Any) -> dict[str, str]:
    return {name: value for name, value in response.items() if name.startswith("Access-Control")}


def test_nobody_is_told_anything_by_default(client: Client) -> None:
    assert sharing(client.options("/api/v1/jobs/", headers=ASK)) == {}
    assert sharing(client.get("/api/v1/auth/providers/", headers={"Origin": APP})) == {}


def test_a_site_that_is_named_may_ask_with_a_token_and_no_other(
    client: Client, settings: Any
) -> None:
    settings.API_CORS_ORIGINS = [APP]
    asked = client.options("/api/v1/jobs/", headers=ASK)
    assert asked.status_code == 204
    assert asked["Access-Control-Allow-Origin"] == APP
    assert "Authorization" in asked["Access-Control-Allow-Headers"]
    answer = client.get("/api/v1/auth/providers/", headers={"Origin": APP})
    assert answer["Access-Control-Allow-Origin"] == APP
    assert "ETag" in answer["Access-Control-Expose-Headers"]
    assert "Origin" in answer["Vary"]
    # Never with the cookies of the console, and a refusal is readable too.
    assert "Access-Control-Allow-Credentials" not in answer
    assert client.get("/api/v1/jobs/", headers={"Origin": APP})["Access-Control-Allow-Origin"]

    for other in ("https://evil.example.com", "null", f"{APP}.evil.example.com", ""):
        answer = client.get("/api/v1/auth/providers/", headers={"Origin": other})
        assert sharing(answer) == {}
        assert "Origin" in answer["Vary"]
    assert sharing(client.get("/account/login/", headers={"Origin": APP})) == {}


@pytest.mark.parametrize("origin", ["*", "app.example.com", "https://a.example.com/", "https://*"])
def test_what_is_no_origin_stops_the_boot(settings: Any, origin: str) -> None:
    settings.API_CORS_ORIGINS = [origin]
    with pytest.raises(ImproperlyConfigured, match="API_CORS_ORIGINS"):
        cors.share(lambda request: HttpResponse())
