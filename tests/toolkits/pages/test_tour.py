"""What the dashboard says about what to do next."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from tests.support.factories import make_job, make_row, operation
from toolkits.jobs.states import JobState
from toolkits.models import Toolkit


@pytest.fixture
def sample(db: None) -> Toolkit:
    return make_row("sample-toolkit", operations=[operation("hello"), operation("slow")])


def test_the_tour_ticks_off_what_was_tried_and_can_be_put_away(
    client: Client, user: User, sample: Toolkit
) -> None:
    client.force_login(user)
    steps = client.get("/").context["tour"].steps
    assert [(step.title, step.done) for step in steps] == [
        ("Say hello", False),
        ("Take some time", False),
    ]
    make_job(sample, user, state=JobState.SUCCEEDED)
    page = client.get("/")
    assert page.context["tour"].steps[0].done
    assert "Set it up" not in page.content.decode()
    client.post("/tour/dismiss/")
    assert "What to do next" not in client.get("/").content.decode()


def test_an_empty_system_tells_its_administrator_what_to_set_up(
    client: Client, admin_user: User
) -> None:
    client.force_login(admin_user)
    page = client.get("/")
    done = {step.title: step.done for step in page.context["tour"].setup}
    assert done["Enable toolkits"] is False
    assert done["Bring people"] is False
    assert "Add a second factor." in page.content.decode()
