"""Operations: what there is, and asking for a run."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from audit.models import Event
from tests.support.api import Api, places, problem
from tests.support.factories import make_job, make_row, operation
from tests.toolkits.api.conftest import INPUTS
from toolkits.jobs import interactive
from toolkits.jobs.states import JobState
from toolkits.models import IdempotencyKey, Job, Toolkit

RUN = "toolkits/sample/operations/hello/"


def test_operations_are_listed_with_the_schema_of_their_inputs(api, user, toolkit):
    hello, _ = api(user).get("toolkits/sample/operations/").json()["results"]

    assert hello["inputs"] == INPUTS
    assert hello["url"] == f"/api/v1/{RUN}"
    assert api(user).get(RUN).json() == hello


def test_a_run_is_taken_up_with_the_address_of_its_job(api, user, toolkit):
    response = api(user).post(RUN, {"name": "Ada"})

    assert response.status_code == 202
    body = response.json()
    assert response["Location"] == body["url"]
    assert body["state"] == "queued"
    assert body["inputs"] == {"name": "Ada", "count": 1}
    job = Job.objects.get(pk=body["id"])
    assert (job.requested_by, job.requested_via) == (user, "api")
    assert Event.objects.filter(name="job.requested", target_id=str(job.pk)).exists()


def test_no_body_means_the_defaults(api, user, toolkit):
    response = api(user).client.post(f"/api/v1/{RUN}")

    assert response.json()["inputs"] == {"name": "world", "count": 1}


@pytest.mark.parametrize("body", [[], "text", 1, None])
def test_a_body_that_is_no_object_is_refused(api, user, toolkit, body):
    if body is None:
        problem(api(user).post(RUN, b"null", content_type="application/json"), 400)
    else:
        problem(api(user).post(RUN, body), 400)
    assert not Job.objects.exists()


def test_a_time_limit_can_only_shorten(api, user, toolkit):
    run = api(user)

    assert run.post(f"{RUN}?timeout=5", {}).json()["timeout_seconds"] == 5
    assert run.post(f"{RUN}?timeout=604800", {}).json()["timeout_seconds"] == 3600
    problem(run.post(f"{RUN}?timeout=0", {}), 400)


def test_a_dry_run_of_what_has_none_is_refused(api, user, toolkit):
    problem(api(user).post(f"{RUN}?dry_run=true", {}), 409)
    problem(api(user).post(f"{RUN}?dryrun=true", {}), 400)
    assert not Job.objects.exists()


def test_for_a_curator_a_disabled_toolkit_says_that_it_is(api, curator, toolkit):
    Toolkit.objects.update(enabled=False)

    assert "disabled" in problem(api(curator).post(RUN, {}), 409)["detail"]


def test_an_operation_that_is_not_there_is_404(api, user, toolkit):
    problem(api(user).post("toolkits/sample/operations/other/", {}), 404)


def test_the_same_request_with_the_same_key_starts_one_job(api, user, toolkit):
    first = api(user).post(RUN, {"name": "Ada"}, idempotency_key="k1")
    again = api(user).post(RUN, {"name": "Ada"}, idempotency_key="k1")

    assert first.json()["id"] == again.json()["id"]
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert Job.objects.count() == 1


def test_another_request_with_the_same_key_is_refused(api, user, toolkit):
    api(user).post(RUN, {"name": "Ada"}, idempotency_key="k1")

    problem(api(user).post(RUN, {"name": "Eve"}, idempotency_key="k1"), 422)
    problem(api(user).post(f"{RUN}?timeout=9", {"name": "Ada"}, idempotency_key="k1"), 422)
    assert Job.objects.count() == 1


def test_keys_of_different_users_are_their_own(api, user, curator, toolkit):
    first = api(user).post(RUN, {}, idempotency_key="k1").json()
    other = api(curator).post(RUN, {}, idempotency_key="k1").json()

    assert first["id"] != other["id"]


def test_a_key_is_forgotten_after_a_day(api, user, toolkit):
    first = api(user).post(RUN, {}, idempotency_key="k1").json()
    IdempotencyKey.objects.update(created_at="2020-01-01T00:00:00Z")

    assert api(user).post(RUN, {}, idempotency_key="k1").json()["id"] != first["id"]


def test_a_refused_request_leaves_no_key(api, user, toolkit):
    problem(api(user).post(RUN, {"count": 99}, idempotency_key="k1"), 422)

    assert api(user).post(RUN, {"count": 2}, idempotency_key="k1").status_code == 202


@pytest.mark.parametrize("key", ["", "two words", "x" * 201, "ü"])
def test_a_key_that_is_no_key_is_refused(api, user, toolkit, key):
    problem(api(user).post(RUN, {}, idempotency_key=key), 400)


@pytest.mark.django_db(transaction=True)
def test_of_many_requests_at_once_with_one_key_one_starts_a_job(user):
    make_row("sample", operations=[operation("hello", inputs=INPUTS)])

    def ask(_):
        try:
            return Api(user).post(RUN, {}, idempotency_key="k1").json()["id"]
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        found = set(pool.map(ask, range(12)))

    assert len(found) == 1
    assert Job.objects.count() == 1


def test_with_no_free_worker_an_interactive_run_is_taken_back(api, user, toolkit, monkeypatch):
    monkeypatch.setattr(interactive, "_CLAIM_SECONDS", 0.05)

    response = api(user).post("toolkits/sample/operations/ask/", {})

    problem(response, 503)
    assert int(response["Retry-After"]) > 0
    job = Job.objects.get()
    assert job.state == JobState.CANCELLED
    assert "taken back" in job.reason


def test_more_waiting_callers_than_there_may_be_are_told_so(api, user, toolkit, settings):
    settings.API_WAITING_MAX = 0

    response = api(user).post("toolkits/sample/operations/ask/", {})

    problem(response, 503)
    assert not Job.objects.exists()


def test_a_place_is_named_as_the_schema_has_it(api, user):
    nested = {"type": "object", "properties": {"a": {"type": "integer"}}}
    inputs = {"type": "object", "properties": {"items": {"type": "array", "items": nested}}}
    make_row("deep", operations=[operation("run", inputs=inputs)])

    found = problem(
        api(user).post("toolkits/deep/operations/run/", {"items": [{}, {"a": "x"}]}), 422
    )

    assert places(found) == [["items", 1, "a"]]


def test_a_file_goes_in_a_form_beside_the_other_inputs(api, user):
    file = {
        "type": "object",
        "x-file": True,
        "properties": {"name": {"type": "string"}, "content": {"type": "string"}},
        "required": ["content"],
        "additionalProperties": False,
    }
    inputs = {
        "type": "object",
        "properties": {"hosts": file, "count": {"type": "integer"}, "note": {"type": "string"}},
        "required": ["hosts"],
        "additionalProperties": False,
    }
    make_row("filed", operations=[operation("run", inputs=inputs)])
    from django.core.files.uploadedfile import SimpleUploadedFile

    form = {"hosts": SimpleUploadedFile("hosts.txt", b"a\nb\n"), "count": "3", "note": "7"}
    response = api(user).post("toolkits/filed/operations/run/", form, format="multipart")

    assert response.status_code == 202, response.content
    assert response.json()["inputs"] == {
        "hosts": {"name": "hosts.txt", "content": "YQpiCg=="},
        "count": 3,
        "note": "7",
    }


def test_a_form_for_an_operation_without_files_is_415(api, user, toolkit):
    problem(api(user).post(RUN, {"name": "x"}, format="multipart"), 415)


def test_running_again_copies_the_inputs_and_takes_changes(api, user, toolkit):
    job = make_job(toolkit, user, state=JobState.FAILED, inputs={"name": "Ada", "count": 2})

    response = api(user).post(f"jobs/{job.pk}/retry/", {"inputs": {"count": 3}})

    assert response.status_code == 202
    body = response.json()
    assert body["id"] != str(job.pk)
    assert body["inputs"] == {"name": "Ada", "count": 3}


def test_running_again_needs_secrets_to_be_given_again(api, user):
    inputs = {
        "type": "object",
        "properties": {"token": {"type": "string", "x-secret": True}},
        "required": ["token"],
    }
    toolkit = make_row("secretive", operations=[operation("run", inputs=inputs)])
    stored = {"token": {"$secret": "jobs/1"}}
    job = make_job(toolkit, user, operation="run", state=JobState.FAILED, inputs=stored)

    found = problem(api(user).post(f"jobs/{job.pk}/retry/", {}), 422)

    assert places(found) == [["token"]]


def test_running_again_what_was_removed_is_409(api, user, toolkit):
    job = make_job(toolkit, user, operation="gone", state=JobState.FAILED)

    problem(api(user).post(f"jobs/{job.pk}/retry/", {}), 409)
