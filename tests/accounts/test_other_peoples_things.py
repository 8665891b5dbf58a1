"""Ids of other people's jobs, logs, files, tokens and sessions open nothing, by any door."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts import sessions
from accounts.models import Grant, SessionKind, User
from accounts.roles import TOOLKIT_USER
from tests.support.factories import make_artifact, make_job, make_row, make_token, make_user
from toolkits.jobs.states import JobState
from toolkits.models import Job, Toolkit

pytestmark = pytest.mark.django_db

SECRET = "what-only-the-owner-may-read"


@pytest.fixture
def net() -> Toolkit:
    return make_row("net")


@pytest.fixture
def job(net: Toolkit, storage: Any) -> Job:
    owner = make_user("owner", roles=[TOOLKIT_USER])
    made = make_job(
        net, owner, state=JobState.SUCCEEDED, title=SECRET, result={"value": SECRET}, log_lines=1
    )
    make_artifact(made, "report.txt", SECRET)
    return made


def doors(job_id: Any) -> list[tuple[str, str]]:
    page, api = f"/jobs/{job_id}/", f"/api/v1/jobs/{job_id}/"
    return [
        ("GET", page), ("GET", f"{page}live/"), ("GET", f"{page}log.txt"),
        ("GET", f"{page}result.json"), ("GET", f"{page}result/"),
        ("GET", f"{page}files/report.txt"), ("POST", f"{page}cancel/"),
        ("GET", api), ("GET", f"{api}logs/"), ("GET", f"{api}events/"), ("GET", f"{api}artifacts/"),
        ("GET", f"{api}artifacts/report.txt/"), ("POST", f"{api}cancel/"), ("POST", f"{api}retry/"),
        ("POST", f"{api}approve/"), ("POST", f"{api}reject/"), ("GET", f"{api}steps/"),
        ("GET", f"{api}comparison/"), ("GET", f"{page}compare/"), ("POST", f"{page}decide/"),
    ]  # fmt: skip


def test_every_address_of_a_job_is_among_the_doors() -> None:
    table = Path(__file__).with_name("access_table.toml").read_text()
    found = re.findall(r'^"[A-Z ]+ (\S*<uuid:job_id>\S*)"', table, re.MULTILINE)
    known = {path.replace("<str:name>", "report.txt") for path in found}
    assert known == {path for _, path in doors("<uuid:job_id>")}


def ask(client: Client, method: str, path: str) -> tuple[int, str]:
    response = client.generic(method, path, content_type="application/json")
    text = "" if response.streaming else response.content.decode("utf-8", "replace")
    return response.status_code, text


@pytest.mark.parametrize("number", range(20))
def test_the_job_of_somebody_else_is_as_if_it_were_not_there(
    user: User, job: Job, number: int
) -> None:
    client = Client()
    client.force_login(user)
    method, path = doors(job.pk)[number]
    _, nowhere = doors(uuid.uuid4())[number]
    status, text = ask(client, method, path)
    assert status == 404
    assert SECRET not in text
    assert status == ask(client, method, nowhere)[0], "absent and forbidden look alike"


def test_a_list_shows_nothing_of_other_peoples_jobs(user: User, job: Job) -> None:
    client = Client()
    client.force_login(user)
    for path in ("/jobs/", f"/jobs/?q={SECRET}", "/", "/toolkits/net/", "/api/v1/jobs/",
                 "/api/v1/jobs/?user=owner", f"/api/v1/jobs/?q={SECRET}"):  # fmt: skip
        assert str(job.pk) not in client.get(path).content.decode(), path


def test_a_token_for_another_toolkit_shows_nothing_of_this_one(job: Job) -> None:
    _, text = make_token(User.objects.get(username="owner"), toolkits=["disk"])
    client = Client(headers={"Authorization": f"Bearer {text}"})
    for method, path in doors(job.pk):
        if path.startswith("/api/"):
            assert ask(client, method, path)[0] == 404, path


def test_a_grant_that_was_taken_away_closes_at_once(job: Job) -> None:
    user = make_user("gwen")
    grant = Grant.objects.create(user=user, role=TOOLKIT_USER, toolkit_slug="net")
    client = Client()
    client.force_login(user)
    assert ask(client, "GET", f"/jobs/{job.pk}/")[0] == 200
    grant.delete()
    assert ask(client, "GET", f"/jobs/{job.pk}/")[0] == 404


def test_tokens_and_sessions_of_somebody_else_are_as_if_they_were_not_there(user: User) -> None:
    other = make_user()
    token, _ = make_token(other)
    row = sessions.begin(other, SessionKind.API, seconds=600)
    client = Client()
    client.force_login(user)
    for method, path in [
        ("DELETE", f"/api/v1/auth/tokens/{token.pk}/"),
        ("DELETE", f"/api/v1/auth/sessions/{row.pk}/"),
        ("POST", f"/account/tokens/{token.pk}/revoke/"),
        ("POST", f"/account/sessions/{row.pk}/end/"),
    ]:
        assert ask(client, method, path)[0] == 404, path
    token.refresh_from_db()
    row.refresh_from_db()
    assert token.is_good
    assert row.is_alive
