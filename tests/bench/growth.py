"""What things cost as there is ten and a hundred times as much, and a list at a million jobs.

Rows are made by PostgreSQL itself, so on SQLite these are skipped, and the report says so.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from functools import partial

from tests.bench.report import Report, Series
from tests.bench.stage import Stage
from tests.bench.web import ENV, browser, reader, timed

#: Lists of jobs, by what is asked; the filters are as wide and as narrow as people's.
_LISTS = {
    "API list of jobs": "/api/v1/jobs/",
    "API list of failed jobs": "/api/v1/jobs/?state=failed",
    "API list of jobs of a toolkit": "/api/v1/jobs/?toolkit=kit7",
    "API list of failed jobs of an operation": (
        "/api/v1/jobs/?toolkit=kit0&operation=op0&state=failed,timed_out"
    ),
    "API list that no job fits": "/api/v1/jobs/?toolkit=kit5&state=failed",
    "page of jobs": "/jobs/",
    "page of failed jobs": "/jobs/?state=failed",
    "page of jobs of a toolkit": "/jobs/?toolkit=kit7",
}
_ASKED = 100
#: n log n from 1 to 100 times, at the sizes that are measured here.
_N_LOG_N = 100 * math.log(100_000) / math.log(1000)


def growth(stage: Stage, report: Report, count: int) -> None:
    """The table of growth: jobs, lines of log, toolkits, users, each ×1, ×10 and ×100."""
    if not _has_series():
        print("skipped: growth needs PostgreSQL")
        return
    process, url = stage.platform.web(**ENV)
    session, headers = browser(url, stage.user.username), reader(stage)

    def page(path: str) -> Callable[[], float]:
        def ask() -> float:
            times = timed(count, lambda: session.get(f"{url}{path}", headers=headers, timeout=60))
            return statistics.median(times)

        return ask

    _measured(report, "jobs", 1000, _more_jobs(stage), {
        "API list of jobs": page("/api/v1/jobs/"), "dashboard": page("/"),
        "page of jobs": page("/jobs/"), "no-op through the engine": _no_op(stage),
    })  # fmt: skip
    _measured(report, "lines of a log", 1000, _more_lines(stage), {"last lines": _tail(stage)})
    _measured(report, "toolkits", 10, _more_toolkits, {
        "API list of toolkits": page("/api/v1/toolkits/"), "page of toolkits": page("/toolkits/"),
        "dashboard": page("/"),
    })  # fmt: skip
    _measured(report, "users", 100, _more_users, {"dashboard": page("/")})
    process.stop()


def a_million(stage: Stage, report: Report, count: int) -> None:
    """Lists of jobs, filtered and not, at a thousand and at ``count`` jobs."""
    if not _has_series():
        print("skipped: a list at a million jobs needs PostgreSQL")
        return
    process, url = stage.platform.web(**ENV)
    session, headers = browser(url, stage.user.username), reader(stage)
    more = _more_jobs(stage)
    found: dict[str, list[Series]] = {name: [] for name in _LISTS}
    for size in (1000, count):
        more(size)
        for name, path in _LISTS.items():
            ask = partial(session.get, f"{url}{path}", headers=headers, timeout=60)
            timed(20, ask)
            found[name].append(Series(f"{name} among {size:,}", "ms", timed(_ASKED, ask)))
    process.stop()
    for name, (few, many) in found.items():
        report.add(few, many)
        ratio = many.median / few.median
        report.goal(f"{name}, {count:,} / 1,000", ratio, 1.5, at_most=True, unit="x")


def _measured(
    report: Report,
    of: str,
    base: int,
    more: Callable[[int], None],
    asked: dict[str, Callable[[], float]],
) -> None:
    found: dict[str, list[float]] = {name: [] for name in asked}
    for times in (1, 10, 100):
        more(base * times)
        for name, ask in asked.items():
            ask()
            values = [ask() for _ in range(3)]
            found[name].append(statistics.median(values))
            title = f"growth | {name} | {of} | {base * times}"
            report.add(Series(title, "ms", values))
    for name, values in found.items():
        exponent = math.log(values[-1] / values[0], 100)
        title = f"{name}, exponent of its growth with {of}"
        report.goal(title, exponent, math.log(_N_LOG_N, 100), at_most=True)


def _has_series() -> bool:
    from django.db import connection

    return connection.vendor == "postgresql"


def _more_jobs(stage: Stage) -> Callable[[int], None]:
    """Have so many ended jobs in all, instead of those that there were."""
    from django.db import connection

    from tests.support import mass
    from tests.support.factories import make_user
    from toolkits.models import Job

    people = [stage.user, *(make_user() for _ in range(20))]
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE toolkits_job CASCADE")

    def more(wanted: int) -> None:
        missing = wanted - Job.objects.count()
        if missing > 0:
            mass.jobs(missing, stage.toolkit, people)

    return more


def _no_op(stage: Stage) -> Callable[[], float]:
    from toolkits.jobs.dispatch import submit
    from toolkits.jobs.waiting import wait_finished

    worker = stage.platform.worker("default")

    def run() -> float:
        times = []
        for _ in range(20):
            began = time.perf_counter()
            job = submit(toolkit=stage.toolkit, operation="noop", inputs={}, user=stage.user)
            assert wait_finished(job.pk, 30)
            times.append((time.perf_counter() - began) * 1000)
        return statistics.median(times)

    assert worker.status is None
    return run


def _more_lines(stage: Stage) -> Callable[[int], None]:
    from tests.support.factories import make_job
    from toolkits.jobs import logs
    from toolkits.jobs.states import JobState
    from toolkits.models import Job

    job = make_job(stage.toolkit, stage.user, state=JobState.SUCCEEDED, title="long log")

    def more(wanted: int) -> None:
        present = Job.objects.values_list("log_lines", flat=True).get(pk=job.pk)
        lines = [[1e9, "INFO", "kit", f"line {number} {'x' * 80}"]
                 for number in range(present, wanted)]  # fmt: skip
        logs.append(job.pk, 1, present + 1, lines)
        Job.objects.filter(pk=job.pk).update(log_lines=wanted)

    return more


def _tail(stage: Stage) -> Callable[[], float]:
    from toolkits.jobs import logs
    from toolkits.models import Job

    def read() -> float:
        job = Job.objects.get(title="long log")
        times = []
        for _ in range(20):
            began = time.perf_counter()
            assert len(logs.tail(job, 500).lines) == 500
            times.append((time.perf_counter() - began) * 1000)
        return statistics.median(times)

    return read


def _more_toolkits(wanted: int) -> None:
    from tests.support.factories import make_row
    from toolkits.models import Toolkit

    for _ in range(wanted - Toolkit.objects.count()):
        make_row()


def _more_users(wanted: int) -> None:
    from accounts.models import User

    present = User.objects.count()
    User.objects.bulk_create(
        User(username=f"grown{number}", password="!") for number in range(present, wanted)
    )
