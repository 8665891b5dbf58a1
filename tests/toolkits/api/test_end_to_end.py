"""The API as a client meets it: a real web process, a real worker, tokens, streams."""

from __future__ import annotations

import json
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.support import until
from tests.support.factories import PASSWORD
from toolkits.jobs.states import JobState
from toolkits.models import Job

KIT = """
@toolkit.operation(interactive=True)
def add(ctx: Context, a: int, b: int = 1) -> views.Stat:
    return views.Stat(value=a + b, label="sum")

@toolkit.operation(interactive=True)
def divide(ctx: Context, a: int, b: int) -> float:
    return a / b

@toolkit.operation(interactive=True)
def slow(ctx: Context) -> str:
    for _ in range(600):
        ctx.checkpoint()
        time.sleep(0.05)
    return "done"

@toolkit.operation()
def steps(ctx: Context, count: int, pause: float = 0.0) -> int:
    for number in range(1, count + 1):
        ctx.report(number, count, f"step {number}")
        ctx.log.info("step %d", number)
        ctx.checkpoint()
        time.sleep(pause)
    return count

@toolkit.operation()
def keep(ctx: Context) -> views.Files:
    with ctx.artifact("report.txt", text=True) as file:
        file.write("kept")
    return views.Files(files=[{"name": "report.txt"}])
"""


