"""What a browser and a client of the API wait for, over HTTP, from a real web process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import psutil
import requests

from tests.bench.report import Report, Series
from tests.bench.stage import Stage
from tests.support import until
from tests.support.processes import free_port

ROUNDS = 5
#: One process, as many threads as a single caller can keep busy; no limit on requests.
ENV = {
    "WEB_CONCURRENCY": "1", "WEB_THREADS": "4", "API_RATE_ANONYMOUS": "0", "API_RATE_USER": "0",
    "API_RATE_STAFF": "0", "API_RATE_SIGN_IN": "0",
}  # fmt: skip


def reader(stage: Stage) -> dict[str, str]:
    """Headers of somebody who sees every job."""
    from tests.support.factories import make_token

    return {"Authorization": f"Bearer {make_token(stage.user)[1]}"}


def timed(count: int, ask: Callable[[], requests.Response]) -> list[float]:
    """Milliseconds of each of ``count`` requests, one after the other."""
    times = []
    for _ in range(count):
        began = time.perf_counter()
        answer = ask()
        times.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, answer.text[:500]
    return times


def api_list(stage: Stage, report: Report, count: int) -> None:
    """The list of 50 jobs against a bare view of the same rows, each in its own process."""
    from tests.support.factories import make_job
    from toolkits.jobs.states import JobState

    for _ in range(60):
        make_job(stage.toolkit, stage.user, state=JobState.SUCCEEDED)
    ours, url = stage.platform.web(**ENV)
    port = free_port()
    bare = stage.platform.start(
        "bare", "-m", "gunicorn", "tests.bench.bare:application", "--config",
        "deploy/gunicorn.conf.py", "--bind", f"127.0.0.1:{port}", **ENV,
    )  # fmt: skip
    other = f"http://127.0.0.1:{port}/jobs/"
    until(lambda: _answers(other), 60, f"the bare view answers\n{bare.log()}")
    ends = {
        "API list of 50 jobs": (requests.Session(), f"{url}/api/v1/jobs/", reader(stage)),
        "the same rows, bare DRF view": (requests.Session(), other, {}),
    }
    rates = {name: Series(name, "requests/s") for name in ends}
    for turn in range(ROUNDS + 1):
        for name, (session, address, headers) in ends.items():
            began = time.perf_counter()
            timed(count, lambda s=session, a=address, h=headers: s.get(a, headers=h, timeout=30))
            if turn:  # the first round warms both
                rates[name].values.append(count / (time.perf_counter() - began))
    mine, theirs = rates.values()
    pairs = zip(mine.values, theirs.values, strict=True)
    ratio = Series("API list / bare view, of each round", "x", [a / b for a, b in pairs])
    report.add(mine, theirs, ratio)
    report.goal("API list of 50 jobs / bare DRF view", ratio.median, 0.7, at_most=False, unit="x")
    bare.stop()
    ours.stop()


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=2).status_code == 200
    except requests.RequestException:
        return False


def browser(url: str, username: str) -> requests.Session:
    """A session that signed in with a password, as a browser does."""
    from tests.support.factories import PASSWORD

    session = requests.Session()
    page = f"{url}/account/login/"
    session.get(page, timeout=30)
    fields = {"username": username, "password": PASSWORD,
              "csrfmiddlewaretoken": session.cookies["csrftoken"]}  # fmt: skip
    answer = session.post(page, fields, headers={"Referer": page}, timeout=30)
    assert not answer.url.startswith(page), "the sign-in was refused"
    return session


def pages(stage: Stage, report: Report, count: int) -> None:
    """Dashboard, jobs and toolkits, with a browser's cookies."""
    process, url = stage.platform.web(**ENV)
    session = browser(url, stage.user.username)
    for name, path in (("dashboard", "/"), ("page of jobs", "/jobs/"),
                       ("page of toolkits", "/toolkits/")):  # fmt: skip
        timed(5, lambda p=path: session.get(f"{url}{p}", timeout=30))
        times = timed(count, lambda p=path: session.get(f"{url}{p}", timeout=30))
        report.add(Series(name, "ms", times))
    process.stop()


def install(stage: Stage, report: Report, count: int) -> None:
    """A new version of a small toolkit: read, checked, described in a runner, activated."""
    from tests.bench.stage import KIT
    from tests.support import kits

    series = Series("install of a toolkit", "ms")
    for number in range(1, count + 1):
        began = time.perf_counter()
        kits.install_kit(stage.platform.folder, KIT, slug="again", version=f"1.0.{number}")
        series.values.append((time.perf_counter() - began) * 1000)
    report.add(series)


def processes(stage: Stage, report: Report, count: int) -> None:
    """Cold boots until the first answer or the first look at the queue, and memory at rest."""
    boots: dict[str, Series] = {}
    sizes: dict[str, Series] = {}
    starts: dict[str, Callable[[], Any]] = {
        "web (1 process, 4 threads)": lambda: stage.platform.web(**ENV)[0],
        "worker": lambda: stage.platform.worker("default"),
        # It says that it is the active one, and the stage is quiet.
        "scheduler": lambda: stage.platform.scheduler(LOG_LEVEL="INFO"),
    }
    for _ in range(count):
        for name, start in starts.items():
            began = time.perf_counter()
            process = start()
            boots.setdefault(name, Series(f"cold boot of {name}", "s")).values.append(
                time.perf_counter() - began
            )
            if name == "worker":
                _warm_runner(stage)
            for part, size in _memory(name, process.pid).items():
                sizes.setdefault(part, Series(f"memory of {part}", "MiB")).values.append(size)
            process.stop()
    report.add(*boots.values(), *sizes.values())


def _warm_runner(stage: Stage) -> None:
    from toolkits.jobs.dispatch import submit
    from toolkits.jobs.waiting import wait_finished

    job = submit(toolkit=stage.toolkit, operation="noop", inputs={}, user=stage.user)
    until(lambda: wait_finished(job.pk, 5), 60, "a job ended")


def _memory(name: str, pid: int) -> dict[str, float]:
    """MiB that a process and what it started hold for themselves alone (USS), by part."""
    found: dict[str, float] = {}
    root = psutil.Process(pid)
    for process in (root, *root.children(recursive=True)):
        part = "runner" if "toolkit_sdk/runner" in " ".join(process.cmdline()) else name
        size = process.memory_full_info().uss / (1 << 20)
        found[part] = found.get(part, 0.0) + size
    return found


def audit(stage: Stage, report: Report, count: int) -> None:
    """Acts with no event, with a plain one, and with one in the chain, on both databases."""
    from tests.bench import bench_audit

    for database, figures in bench_audit.run(rounds=count).items():
        for writers, rates in figures["acts a second"].items():
            for way, values in rates.items():
                report.add(Series(f"acts, {way}, {writers}, {database}", "acts/s", values))
            pairs = zip(rates["chained event"], rates["plain event"], strict=True)
            name = f"acts, chained / plain event, {writers}, {database}"
            report.add(Series(name, "x", [chained / plain for chained, plain in pairs]))
