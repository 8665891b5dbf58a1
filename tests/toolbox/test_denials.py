"""Refusals of signed-in people are on record."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from audit.models import Event
from tests.support.factories import make_job, make_row
from toolbox import denials

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _forget() -> None:
    denials.forget()


def denied() -> list[tuple[str, str, str]]:
    events = Event.objects.filter(name="access.denied").order_by("id")
    return [(event.actor_label, event.details["method"], event.target_label) for event in events]


@pytest.mark.parametrize("path", ["/audit/", "/api/v1/audit/", "/admin/", "/admin/audit/event/"])
def test_what_somebody_may_not_see_is_on_record(client: Client, user: User, path: str) -> None:
    client.force_login(user)
    assert client.get(path).status_code == 404
    assert denied() == [("uma", "GET", path)]


def test_somebody_elses_job_is_on_record(client: Client, user: User, curator: User) -> None:
    job = make_job(make_row("disks"), curator)
    client.force_login(user)
    client.post(f"/api/v1/jobs/{job.pk}/cancel/")
    assert denied() == [("uma", "POST", f"/api/v1/jobs/{job.pk}/cancel/")]


def test_a_page_that_asks_again_and_again_is_one_denial(client: Client, user: User) -> None:
    client.force_login(user)
    for _ in range(5):
        client.get("/audit/")
    assert len(denied()) == 1


@pytest.mark.parametrize("path", ["/no-such-page/", "/api/v1/no-such-thing/"])
def test_addresses_that_are_nobodys_are_not(client: Client, user: User, path: str) -> None:
    client.force_login(user)
    assert client.get(path).status_code == 404
    assert denied() == []


def test_strangers_and_what_is_allowed_are_not(client: Client, admin_user: User) -> None:
    client.get("/audit/")
    client.force_login(admin_user)
    client.get("/audit/")
    assert denied() == []
