"""After a session of use, the known secrets are in Vault and nowhere else.

Every table of the database, every key of Redis, what the web process answers and every process
writes, and what ``/proc`` shows of the processes that run toolkits are searched for the secret
values, plain and in the encodings that a program may print them in.
"""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import redis
import requests
from django.db import connection
from django.test import Client

from tests.support import until
from tests.support.factories import PASSWORD
from tests.support.processes import Platform, Process
from toolbox import secrets
from toolkits.models import Job, JobLog

SECRETS = {
    "settings": 'set/ting+5e"cret ä&1',
    "record": "record-s3cret=/?&zx",
    "input": "input 5ecret\\with+all",
    "path": "path~s3cret%20<b>q</b>",
    "shared": "shared-5ecret-0123456789",
}

KIT = """
import base64, json
from urllib.parse import quote, quote_plus

@toolkit.settings
class Config(Settings):
    api_token: Secret | None = None
    ca: str = ""

@toolkit.collection("targets", title="Targets")
class Target(Record):
    host: str
    password: Secret | None = None

def collected(ctx, given):
    found = [ctx.settings.api_token, given]
    found += [ctx.secret("api", "key"), ctx.secret("shared/dns", "key")]
    found += [target.password for target in ctx.records("targets").list()]
    return [str(getattr(value, "get_secret_value", lambda: value)()) for value in found]

def forms(value):
    raw = value.encode()
    yield value
    yield base64.b64encode(raw).decode()
    yield base64.urlsafe_b64encode(raw).decode()
    yield quote(value, safe="")
    yield quote_plus(value)
    yield json.dumps(value)
    yield raw.hex()

@toolkit.operation()
def leak(ctx: Context, password: Secret, fail: bool = False) -> dict[str, Any]:
    values = collected(ctx, password)
    assert len(values) == 5 and all(values), [len(value) for value in values]
    told = [form for value in values for form in forms(value)]
    for number, form in enumerate(told):
        ctx.log.info("form %d is %s", number, form)
        print(form)
        print("error:", form, file=sys.stderr)
        ctx.report(number, len(told), form)
        with ctx.step("leak", form) as step:
            step.value = form
        ctx.notify(f"notice {form}", text=form)
        try:
            with ctx.artifact(f"{number}-{form}".replace("/", "_")[:80], text=True) as file:
                file.write("the file itself is the toolkit's own")
        except CallError:
            pass
    if fail:
        raise ToolkitError("it fails with " + " ".join(told))
    return {"list": told, "by_key": {form: 1 for form in told}, "text": " and ".join(told)}

@toolkit.operation()
def hold(ctx: Context, password: Secret) -> str:
    values = collected(ctx, password)
    ctx.report(1, 2, "holding")
    while True:
        ctx.sleep(0.1)

@toolkit.card(title="Leaky", refresh=60)
def leaky(ctx: Context) -> views.Text:
    return views.Text(text=str(ctx.settings.api_token))
"""


def encoded(value: str) -> set[str]:
    """The value in every form in which a text may hold it."""
    raw = value.encode()
    return {
        value,
        base64.b64encode(raw).decode().rstrip("="),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
        quote(value, safe=""),
        quote_plus(value),
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        raw.hex(),
    }


LOG_TABLE = f"table {JobLog._meta.db_table}"
NEEDLES = {form.encode(): name for name, value in SECRETS.items() for form in encoded(value)}


def found_in(haystack: bytes) -> set[str]:
    """Which secrets a text holds."""
    return {name for needle, name in NEEDLES.items() if needle in haystack}


def database_rows() -> dict[str, bytes]:
    """Every row of every table, as a text."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows = cursor.fetchall()
            found[f"table {table}"] = "\n".join(map(_row_text, rows)).encode()
    return found


def _row_text(row: tuple[Any, ...]) -> str:
    return "|".join(_cell(cell) for cell in row)


def _opened(data: bytes) -> bytes:
    """Logs are stored compressed."""
    try:
        return zlib.decompress(data)
    except zlib.error:
        return data


def _cell(cell: Any) -> str:
    if isinstance(cell, memoryview | bytes):
        return _opened(bytes(cell)).decode("utf-8", "replace")
    if isinstance(cell, dict | list):
        return json.dumps(cell, ensure_ascii=False)
    return str(cell)


def redis_keys(client: redis.Redis) -> dict[str, bytes]:
    """Every key with all that it holds, of whichever kind it is."""
    read = {
        b"string": lambda key: [client.get(key)],
        b"hash": lambda key: [part for pair in client.hgetall(key).items() for part in pair],
        b"list": lambda key: client.lrange(key, 0, -1),
        b"set": client.smembers,
        b"zset": lambda key: client.zrange(key, 0, -1),
        b"stream": lambda key: [repr(client.xrange(key)).encode()],
    }
    return {
        f"key {key.decode()}": key + b"\n" + b"\n".join(filter(None, read[client.type(key)](key)))
        for key in client.scan_iter("*")
    }


def below(pid: int) -> list[int]:
    """The processes that a process started, and those that they started."""
    children = [
        int(child)
        for task in Path(f"/proc/{pid}/task").glob("*/children")
        for child in task.read_text().split()
    ]
    return children + [other for child in children for other in below(child)]


def what_proc_shows(worker: Process) -> dict[str, bytes]:
    """Environment and command line of the worker's runners."""
    found = {}
    for pid in below(worker.pid):
        for name in ("environ", "cmdline"):
            try:
                found[f"/proc/{pid}/{name}"] = Path(f"/proc/{pid}/{name}").read_bytes()
            except (FileNotFoundError, PermissionError):
                continue
    return found


