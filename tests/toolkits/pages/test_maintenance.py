"""The maintenance switch: who is sent away, and who and what passes."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from audit.models import Event
from tests.support.factories import make_token
from toolkits import maintenance


@pytest.fixture
def closed(admin_user: User) -> None:
    maintenance.begin(admin_user, "We move the database until 14:00.")
    maintenance.forget()


def test_people_see_a_page_that_says_so(client: Client, user: User, closed: None) -> None:
    client.force_login(user)
    answer = client.get("/jobs/")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "120"
    page = answer.content.decode()
    assert "We move the database until 14:00." in page
    assert "closed for maintenance" in page


def test_the_api_answers_a_problem_but_to_administrators(
    client: Client, user: User, admin_user: User, closed: None
) -> None:
    def ask(person: User) -> int:
        _, text = make_token(person)
        headers = {"Authorization": f"Bearer {text}"}
        return client.get("/api/v1/toolkits/", headers=headers).status_code

    assert (ask(user), ask(admin_user)) == (503, 200)
    answer = client.get("/api/v1/toolkits/")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"] == "We move the database until 14:00."


def test_administrators_health_and_signing_in_pass(
    client: Client, admin_user: User, closed: None
) -> None:
    assert client.get("/livez").status_code == 200
    assert client.get("/account/login/").status_code == 200
    client.force_login(admin_user)
    assert client.get("/").status_code == 200


def test_an_administrator_closes_and_opens_it(client: Client, admin_user: User) -> None:
    client.force_login(admin_user)
    client.post("/admin/maintenance/", {"message": "Soon back."})
    assert "Soon back." in client.get("/admin/maintenance/").content.decode()
    client.post("/admin/maintenance/", {"end": "on"})
    maintenance.forget()
    assert maintenance.present() is None
    names = Event.objects.filter(name__startswith="platform.maintenance").values_list("name")
    assert sorted(name for (name,) in names) == [
        "platform.maintenance_begun",
        "platform.maintenance_ended",
    ]