class Client:
    """Signed in with a password for a bearer token."""

    def __init__(self, base: str, username: str) -> None:
        self.base, self.session = base, requests.Session()
        answer = self.post("auth/login/", {"username": username, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        self.session.headers["Authorization"] = f"Bearer {answer.json()['access']}"

    def address(self, path: str) -> str:
        return self.base + (path if path.startswith("/") else f"/api/v1/{path}")

    def get(self, path: str, **options):
        return self.session.get(self.address(path), timeout=30, **options)

    def post(self, path: str, data=None, **options):
        return self.session.post(self.address(path), json=data, timeout=30, **options)

    def run(self, operation: str, data=None, **options):
        return self.post(f"toolkits/sample/operations/{operation}/", data, **options)

    def events(self, job: str, **headers: str):
        """Yield (name, data, id) of a job's events."""
        answer = self.get(f"jobs/{job}/events/", stream=True, headers=headers)
        assert answer.status_code == 200, answer.text
        event: dict[str, str] = {}
        for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
            name, _, value = line.partition(": ")
            if line:
                event[name] = value
            elif event:
                if "event" in event:
                    yield event["event"], json.loads(event["data"]), event.get("id")
                event = {}


@pytest.fixture
def sample(platform, install, user):
    return install(KIT)


@pytest.fixture
def client(sample, live_web, user):
    return Client(live_web, user.username)


def test_an_interactive_operation_answers_with_its_result(client, run_worker):
    answer = client.run("add", {"a": 2, "b": 40})

    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "succeeded"
    assert answer.json()["result"]["value"] == 42


def test_a_failure_of_an_interactive_operation_is_told_in_its_job(client, run_worker):
    answer = client.run("divide", {"a": 1, "b": 0})

    assert answer.status_code == 200
    assert answer.json()["state"] == "failed"
    assert "ZeroDivisionError" in answer.json()["error"]["message"]


def test_with_no_free_interactive_worker_the_answer_is_503(client, platform):
    platform.worker("default")
    began = time.monotonic()

    answer = client.run("add", {"a": 1})

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert time.monotonic() - began < 10
    assert Job.objects.get().state == JobState.CANCELLED


def test_an_interactive_operation_that_takes_long_goes_on_as_a_job(platform, sample, user):
    url = platform.web(TOOLKIT_INTERACTIVE_WAIT_SECONDS="4")[1]
    platform.worker()
    client = Client(url, user.username)

    answer = client.run("slow")

    assert answer.status_code == 202
    assert answer.json()["state"] == "running"
    assert client.post(f"{answer.json()['url']}cancel/").status_code == 202
    until(lambda: Job.objects.get().state == JobState.CANCELLED)


def test_a_run_is_followed_from_its_first_line_to_its_result(client, run_worker):
    job = client.run("steps", {"count": 20, "pause": 0.02}).json()

    lines, last = [], None
    for name, data, _ in client.events(job["id"]):
        last = name
        if name == "log":
            lines += [line["text"] for line in data["lines"]]

    assert last == "done"
    assert [line for line in lines if line.startswith("step")] == [
        f"step {number}" for number in range(1, 21)
    ]
    assert client.get(job["url"]).json()["result"]["data"] == 20


def test_a_reader_who_was_cut_off_misses_nothing_and_gets_nothing_twice(client, run_worker):
    job = client.run("steps", {"count": 60, "pause": 0.02}).json()["id"]
    seen, cursor = [], "0"

    for _ in range(50):
        for name, data, number in client.events(job, **{"Last-Event-ID": cursor}):
            if name == "log":
                seen += [line["number"] for line in data["lines"]]
                cursor = number
                break
            if name == "done":
                break
        if Job.objects.get(pk=job).is_finished and int(cursor) >= 60:
            break

    assert seen == list(range(1, len(seen) + 1))
    assert len(seen) >= 60
    assert client.get(f"jobs/{job}/events/", headers={"Last-Event-ID": cursor}).status_code == 204


def test_a_stream_closes_within_seconds_of_losing_the_right_to_it(client, run_worker, user):
    job = client.run("steps", {"count": 400, "pause": 0.1}).json()["id"]
    stream = client.events(job)
    assert next(stream)

    user.groups.clear()
    began = time.monotonic()
    names = [name for name, _, _ in stream]

    assert time.monotonic() - began < 8
    assert "done" not in names


def test_many_streams_leave_the_server_to_others(platform, sample, user):
    url = platform.web(API_STREAMS_MAX="2", WEB_THREADS="4")[1]
    platform.worker()
    client = Client(url, user.username)
    job = client.run("steps", {"count": 200, "pause": 0.05}).json()["id"]
    streams = [client.events(job) for _ in range(2)]
    for stream in streams:
        assert next(stream)

    refused = client.get(f"jobs/{job}/events/")
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert client.get("jobs/").status_code == 200

    for stream in streams:
        stream.close()
    until(lambda: client.get(f"jobs/{job}/events/", stream=True).status_code == 200, 15)


def test_open_streams_do_not_hold_up_the_end_of_the_web_process(platform, sample, user):
    process, url = platform.web()
    platform.worker()
    client = Client(url, user.username)
    job = client.run("steps", {"count": 3000, "pause": 0.05}).json()["id"]
    stream = client.events(job)
    assert next(stream)

    process.signal(signal.SIGTERM)

    # The job itself, and so its stream, would go on for minutes.
    process.wait(30)


def test_a_job_and_what_it_keeps_are_had_through_the_api(client, run_worker):
    job = client.run("keep").json()
    until(lambda: client.get(job["url"]).json()["state"] == "succeeded")

    (file,) = client.get(f"jobs/{job['id']}/artifacts/").json()["results"]

    assert client.get(file["url"]).text == "kept"


def test_many_clients_at_once_with_one_key_run_it_once(client, run_worker):
    def ask(_):
        return client.run("steps", {"count": 1}, headers={"Idempotency-Key": "k"}).json()["id"]

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(16)))) == 1

    assert Job.objects.count() == 1


def test_too_many_requests_are_429_with_when_to_come_again(platform, sample, user, curator):
    url = platform.web(API_RATE_USER="5", API_RATE_STAFF="1000")[1]
    client, other = Client(url, user.username), Client(url, curator.username)

    answers = [client.get("jobs/") for _ in range(12)]

    assert answers[-1].status_code == 429
    assert answers[-1].headers["Content-Type"] == "application/problem+json"
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert other.get("jobs/").status_code == 200
