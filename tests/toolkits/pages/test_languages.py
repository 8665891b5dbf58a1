"""What services refuse is said in the language of who asked."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from tests.support.factories import make_job, make_row, operation
from toolkits.jobs.states import JobState

SCHEMA = {
    "type": "object",
    "properties": {"port": {"type": "integer", "maximum": 9}, "host": {"type": "string"}},
    "required": ["host"],
}


@pytest.fixture
def german(client: Client, user: User) -> Client:
    user.language = "de"
    user.save()
    client.force_login(user)
    return client


def test_what_is_wrong_with_an_input_stands_there_in_german(german: Client) -> None:
    make_row("net", operations=[operation("send", inputs=SCHEMA)])
    page = german.post("/toolkits/net/run/send/", {"port": "12"}).content.decode()
    assert "Darf höchstens 9 sein, ist aber 12" in page
    assert "Wird gebraucht" in page


def test_a_refusal_is_told_in_german(german: Client, user: User) -> None:
    job = make_job(make_row("net"), user, state=JobState.SUCCEEDED)
    page = german.post(f"/jobs/{job.pk}/cancel/", follow=True).content.decode()
    assert "Der Job ist bereits beendet: erfolgreich." in page


def test_the_same_is_english_for_others(client: Client, user: User) -> None:
    make_row("net", operations=[operation("send", inputs=SCHEMA)])
    client.force_login(user)
    page = client.post("/toolkits/net/run/send/", {"port": "12"}).content.decode()
    assert "Must be at most 9, but is 12" in page
