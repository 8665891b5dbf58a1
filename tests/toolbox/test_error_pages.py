"""Error pages say what happened and what to do, and need nothing that may be down."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.test import Client, RequestFactory
from redis.exceptions import ConnectionError as RedisConnectionError

from toolbox import context
from toolbox.error_pages import server_error

PAGES = ["400.html", "403.html", "403_csrf.html", "404.html", "500.html", "503.html"]


@pytest.mark.parametrize("name", PAGES)
def test_an_error_page_needs_neither_request_nor_database(name: str) -> None:
    html = loader.get_template(name).render()
    assert re.search(r"<title>[^<]+ · SRE Toolbox</title>", html)
    assert len(re.findall(r"<h1>[^<]+</h1>", html)) == 1
    assert " style=" not in html
    assert html.count("<script") == html.count('<script src="')


def answered(error: Exception, path: str = "/") -> HttpResponse:
    request: HttpRequest = RequestFactory().get(path)
    try:
        raise error
    except Exception:
        return server_error(request)


def test_an_unforeseen_error_shows_the_number_under_which_the_log_has_it() -> None:
    with context.working(request_id="abc-123-def"):
        response = answered(ZeroDivisionError("secret detail"))
    assert response.status_code == 500
    assert b"abc-123-def" in response.content
    assert b"secret detail" not in response.content


@pytest.mark.parametrize("error", [OperationalError("x"), RedisConnectionError("x")])
def test_a_part_that_is_down_is_not_available_and_not_broken(error: Exception) -> None:
    response = answered(error)
    assert response.status_code == 503
    assert response["Retry-After"] == "15"
    assert b"/health" in response.content


def test_the_api_is_answered_in_problem_details() -> None:
    response = answered(OperationalError("x"), "/api/v1/jobs/")
    assert response["Content-Type"] == "application/problem+json"
    assert response["Retry-After"] == "15"


@pytest.mark.django_db
def test_an_unknown_address_is_not_found_in_the_look_of_the_console(client: Client) -> None:
    response = client.get("/no/such/page/")
    assert response.status_code == 404
    assert b"There is nothing here" in response.content


@pytest.mark.django_db
def test_a_form_without_a_token_is_explained(user: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    response = client.post("/account/password/", {})
    assert response.status_code == 403
    assert b"no longer valid" in response.content
