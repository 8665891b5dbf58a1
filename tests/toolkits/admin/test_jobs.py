"""Jobs in the admin: read-only, and bearable over a big table."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import SYSTEM_ADMIN
from tests.support.factories import make_job, make_row, make_user
from toolbox.admin import paging
from toolbox.ids import uuid7, uuid7_floor
from toolkits.jobs.states import JobState
from toolkits.models import Job, JobAttempt, Toolkit

LIST = "/admin/toolkits/job/"


@pytest.fixture
def signed_in(client: Client, curator: User) -> Client:
    client.force_login(curator)
    return client


@pytest.fixture
def toolkit(db: None) -> Toolkit:
    return make_row("sample")


def shown(client: Client, query: str = "") -> set[str]:
    """The ids of the jobs on the page."""
    response = client.get(LIST + query)
    assert response.status_code == 200
    return {str(job.pk) for job in response.context["cl"].result_list}


def test_the_list_shows_jobs_of_everybody_with_their_state_and_reason(
    signed_in: Client, toolkit: Toolkit, user: User
) -> None:
    job = make_job(toolkit, user, state=JobState.FAILED, reason="The host is down.")
    page = signed_in.get(LIST).content.decode()
    assert str(job.pk) in page
    assert "The host is down." in page
    assert "is-failed" in page


def test_jobs_are_filtered_by_state_and_toolkit(signed_in: Client, toolkit: Toolkit) -> None:
    failed = make_job(toolkit, state=JobState.FAILED)
    make_job(make_row("other"), state=JobState.SUCCEEDED)
    assert shown(signed_in, "?state__exact=failed") == {str(failed.pk)}
    assert shown(signed_in, "?toolkit=sample") == {str(failed.pk)}
    assert shown(signed_in, "?toolkit=sample&state__exact=succeeded") == set()


def test_jobs_are_filtered_by_the_time_in_their_key(signed_in: Client, toolkit: Toolkit) -> None:
    old_key = uuid7_floor(timezone.now() - timedelta(days=2))
    old, new = make_job(toolkit, id=old_key), make_job(toolkit)
    assert shown(signed_in, "?age=day") == {str(new.pk)}
    assert shown(signed_in, "?age=week") == {str(old.pk), str(new.pk)}


def test_a_job_is_found_by_its_id_its_toolkit_and_its_operation(
    signed_in: Client, toolkit: Toolkit
) -> None:
    job, other = make_job(toolkit), make_job(toolkit, operation="bye")
    assert shown(signed_in, f"?q={job.pk}") == {str(job.pk)}
    assert shown(signed_in, "?q=sample") == {str(job.pk), str(other.pk)}
    assert shown(signed_in, "?q=sample.bye") == {str(other.pk)}
    assert shown(signed_in, "?q=%25") == set()


def test_the_list_counts_no_more_rows_than_its_bound(
    signed_in: Client, toolkit: Toolkit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MOST_COUNTED", 5)
    for _ in range(7):
        make_job(toolkit)
    with CaptureQueriesContext(connection, ) as queries:
        page = signed_in.get(LIST).content.decode()
    assert "more than 5" in page
    counts = [q["sql"] for q in queries if "COUNT(" in q["sql"] and "toolkits_job" in q["sql"]]
    assert counts
    assert all("LIMIT 6" in sql for sql in counts)


def test_the_list_asks_as_much_whatever_the_number_of_jobs(
    signed_in: Client, toolkit: Toolkit, django_assert_max_num_queries: Any
) -> None:
    for number in range(40):
        make_job(toolkit, make_user(f"u{number}"))
    with django_assert_max_num_queries(12):
        signed_in.get(LIST)


def test_the_list_leaves_the_big_columns_in_the_database(
    signed_in: Client, toolkit: Toolkit
) -> None:
    make_job(toolkit, state=JobState.SUCCEEDED, result={"big": "x" * 1000})
    (job,) = signed_in.get(LIST).context["cl"].result_list
    assert {"inputs", "result", "error"} <= job.get_deferred_fields()


def test_the_page_of_a_job_shows_its_attempts_and_leads_to_its_log(
    signed_in: Client, toolkit: Toolkit
) -> None:
    job = make_job(toolkit, state=JobState.FAILED, log_lines=12)
    JobAttempt.objects.create(
        job=job, number=1, worker="w.1", outcome="lost", finished_at=timezone.now()
    )
    page = signed_in.get(reverse("admin:toolkits_job_change", args=[job.pk])).content.decode()
    assert "w.1" in page
    assert "is-lost" in page
    assert reverse("job-detail", args=[job.pk]) in page


def test_secret_inputs_are_masked(signed_in: Client, toolkit: Toolkit) -> None:
    job = make_job(toolkit, inputs={"token": {"$secret": "jobs/abc"}, "host": "db1"})
    page = signed_in.get(reverse("admin:toolkits_job_change", args=[job.pk])).content.decode()
    assert "db1" in page
    assert "$secret" not in page


def test_a_job_is_neither_added_changed_nor_deleted(signed_in: Client, toolkit: Toolkit) -> None:
    job = make_job(toolkit)
    for name, args in (("add", []), ("change", [job.pk]), ("delete", [job.pk])):
        url = reverse(f"admin:toolkits_job_{name}", args=args)
        assert signed_in.post(url, {"post": "yes", "title": "x"}).status_code == 403
    assert signed_in.post(LIST, {"action": "delete_selected", "_selected_action": [job.pk]})
    assert Job.objects.filter(pk=job.pk, title="Hello").exists()


def test_a_job_that_is_not_there_is_not_found(signed_in: Client) -> None:
    assert signed_in.get(reverse("admin:toolkits_job_change", args=[uuid7()])).status_code == 404
    assert signed_in.get("/admin/toolkits/job/nonsense/change/").status_code == 404


def test_a_system_administrator_sees_jobs_too(client: Client, toolkit: Toolkit) -> None:
    job = make_job(toolkit)
    client.force_login(make_user("sys", roles=[SYSTEM_ADMIN]))
    assert shown(client) == {str(job.pk)}
