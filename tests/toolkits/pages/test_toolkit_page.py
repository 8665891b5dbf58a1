"""The page of a toolkit: how it runs, what is wrong with it, what it may do, what is newer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from tests.support.factories import make_job, make_row
from toolkits import notices
from toolkits.bundles import presence
from toolkits.jobs.states import JobState
from toolkits.models import CardState, Catalog, Toolkit
from toolkits.pages import toolkit_facts

PAGE = "/toolkits/net/"


@pytest.fixture
def toolkit(db: None) -> Toolkit:
    return make_row("net", cards=[{"name": "c", "title": "Reach", "refresh": 60}])


@pytest.fixture
def signed_in(client: Client, curator: User) -> Client:
    client.force_login(curator)
    return client


def run(toolkit: Toolkit, user: User, state: JobState, seconds: float, days: int = 0) -> None:
    ended = timezone.now() - timedelta(days=days)
    started = ended - timedelta(seconds=seconds)
    make_job(toolkit, user, state=state, started_at=started, finished_at=ended)


def _text(answer: Any) -> str:
    return str(answer.content.decode())


def test_figures_are_of_runs_that_ended_by_themselves(toolkit: Toolkit, user: User) -> None:
    for number in range(3):
        run(toolkit, user, JobState.SUCCEEDED, 2.0, days=number)
    run(toolkit, user, JobState.TIMED_OUT, 60.0)
    run(toolkit, user, JobState.CANCELLED, 500.0)
    run(toolkit, user, JobState.FAILED, 9.0, days=60)
    runs = toolkit_facts.runs_of(toolkit.jobs.all())
    found = toolkit_facts.performance(runs, {"hello": "Hello"})
    assert found is not None
    assert (found["count"], found["percent"], found["median"]) == (4, 75.0, 2.0)
    (line,) = found["operations"]
    assert (line["title"], line["slowest"], line["state"]) == ("Hello", 60.0, "critical")
    assert len(found["success"]["series"][0]["points"]) == 3


def test_the_page_draws_them(signed_in: Client, toolkit: Toolkit, user: User) -> None:
    assert "How it runs" not in _text(signed_in.get(PAGE))
    run(toolkit, user, JobState.SUCCEEDED, 2.0)
    run(toolkit, user, JobState.SUCCEEDED, 3.0, days=2)
    page = _text(signed_in.get(PAGE))
    assert "100 %" in page
    assert page.count("data-chart=") == 2


def test_its_health_names_what_is_wrong_the_worst_first(
    signed_in: Client, toolkit: Toolkit, user: User
) -> None:
    assert "Nothing is wrong" in _text(signed_in.get(PAGE))
    job = make_job(toolkit, user, state=JobState.SUCCEEDED)
    notices.give(job, title="edge is slow", text="", state="warning", key="edge")
    notices.give(job, title="core is slow", text="", state="critical", key="core")
    notices.give(job, title="core is well", text="", state="ok", key="core")
    CardState.objects.create(
        toolkit=toolkit, name="c", error="no route", next_refresh_at=timezone.now()
    )
    page = _text(signed_in.get(PAGE))
    assert page.index("The card Reach fails: no route") < page.index("edge is slow")
    assert "core is slow" not in page


def test_notices_of_jobs_that_one_does_not_see_are_not_told(
    client: Client, toolkit: Toolkit, user: User, admin_user: User
) -> None:
    job = make_job(toolkit, admin_user, state=JobState.SUCCEEDED)
    notices.give(job, title="edge is slow", text="", state="warning", key="edge")
    client.force_login(user)
    assert "edge is slow" not in _text(client.get(PAGE))


def test_what_it_asked_for_is_in_words(signed_in: Client, toolkit: Toolkit) -> None:
    version = toolkit.active_version
    assert version is not None
    version.manifest = {**version.manifest, "permissions": {"vault": ["dns/*"], "network": False}}
    version.save()
    page = _text(signed_in.get(PAGE))
    assert "read secrets below dns/*" in page
    assert "open network connections" not in page


def offer(version: str) -> None:
    entry = {
        "slug": "net", "name": "Net", "description": "", "icon": "", "docs": "", "categories": [],
        "tags": [], "problem": "",
        "versions": [{"version": version, "url": "https://c.example/n.zip", "digest": "",
                      "changelog": "Finds *more*.", "requires": "", "fits": True}],
    }  # fmt: skip
    Catalog.objects.create(name="ours", url="https://c.example/", entries=[entry])


def test_who_may_update_it_is_told_of_a_newer_version(
    signed_in: Client, toolkit: Toolkit, user: User
) -> None:
    offer("1.1.0")
    assert "Finds <em>more</em>." in _text(signed_in.get(PAGE))
    assert "Version 1.1.0 is out." in _text(signed_in.get("/toolkits/"))
    signed_in.force_login(user)
    assert "1.1.0" not in _text(signed_in.get(PAGE)) + _text(signed_in.get("/toolkits/"))


def test_what_changed_is_a_page(signed_in: Client, toolkit: Toolkit, storage: Any) -> None:
    assert signed_in.get(PAGE + "changelog/").status_code == 404
    version = toolkit.active_version
    assert version is not None
    version.path.mkdir(parents=True)
    presence.forget()
    (version.path / "CHANGELOG.md").write_text("# Changes\n\n## 1.0.0\n\n- First.\n")
    assert "First." in _text(signed_in.get(PAGE + "changelog/"))
    assert "/toolkits/net/changelog/" in _text(signed_in.get(PAGE))


def test_the_page_asks_little_however_much_has_run(
    signed_in: Client, toolkit: Toolkit, user: User
) -> None:
    run(toolkit, user, JobState.SUCCEEDED, 2.0)
    signed_in.get(PAGE)
    with CaptureQueriesContext(connection) as few:
        signed_in.get(PAGE)
    for number in range(20):
        run(toolkit, user, JobState.SUCCEEDED, 2.0, days=number)
    with CaptureQueriesContext(connection) as many:
        signed_in.get(PAGE)
    assert len(few) == len(many)
    assert len(many) <= 12


def test_a_toolkit_about_the_platform_shows_how_that_is_without_a_job(
    signed_in: Client, toolkit: Toolkit
) -> None:
    assert 'id="platform"' not in _text(signed_in.get(PAGE))
    version = toolkit.active_version
    assert version is not None
    version.manifest = {**version.manifest, "permissions": {"platform": ["health"]}}
    version.save()

    assert 'hx-get="/platform/"' in _text(signed_in.get(PAGE))
