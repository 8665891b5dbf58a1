"""Queues and workers in the admin."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.support.factories import make_job, make_row
from toolkits.jobs import overview
from toolkits.jobs.dispatch import enqueue
from toolkits.models import SchedulerLease

URL = "/admin/queues/"


def test_the_page_says_when_the_queue_server_is_away(
    client: Client, curator: User, valkey: Any
) -> None:
    client.force_login(curator)
    valkey.stop()
    response = client.get(URL)
    assert response.status_code == 200
    assert "not reachable" in response.content.decode()


def test_it_shows_depth_and_age_of_what_waits(client: Client, curator: User, valkey: Any) -> None:
    job = make_job(make_row("sample"))
    enqueue(job)
    client.force_login(curator)
    response = client.get(URL)
    (default,) = [queue for queue in response.context["queues"] if queue.name == "default"]
    assert (default.depth, default.waiting, default.oldest) == (1, 1, job.created_at)
    assert "nobody listens" in response.content.decode()


def test_it_shows_the_workers_that_run(client: Client, curator: User, run_worker: Any) -> None:
    (worker,) = overview.workers()
    assert not worker.silent
    client.force_login(curator)
    page = client.get(URL).content.decode()
    assert worker.name[:30] in page
    assert "nobody listens" not in page


def test_it_shows_which_scheduler_acts(client: Client, curator: User) -> None:
    later = timezone.now() + timezone.timedelta(seconds=30)
    SchedulerLease.objects.create(name="scheduler", holder="host.1", expires_at=later)
    client.force_login(curator)
    page = client.get(URL).content.decode()
    assert "host.1" in page
    assert "nobody acts" not in page


def test_it_is_not_for_users(client: Client, user: User) -> None:
    client.force_login(user)
    assert client.get(URL).status_code == 404
