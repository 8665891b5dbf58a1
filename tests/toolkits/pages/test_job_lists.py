"""The list of jobs: filters, pages, export, many at once."""

from __future__ import annotations

import csv
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from tests.support.factories import make_job, make_row, make_user, operation
from toolkits.jobs.states import JobState
from toolkits.models import Job, Toolkit


@pytest.fixture
def kit(db: None) -> Toolkit:
    return make_row("net")


@pytest.fixture
def signed_in(client: Client, curator: User) -> Client:
    client.force_login(curator)
    return client


def titles(client: Client, query: str = "") -> list[str]:
    return [job.title for job in client.get(f"/jobs/{query}").context["jobs"]]


def test_each_filter_narrows_the_list(signed_in: Client, kit: Toolkit) -> None:
    ann, bob = make_user("ann"), make_user("bob")
    old = timezone.now() - timedelta(days=3)
    make_job(kit, ann, title="a", state=JobState.FAILED, reason="Disk is full.", created_at=old)
    make_job(make_row("dns"), bob, title="b", state=JobState.RUNNING, operation="lookup")
    make_job(kit, bob, title="c", state=JobState.SUCCEEDED)
    assert titles(signed_in) == ["c", "b", "a"]
    yesterday = (timezone.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    for query, expected in {
        "?toolkit=net": ["c", "a"],
        "?operation=lookup": ["b"],
        "?state=failed": ["a"],
        "?state=failed&state=succeeded": ["c", "a"],
        "?state=active": ["b"],
        "?state=problems": ["a"],
        "?user=BOB": ["c", "b"],
        "?q=disk": ["a"],
        f"?since={yesterday}": ["c", "b"],
        f"?until={yesterday}": ["a"],
        "?state=nonsense": ["c", "b", "a"],
        "?since=nonsense&before=nonsense": ["c", "b", "a"],
        "?q=%00": ["c", "b", "a"],
    }.items():
        assert titles(signed_in, query) == expected, query


def test_filters_never_widen_what_one_sees(client: Client, user: User, kit: Toolkit) -> None:
    make_job(kit, make_user("ann"), title="hers")
    client.force_login(user)
    for query in ("?user=ann", "?toolkit=net", "?q=hers", "?state=active"):
        assert titles(client, query) == []


def test_pages_go_down_and_up_again_with_the_filters(signed_in: Client, kit: Toolkit) -> None:
    for number in range(120):
        make_job(kit, title=f"{number:03}", state=JobState.SUCCEEDED)
    first = signed_in.get("/jobs/?toolkit=net")
    second = signed_in.get("/jobs/" + first.context["paging"].older)
    third = signed_in.get("/jobs/" + second.context["paging"].older)
    shown = [job.title for page in (first, second, third) for job in page.context["jobs"]]
    assert shown == [f"{number:03}" for number in reversed(range(120))]
    assert "toolkit=net" in third.context["paging"].newer
    assert third.context["paging"].older == ""
    back = signed_in.get("/jobs/" + third.context["paging"].newer)
    assert [job.title for job in back.context["jobs"]] == shown[50:100]


def test_the_list_asks_again_by_itself_only_while_something_runs(
    signed_in: Client, kit: Toolkit
) -> None:
    make_job(kit, state=JobState.SUCCEEDED)
    assert "every 4s" not in signed_in.get("/jobs/").content.decode()
    make_job(kit, state=JobState.RUNNING)
    text = signed_in.get("/jobs/?toolkit=net").content.decode()
    assert 'hx-get="/jobs/?toolkit=net" hx-trigger="every 4s"' in text
    assert "every 4s" not in signed_in.get("/jobs/?select=on").content.decode()


def test_an_export_follows_the_filters_and_holds_no_formula(
    signed_in: Client, kit: Toolkit
) -> None:
    make_job(
        kit, title="=HYPERLINK(1)", state=JobState.FAILED, reason="+1", inputs={"a": "private"}
    )
    make_job(kit, title="other", state=JobState.SUCCEEDED)
    answer = signed_in.get("/jobs/export.csv?state=failed")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    (row,) = csv.DictReader(text.splitlines())
    assert (row["title"], row["reason"], row["state"]) == ("'=HYPERLINK(1)", "'+1", "failed")
    assert "private" not in text
    assert Event.objects.get(name="job.exported").details["rows"] == 1


def test_an_export_holds_only_jobs_that_one_sees(client: Client, user: User, kit: Toolkit) -> None:
    make_job(kit, make_user("ann"), title="hers")
    client.force_login(user)
    answer = client.get("/jobs/export.csv")
    assert b"hers" not in b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def test_ticked_jobs_are_cancelled_and_ended_ones_left(signed_in: Client, kit: Toolkit) -> None:
    waiting, ended = make_job(kit), make_job(kit, state=JobState.SUCCEEDED)
    form = {"job": [str(waiting.pk), str(ended.pk), "nonsense"], "query": "toolkit=net"}
    answer = signed_in.post("/jobs/cancel/", form, follow=True)
    waiting.refresh_from_db()
    assert waiting.state == JobState.CANCELLED
    text = answer.content.decode()
    assert "1 job was asked to stop." in text
    assert "1 job had ended already" in text
    assert answer.redirect_chain[-1][0] == "/jobs/?toolkit=net"


def test_jobs_of_others_are_not_cancelled_by_their_ids(
    client: Client, user: User, kit: Toolkit
) -> None:
    job = make_job(kit, make_user("ann"))
    client.force_login(user)
    client.post("/jobs/cancel/", {"job": [str(job.pk)]})
    job.refresh_from_db()
    assert job.state == JobState.QUEUED


@pytest.mark.parametrize("rows", [2, 49])
def test_the_list_asks_few_questions(
    signed_in: Client, kit: Toolkit, django_assert_max_num_queries: Any, rows: int
) -> None:
    for _ in range(rows):
        make_job(kit, make_user(), state=JobState.RUNNING)
    for query in ("", "?select=on&state=active", "?toolkit=net&user=x&q=a"):
        with django_assert_max_num_queries(12):
            assert signed_in.get(f"/jobs/{query}").status_code == 200


def test_ticked_jobs_run_again_but_not_what_destroys_or_has_not_ended(
    client: Client, curator: User
) -> None:
    kit = make_row("del", operations=[operation("hello"), operation("drop", effect="destroy")])
    client.force_login(curator)
    ended = make_job(kit, curator, state=JobState.FAILED)
    harm = make_job(kit, curator, state=JobState.FAILED, operation="drop")
    waits = make_job(kit, curator)
    client.post("/jobs/retry/", {"job": [str(job.pk) for job in (ended, harm, waits)]})
    again = Job.objects.exclude(pk__in=[ended.pk, harm.pk, waits.pk])
    assert [job.rerun_of_id for job in again] == [ended.pk]
    page = client.get("/jobs/").content.decode()
    assert "1 job runs again." in page
    assert "It destroys something" in page
    assert "It has not ended yet." in page


@pytest.mark.parametrize("query", ["q=rare", "operation=rare"])
def test_words_are_looked_for_a_window_at_a_time(
    signed_in: Client, kit: Toolkit, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    monkeypatch.setattr("toolbox.keyset.looked_through.__defaults__", (20,))
    for number in range(65):
        name = "rare" if number in {3, 30, 60} else "common"
        make_job(kit, title=f"{number:02}", operation=name, state=JobState.SUCCEEDED)
    pages, address = [], f"/jobs/?{query}"
    while address:
        page = signed_in.get(address)
        pages.append([job.title for job in page.context["jobs"]])
        told = "20 jobs were looked through" in page.content.decode()
        older = page.context["paging"].older
        assert told == bool(older)
        address = "/jobs/" + older if older else ""
    assert pages == [["60"], ["30"], [], ["03"]]
    up = signed_in.get("/jobs/" + page.context["paging"].newer)
    assert [job.title for job in up.context["jobs"]] == []
    further = signed_in.get("/jobs/" + up.context["paging"].newer)
    assert [job.title for job in further.context["jobs"]] == ["30"]
