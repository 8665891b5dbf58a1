"""Every error is a problem, whatever went wrong and wherever."""

import json

import pytest
from django.db import OperationalError

from tests.support.api import Api, places, problem
from toolkits import access


def test_an_unknown_address_is_a_problem(db):
    assert "no such address" in problem(Api().get("nothing/"), 404)["detail"]
    problem(Api().get("/api/v2/jobs/"), 404)


def test_an_address_without_its_slash_says_so(db):
    assert "end in a slash" in problem(Api().get("jobs"), 404)["detail"]
    assert "end in a slash" in problem(Api().post("jobs", {}), 404)["detail"]


def test_no_credentials_are_401_with_the_scheme(db):
    response = Api().get("jobs/")

    problem(response, 401)
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_method_that_is_not_there_is_405(user):
    response = Api(user).delete("jobs/")

    problem(response, 405)
    assert "GET" in response["Allow"]


def test_a_type_that_cannot_be_answered_is_406(user):
    problem(Api(user).get("jobs/", accept="image/png"), 406)


def test_a_body_of_another_type_is_415(user, toolkit):
    url = "toolkits/sample/operations/hello/"
    problem(Api(user).post(url, "<a/>", content_type="application/xml"), 415)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"name": NaN}',
        b'{"name": "a", "name": "b"}',
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b'{"name": ' + b"9" * 5000 + b"}",
        b'{"name": "\\u0000"}',
        b'{"name": "\\ud800"}',
        b'{"\\ud800": 1}',
    ],
)
def test_a_body_that_is_not_json_is_400(user, toolkit, body):
    url = "toolkits/sample/operations/hello/"

    found = problem(Api(user).post(url, body, content_type="application/json"), 400)

    assert "not JSON" in found["detail"]


def test_a_body_that_is_too_large_is_413(user, toolkit, settings):
    settings.API_BODY_MAX_BYTES = 100
    body = json.dumps({"name": "x" * 200})

    found = problem(
        Api(user).post("toolkits/sample/operations/hello/", body, content_type="application/json"),
        413,
    )

    assert "at most 100" in found["detail"]


@pytest.mark.parametrize("query", ["toolkit=%00", "%00=1"])
def test_a_query_that_no_database_takes_is_400(user, query):
    problem(Api(user).get(f"jobs/?{query}"), 400)


def test_inputs_that_do_not_fit_name_their_places(user, toolkit):
    url = "toolkits/sample/operations/hello/"

    found = problem(Api(user).post(url, {"count": 10, "color": "red"}), 422)

    assert sorted(places(found)) == [["color"], ["count"]]


def test_an_unforeseen_error_is_500_without_its_reason(user, monkeypatch):
    def broken(user):
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr(access, "visible_jobs", broken)
    api = Api(user)
    api.client.raise_request_exception = False

    found = problem(api.get("jobs/"), 500)

    assert "hunter2" not in json.dumps(found)


def test_a_busy_database_is_503_with_when_to_come_again(user, monkeypatch):
    def busy(user):
        raise OperationalError("database is locked")

    monkeypatch.setattr(access, "visible_jobs", busy)
    api = Api(user)
    api.client.raise_request_exception = False

    response = api.get("jobs/")

    problem(response, 503)
    assert int(response["Retry-After"]) > 0


def test_a_session_without_its_csrf_token_is_403(user, toolkit):
    api = Api()
    api.client.handler.enforce_csrf_checks = True
    api.client.force_login(user)

    problem(api.post("toolkits/sample/operations/hello/", {}), 403)


def test_the_browser_of_another_origin_is_told_nothing(user, toolkit):
    response = Api(user).get("jobs/", origin="https://evil.example")

    assert not [name for name in response.headers if name.lower().startswith("access-control")]
