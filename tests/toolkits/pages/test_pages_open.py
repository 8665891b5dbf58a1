"""Every page opens, for whom it is meant, with few queries."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests.support.factories import make_job, make_row, make_user, operation
from toolkits.jobs import logs
from toolkits.jobs.states import JobState
from toolkits.models import CardState, Job

MOST_QUERIES = 12

VIEWS: list[dict[str, Any]] = [
    {
        "view": "table",
        "columns": [{"key": "a"}, {"key": "s", "type": "state"}],
        "rows": [{"a": 1, "s": "ok"}],
    },
    {"view": "stat", "value": 3, "label": "up", "state": "ok", "trend": [1, 2, 3]},
    {"view": "key_value", "items": [{"label": "a", "value": 1, "state": "ok"}]},
    {"view": "markdown", "text": "# Hi <script>alert(1)</script>"},
    {"view": "text", "text": "plain"},
    {"view": "code", "code": "x = 1", "language": "python"},
    {"view": "time_series", "series": [{"label": "a", "points": [[1, 2], [2, 3]]}]},
    {"view": "bar", "bars": [{"label": "a", "value": 3}]},
    {"view": "heatmap", "x": ["a"], "y": ["b"], "values": [[1]]},
    {"view": "timeline", "events": [{"label": "a", "start": "2026-01-01T00:00:00Z"}]},
    {"view": "diff", "before": "a\n", "after": "b\n"},
    {"view": "files", "files": [{"name": "a.txt"}]},
    {"view": "json", "data": {"a": 1}},
]


@pytest.fixture
def signed_in(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def test_somebody_who_is_not_signed_in_is_sent_to_sign_in_and_back(
    client: Client, db: None
) -> None:
    answer = client.get("/jobs/?state=failed")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/account/login/?next=/jobs/%3Fstate%3Dfailed"


def test_sign_in_goes_on_to_where_somebody_wanted_to_go(client: Client, user: User) -> None:
    form = {"username": "uma", "password": "correct horse battery", "next": "/jobs/"}
    assert client.post("/account/login/", form).headers["Location"] == "/jobs/"


def test_sign_in_never_leads_to_another_site(client: Client, user: User) -> None:
    for target in (
        "https://evil.example/",
        "//evil.example",
        "javascript:alert(1)",
        "/\\evil.example",
    ):
        form = {"username": "uma", "password": "correct horse battery", "next": target}
        assert client.post("/account/login/", form).headers["Location"] == "/"
        client.logout()


def test_the_dashboard_shows_cards_and_recent_jobs(signed_in: Client, user: User) -> None:
    kit = make_row("net", cards=[{"name": "up", "title": "Reachability", "refresh": 60}])
    CardState.objects.create(
        toolkit=kit,
        name="up",
        view={"view": "stat", "value": "7 of 9"},
        next_refresh_at=timezone.now(),
    )
    make_job(kit, user, title="A run of mine", state=JobState.SUCCEEDED)
    text = signed_in.get("/").content.decode()
    assert "Reachability" in text
    assert "7 of 9" in text
    assert "A run of mine" in text


def test_a_card_of_a_disabled_toolkit_is_not_shown(signed_in: Client) -> None:
    make_row("net", enabled=False, cards=[{"name": "up", "title": "Reachability", "refresh": 60}])
    assert "Reachability" not in signed_in.get("/").content.decode()


@pytest.mark.parametrize("view", VIEWS, ids=[str(view["view"]) for view in VIEWS])
def test_a_job_page_shows_every_kind_of_result(
    signed_in: Client, user: User, view: dict[str, Any]
) -> None:
    job = make_job(
        make_row(), user, state=JobState.SUCCEEDED, result={"view": "section", "views": [view]}
    )
    answer = signed_in.get(job.get_absolute_url())
    assert answer.status_code == 200
    assert f"view-{view['view']}".replace("_", "-") in answer.content.decode()
    assert "<script>alert" not in answer.content.decode()


def test_a_job_page_shows_the_last_lines_of_the_log_and_the_cursor(
    signed_in: Client, user: User
) -> None:
    job = make_job(make_row(), user, state=JobState.RUNNING, log_lines=700)
    logs.append(job.pk, 1, 1, [[1.0, "INFO", "toolkit", f"line {n} <b>"] for n in range(1, 701)])
    text = signed_in.get(job.get_absolute_url()).content.decode()
    assert 'data-after="700"' in text
    assert 'id="L201"' in text
    assert 'id="L200"' not in text
    assert "line 700 &lt;b&gt;" in text
    assert 'data-done="false"' in text


@pytest.mark.parametrize("rows", [3, 40])
def test_pages_ask_few_questions_however_many_rows(
    client: Client, curator: User, django_assert_max_num_queries: Any, rows: int
) -> None:
    client.force_login(curator)
    for number in range(rows):
        kit = make_row(
            f"kit-{number}",
            operations=[operation("hello"), operation("bye")],
            cards=[{"name": "up", "title": "Up", "refresh": 60}],
        )
        job = make_job(kit, make_user(f"user-{number}"), state=JobState.FAILED, reason="It broke.")
    pages = [
        "/",
        "/toolkits/",
        "/toolkits/kit-0/",
        "/toolkits/kit-0/run/hello/",
        "/jobs/",
        f"/jobs/{job.pk}/",
    ]
    for address in pages:
        with django_assert_max_num_queries(MOST_QUERIES):
            assert client.get(address).status_code == 200, address


def test_a_job_of_somebody_else_is_not_there(signed_in: Client, curator: User) -> None:
    job = make_job(make_row(), curator, state=JobState.SUCCEEDED, result={"a": 1})
    for name in ("job-detail", "job-live", "job-log-text", "job-result-json", "job-result-part"):
        assert signed_in.get(reverse(name, args=[job.pk])).status_code == 404, name
    assert signed_in.post(reverse("job-cancel", args=[job.pk])).status_code == 404
    assert "Hello" not in signed_in.get("/jobs/").content.decode()


def test_a_curator_sees_jobs_of_everybody(client: Client, user: User, curator: User) -> None:
    job = make_job(make_row(), user, title="Somebody's run")
    client.force_login(curator)
    assert "Somebody&#x27;s run" in client.get("/jobs/").content.decode()
    assert client.get(job.get_absolute_url()).status_code == 200


def test_somebody_without_a_role_sees_no_toolkit_and_no_job(client: Client, db: None) -> None:
    nobody = make_user("nobody")
    kit = make_row("net")
    make_job(kit, nobody)
    client.force_login(nobody)
    assert client.get("/toolkits/net/").status_code == 404
    assert client.get("/toolkits/net/run/hello/").status_code == 404
    assert client.get("/jobs/").content.decode().count("row-link") == 0
    assert Job.objects.count() == 1


def test_a_disabled_toolkit_is_there_for_curators_alone(
    client: Client, user: User, curator: User
) -> None:
    make_row("net", enabled=False)
    client.force_login(user)
    assert client.get("/toolkits/net/").status_code == 404
    client.force_login(curator)
    assert client.get("/toolkits/net/").status_code == 200
    assert client.get("/toolkits/net/run/hello/").status_code == 404


def test_a_live_part_of_a_page_reloads_the_page_when_the_session_has_ended(
    client: Client, user: User
) -> None:
    job = make_job(make_row(), user)
    answer = client.get(reverse("job-live", args=[job.pk]), headers={"HX-Request": "true"})
    assert answer.headers["HX-Refresh"] == "true"


def test_cancelling_a_waiting_job_ends_it(signed_in: Client, user: User) -> None:
    job = make_job(make_row(), user)
    answer = signed_in.post(reverse("job-cancel", args=[job.pk]))
    assert answer.headers["Location"] == job.get_absolute_url()
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED


def test_a_job_is_cancelled_by_a_form_only(signed_in: Client, user: User) -> None:
    job = make_job(make_row(), user)
    assert signed_in.get(reverse("job-cancel", args=[job.pk])).status_code == 405