class Session:
    """Somebody who works with the toolkit, through the API and in the console."""

    def __init__(self, url: str, curator: Any) -> None:
        self.url = url
        self.api = requests.Session()
        answer = self.call(
            "post", "auth/login/", {"username": curator.username, "password": PASSWORD}
        )
        self.api.headers["Authorization"] = f"Bearer {answer.json()['access']}"
        client = Client()
        client.force_login(curator)
        self.cookies = {"sessionid": client.cookies["sessionid"].value}
        self.answers: dict[str, bytes] = {}

    def call(self, method: str, path: str, data: Any = None, wanted: int = 200) -> Any:
        answer = self.api.request(method, f"{self.url}/api/v1/{path}", json=data, timeout=60)
        assert answer.status_code == wanted, answer.text[:2000]
        if data is None or wanted >= 400 or not path.startswith("auth"):
            getattr(self, "answers", {})[f"{method} {path} {wanted}"] = answer.content
        return answer

    def page(self, path: str, wanted: int = 200) -> None:
        answer = requests.get(self.url + path, cookies=self.cookies, timeout=60)
        assert answer.status_code == wanted, path
        self.answers[f"page {path}"] = answer.content

    def run(self, operation: str, **inputs: Any) -> Job:
        path = f"toolkits/leaky/operations/{operation}/"
        answer = self.call("post", path, {"password": SECRETS["input"], **inputs}, 202)
        return Job.objects.get(pk=answer.json()["id"])

    def look_at(self, job: Job) -> None:
        for part in ("", "logs/", "artifacts/", "steps/"):
            self.call("get", f"jobs/{job.pk}/{part}")
        for part in ("", "compare/", "live/"):
            self.page(f"/jobs/{job.pk}/{part}")


@pytest.fixture
def worker(platform: Platform) -> Process:
    return platform.worker(TOOLKIT_RUNNER_IDLE_SECONDS="60")


def _ended(job: Job, worker: Process) -> Job:
    def ended() -> bool:
        job.refresh_from_db()
        return job.is_finished

    until(ended, 90, f"{job} ends; {worker.log()[-2000:]}")
    return job


def _session_of_use(session: Session, worker: Process) -> dict[str, bytes]:
    """Use every secret in every way; returns what ``/proc`` showed while they were in use."""
    settings = "toolkits/leaky/settings/"
    session.call("put", settings, {"api_token": SECRETS["settings"]})
    session.call("put", settings, {"api_token": SECRETS["settings"], "ca": 5}, 422)
    record = {"host": "db1", "password": SECRETS["record"]}
    session.call("post", "toolkits/leaky/records/targets/", record, 201)
    session.call("post", "toolkits/leaky/records/targets/", {**record, "host": 1}, 422)
    session.call("put", settings, {"api_token": [SECRETS["settings"]]}, 422)
    wrong = {"password": SECRETS["input"], "fail": "perhaps"}
    session.call("post", "toolkits/leaky/operations/leak/", wrong, 422)
    wrong = {"password": {"value": SECRETS["input"]}}
    session.call("post", "toolkits/leaky/operations/leak/", wrong, 422)

    good = _ended(session.run("leak"), worker)
    assert good.state == "succeeded", good.error
    failed = _ended(session.run("leak", fail=True), worker)
    assert failed.state == "failed"
    held = session.run("hold")

    def holds() -> bool:
        held.refresh_from_db()
        return held.progress_label == "holding" or held.is_finished

    until(holds, 90, f"the job holds its secrets; {worker.log()[-2000:]}")
    assert not held.is_finished, held.error
    shown = what_proc_shows(worker)
    session.call("post", f"jobs/{held.pk}/cancel/", {}, 202)
    _ended(held, worker)
    for job in (good, failed, held):
        session.look_at(job)
    for path in ("toolkits/leaky/settings/", "toolkits/leaky/records/targets/", "jobs/"):
        session.call("get", path)
    for path in ("/", "/jobs/", "/toolkits/leaky/", "/toolkits/leaky/records/targets/"):
        session.page(path)
    session.page("/toolkits/leaky/settings/")
    session.page("/toolkits/nowhere/", 404)
    return shown


def test_no_secret_is_anywhere_but_in_vault(platform, worker, valkey, install, admin_user):
    install(KIT, slug="leaky", permissions={"vault": ["api", "shared/dns"]})
    secrets.client().write("toolkits/leaky/api", {"key": SECRETS["path"]})
    secrets.client().write("shared/dns", {"key": SECRETS["shared"]})
    web, url = platform.web(METRICS_ALLOW="127.0.0.0/8")
    session = Session(url, admin_user)

    shown = _session_of_use(session, worker)

    session.answers["metrics"] = requests.get(f"{url}/metrics", timeout=60).content
    session.call("get", "audit/?limit=100")
    places = {
        **shown,
        **session.answers,
        **database_rows(),
        **redis_keys(valkey.client()),
        "the web process's log": web.log().encode(),
        "the worker's log": worker.log().encode(),
    }
    assert any(place.endswith("environ") for place in shown)
    assert b"toolbox_jobs_ended_total" in places["metrics"]
    assert sum(place.startswith("key ") for place in places) > 3
    assert r"\u2022\u2022" in places[LOG_TABLE].decode()
    leaks = {place: found for place, text in places.items() if (found := found_in(text))}
    assert not leaks, "\n".join(f"{place}: {sorted(found)}" for place, found in leaks.items())
