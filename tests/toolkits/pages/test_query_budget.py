"""No page asks the database more often than twelve times, however much there is to show."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Grant, User
from accounts.roles import TOOLKIT_USER
from audit.models import Event
from tests.support import factories
from tests.support.addresses import plain_addresses
from tests.support.api import close
from toolkits.jobs import logs
from toolkits.jobs.states import JobState
from toolkits.models import CardState, Catalog, Job, JobAttempt, JobStep, Record, Schedule, Toolkit

MOST = 12
#: Its figures are what its checks of every part of the platform took; no rows are listed.
_ASKS_THE_PLATFORM = {"/admin/system/", "/health", "/metrics", "/livez", "/platform/"}
_SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}}}


def _fill(toolkit: Toolkit, people: list[User], rows: int) -> Job:
    """Make rows of everything that pages list; returns a job that went wrong."""
    now = timezone.now()
    owner = Group.objects.get(name=TOOLKIT_USER)
    CardState.objects.create(
        toolkit=toolkit, name="up", view={"view": "stat", "value": 1}, next_refresh_at=now
    )
    for number in range(rows):
        user = people[number % len(people)]
        make = {"requester": user.username, "inputs": {"name": f"n{number}"}}
        factories.make_job(toolkit, user, state=JobState.SUCCEEDED, **make)
        job = factories.make_job(toolkit, user, state=JobState.LOST, log_lines=1, **make)
        factories.make_job(toolkit, people[-1], state=JobState.AWAITING_APPROVAL, **make)
        logs.append(job.pk, 1, 1, [[1.0, "INFO", "kit", "line"]])
        attempt = JobAttempt.objects.create(job=job, number=1, worker="w")
        JobStep.objects.create(
            job=job, attempt=attempt.number, name=f"s{number}", state="completed"
        )
        factories.make_artifact(job, "a.txt", "text")
        Record.objects.create(toolkit=toolkit, collection="hosts", data={"name": f"h{number}"})
        factories.make_token(people[0], name=f"t{number}")
        when: dict[str, Any] = {"kind": "cron", "cron": "0 3 * * *", "problem": "It cannot run."}
        Schedule.objects.create(
            name=f"s{number}", toolkit=toolkit, operation="hello", owner=owner,
            next_run_at=now + timedelta(hours=1), **when,
        )  # fmt: skip
    return job


def _addresses(toolkit: Toolkit, job: Job) -> list[str]:
    base = f"/toolkits/{toolkit.slug}/"
    record, schedule = Record.objects.first(), Schedule.objects.first()
    assert record is not None
    assert schedule is not None
    return [
        base, f"{base}run/hello/", f"{base}run/hello/schedule/", f"{base}docs/",
        f"{base}changelog/", f"{base}records/hosts/", f"{base}records/hosts/new/",
        f"{base}records/hosts/import/", f"{base}records/hosts/{record.pk}/",
        f"/jobs/{job.pk}/", f"/jobs/{job.pk}/live/", f"/jobs/{job.pk}/compare/",
        f"/schedules/{schedule.pk}/", "/search/?q=hello", "/jobs/?state=lost", "/docs/audit/",
        f"/audit/{Event.objects.latest('pk').pk}/",
        *(
            f"/admin/{name}/{row.pk}/{view}/"
            for name, row in {
                "toolkits/toolkit": toolkit, "toolkits/job": job, "toolkits/record": record,
                "toolkits/schedule": schedule, "accounts/user": User.objects.first(),
                "accounts/role": Group.objects.first(), "audit/event": Event.objects.first(),
            }.items()
            for view in ("change", "history")
        ),
    ]  # fmt: skip


@pytest.mark.parametrize("who", ["admin", "curator", "granted"])
@pytest.mark.parametrize("rows", [2, 25])
def test_no_page_asks_more_often_than_twelve_times(
    who: str, rows: int, client: Client, admin_user: User, curator: User, user: User, storage: Any
) -> None:
    collection = {"name": "hosts", "title": "Hosts", "type": "Host", "schema": _SCHEMA}
    kit = factories.make_row(
        "sample-toolkit",
        operations=[factories.operation("hello", inputs=_SCHEMA), factories.operation("bye")],
        collections=[collection],
        cards=[{"name": "up", "title": "Up", "refresh": 60}],
    )
    others = [factories.make_user(f"somebody-{number}") for number in range(rows)]
    granted = factories.make_user("granted")
    for one in (user, granted):
        Grant.objects.create(user=one, role=TOOLKIT_USER, toolkit_slug=kit.slug, sees_jobs=True)
    person = {"admin": admin_user, "curator": curator, "granted": granted}[who]
    job = _fill(kit, [person, *others], rows)
    Catalog.objects.create(name="Ours", url="https://example.com/catalog.json")
    client.force_login(person)
    client.get("/")
    asked = {}
    for path in [*sorted(set(plain_addresses()) - _ASKS_THE_PLATFORM), *_addresses(kit, job)]:
        with CaptureQueriesContext(connection) as found:
            answer = client.get(path)
        kind = answer.headers.get("Content-Type", "")
        if answer.status_code == 200 and kind.startswith("text/html"):
            asked[path] = sum(not query["sql"].startswith(("SAVE", "REL")) for query in found)
        close(answer)
    assert len(asked) >= (25 if who == "granted" else 45)
    assert {path: count for path, count in asked.items() if count > MOST} == {}
