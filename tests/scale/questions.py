"""Asks everything that pages, API and engine ask of large tables, and looks at each plan."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.roles import CORE_ROLES, TOOLKIT_USER
from tests.support import mass
from tests.support.factories import make_job, make_row, make_user, operation
from toolkits.jobs import claims, lease, recovery, retention
from toolkits.jobs.states import JobState
from toolkits.models import Job, Schedule, Toolkit

LARGE = {"toolkits_job", "toolkits_joblog", "audit_event"}
#: Rows that a statement may look at and throw away: a page of a list, some pages over.
MOST_THROWN_AWAY = 20_000


class World:
    """Large tables, an administrator who sees everything, and two people of whom one did much."""

    def __init__(self, jobs: int, events: int) -> None:
        self.admin = make_user("ada", roles=list(CORE_ROLES))
        people = [make_user(f"user{number}") for number in range(mass.USERS)]
        self.busy = people[0]
        self.new = make_user("newcomer", roles=[TOOLKIT_USER])
        for number in range(mass.TOOLKITS):
            kit = make_row(f"kit{number}", operations=[operation("op0"), operation("op1")])
        mass.jobs(jobs, kit, people)
        self.last = Job.objects.latest("pk")
        self.middle = Job.objects.order_by("pk")[jobs // 2]
        self.lines = mass.chunks()
        mass.events(events, people)
        for state in (JobState.QUEUED, JobState.RUNNING, JobState.QUEUED):
            make_job(kit, self.new, state=state)
        later = timezone.now() + timezone.timedelta(days=1)
        make_job(kit, self.new, state=JobState.SCHEDULED, not_before=later)
        mass.analyze(Job)

    def schedule(self) -> None:
        """A schedule of everybody's role, which ran a hundred times."""
        role = Group.objects.get(name=TOOLKIT_USER)
        made = Schedule.objects.create(
            name="Nightly", toolkit=Toolkit.objects.get(slug="kit3"), operation="op0",
            kind="cron", cron="0 2 * * *", owner=role,
        )  # fmt: skip
        every = Job.objects.count() // 100
        keys = list(Job.objects.order_by("pk").values_list("pk", flat=True)[::every])
        Job.objects.filter(pk__in=keys).update(schedule=made)
        mass.analyze(Job)

    def client(self, user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client


def pages(world: World) -> Iterator[tuple[User, str]]:
    """Addresses, and who asks for them."""
    api, job, middle = "/api/v1/", world.last.pk, world.middle.pk
    filters = (
        "", "?state=failed", "?state=running,queued", "?toolkit=kit3",
        "?toolkit=kit3&operation=op1", "?requested_by=user7", "?mine=true", f"?cursor={middle}",
        "?toolkit=nothing", "?fields=id,state", f"?parent={job}", f"?schedule={job}",
        f"?created_after={timezone.now() - timezone.timedelta(hours=8):%FT%TZ}",
    )  # fmt: skip
    for user in (world.admin, world.new, world.busy):
        for query in filters:
            yield user, f"{api}jobs/{query}"
        for path in ("/", "/jobs/", "/jobs/?state=failed", "/toolkits/"):
            yield user, path
        # What no index answers is looked for in a window, found or not.
        for query in ("q=nothing", "q=kit", "operation=nothing", "operation=op1&q=kit3 nothing",
                      "q=nothing&state=failed", "q=nothing&toolkit=kit3", "q=nothing&user=user7",
                      f"q=nothing&before={middle}", f"q=nothing&after={middle}"):  # fmt: skip
            yield user, f"/jobs/?{query}"
        yield user, "/search/?q=nothing"
    for path in (
        f"{api}jobs/{job}/", f"{api}jobs/{job}/logs/", f"{api}jobs/{job}/logs/?after=9000",
        f"{api}jobs/{job}/logs/?level=ERROR", f"/jobs/{job}/", f"/jobs/{middle}/",
        f"{api}jobs/{middle}/artifacts/", f"{api}jobs/{middle}/steps/", "/toolkits/kit3/",
    ):  # fmt: skip
        yield world.admin, path
    for query in (
        "", "?event=toolkit.enabled", "?event=auth.", "?severity=warning%2B", "?outcome=failure",
        "?address=192.0.2.7", "?q=w777", f"?cursor={middle}", "?actor=user7",
    ):  # fmt: skip
        yield world.admin, f"{api}audit/{query}"
    yield world.admin, "/audit/"


def engine() -> list[Callable[[], object]]:
    """What workers and the scheduler do all the time."""
    return [
        lambda: claims.claim_next("default", "worker"),
        lambda: lease.state_of(Job.objects.filter(state=JobState.RUNNING)[0]),
        recovery.recover_lost,
        recovery.start_due,
        recovery.sweep_queued,
        retention.prune_due,
    ]


def scans(world: World) -> list[str]:
    """What is wrong with the plans of all that."""
    found = _scans(world)
    world.schedule()
    return found or _scans(world)


def _scans(world: World) -> list[str]:
    found: list[str] = []
    for user, path in pages(world):
        client = world.client(user)
        with CaptureQueriesContext(connection) as asked:
            response = client.get(path)
            assert response.status_code == 200, (path, response.content[:500])
        found += _problems(f"{user} {path}", asked)
    for act in engine():
        with CaptureQueriesContext(connection) as asked:
            act()
        found += _problems(str(getattr(act, "__name__", act)), asked)
    return found


def _problems(what: str, asked: CaptureQueriesContext) -> Iterator[str]:
    for query in {query["sql"] for query in asked.captured_queries}:
        if not query.startswith(("SELECT", "WITH")) or not any(name in query for name in LARGE):
            continue
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}")
            plan = cursor.fetchone()[0]
        plan = json.loads(plan) if isinstance(plan, str) else plan
        for complaint in _complaints(plan[0]["Plan"]):
            yield f"{what}: {complaint}: {query[:600]}"


def _complaints(root: dict[str, Any]) -> Iterator[str]:
    nodes = [root]
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        loops = node.get("Actual Loops", 1)
        thrown = loops * sum(node.get(f"Rows Removed by {by}", 0)
                             for by in ("Filter", "Index Recheck", "Join Filter"))  # fmt: skip
        table = node.get("Relation Name")
        if node["Node Type"] == "Seq Scan" and table in LARGE and loops:
            yield f"scans all of {table}"
        elif thrown > MOST_THROWN_AWAY:
            yield f"throws {thrown:.0f} rows of {table} away"
        elif node.get("Actual Rows", 0) * loops > 5 * MOST_THROWN_AWAY:
            yield f"reads {node['Actual Rows'] * loops:.0f} rows ({node['Node Type']})"
