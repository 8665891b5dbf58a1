"""One's own time zone and language."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from accounts.models import User
from audit.models import Event
from tests.support.factories import PASSWORD, make_job, make_row
from toolkits.jobs.states import JobState


def sign_in(client: Client, zone: str) -> None:
    client.cookies["zone"] = zone
    client.post("/account/login/", {"username": "uma", "password": PASSWORD})


def test_the_first_sign_in_tells_the_zone_and_later_ones_change_nothing(
    client: Client, user: User
) -> None:
    sign_in(client, "Asia/Tokyo")
    user.refresh_from_db()
    assert user.time_zone == "Asia/Tokyo"
    sign_in(Client(), "Europe/Berlin")
    user.refresh_from_db()
    assert user.time_zone == "Asia/Tokyo"
    assert Event.objects.filter(name="user.changed").count() == 1


@pytest.mark.parametrize("zone", ["Mars/Base", "../../etc/passwd", "x" * 300, ""])
def test_a_cookie_that_names_no_zone_is_left_alone(zone: str, client: Client, user: User) -> None:
    sign_in(client, zone)
    user.refresh_from_db()
    assert user.time_zone == ""


def test_exact_times_are_in_the_zone_of_the_account(client: Client, user: User) -> None:
    when = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    job = make_job(make_row("kit"), user, state=JobState.SUCCEEDED, started_at=when)
    client.force_login(user)
    client.post("/account/preferences/", {"time_zone": "Asia/Tokyo", "language": ""})
    page = client.get(f"/jobs/{job.pk}/").content.decode()
    assert "2026-07-02 07:30:00 JST" in page
    assert 'data-zone="Asia/Tokyo"' in page


def test_what_is_typed_without_a_zone_is_in_that_of_the_account(client: Client, user: User) -> None:
    kit = make_row("kit")
    client.force_login(user)
    client.post("/account/preferences/", {"time_zone": "Asia/Tokyo"})
    client.post(f"/toolkits/{kit.slug}/run/hello/", {"_run_at": "2099-01-01T09:00"})
    assert kit.jobs.get().not_before == datetime(2099, 1, 1, tzinfo=UTC)


def test_pages_are_in_the_language_of_the_account_else_of_the_browser(
    client: Client, user: User
) -> None:
    client.force_login(user)
    german = {"Accept-Language": "de-AT,de;q=0.9"}
    assert 'lang="de"' in client.get("/jobs/", headers=german).content.decode()
    client.post("/account/preferences/", {"language": "en"})
    assert 'lang="en"' in client.get("/jobs/", headers=german).content.decode()
    client.post("/account/preferences/", {"language": "de"})
    assert 'lang="de"' in client.get("/jobs/").content.decode()


def test_what_does_not_exist_cannot_be_chosen(client: Client, user: User) -> None:
    client.force_login(user)
    client.post("/account/preferences/", {"time_zone": "Mars/Base", "language": "tlh"})
    user.refresh_from_db()
    assert (user.time_zone, user.language) == ("", "")


def test_without_scripts_the_theme_is_chosen_with_the_rest(client: Client, user: User) -> None:
    client.force_login(user)
    client.post("/account/preferences/", {"time_zone": "", "language": "", "theme": "light"})
    assert client.cookies["theme"].value == "light"
    assert 'data-bs-theme="light"' in client.get("/").content.decode()
    client.post("/account/preferences/", {"time_zone": "", "language": "", "theme": "<b>"})
    assert client.cookies["theme"].value == "light"
