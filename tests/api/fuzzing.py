"""The API, fuzzed by its own OpenAPI document against a real web process and a real worker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests
from django.contrib.auth.models import Group
from django.utils import timezone

from accounts import personal_tokens
from accounts.access import TOKEN_SCOPES
from accounts.roles import CORE_ROLES, SYSTEM_ADMIN, TOOLKIT_CURATOR, TOOLKIT_USER
from tests.support.factories import make_job, make_user
from tests.support.processes import BASE
from toolkits import records
from toolkits.jobs.states import JobState
from toolkits.models import Schedule

KIT = """
@toolkit.settings
class Config(Settings):
    seconds: float = Field(default=1.0, ge=0, le=60)
    token: Secret | None = None

@toolkit.collection("things")
class Thing(Record):
    name: str = Field(min_length=1, max_length=50)
    size: int = Field(default=1, ge=0, le=1000)
    tags: list[str] = []
    key: Secret | None = None

class Node(BaseModel):
    label: str
    children: list[Node] = Field(default=[], max_length=3)

@toolkit.operation(interactive=True, dry_run=True)
def ask(ctx: Context, node: Node, kind: Literal["a", "b"] = "a") -> views.KeyValue:
    return views.KeyValue(items={"label": node.label, "kind": kind})

@toolkit.operation(effect="change")
def work(ctx: Context, count: Annotated[int, Field(ge=0, le=5)] = 1, note: str = "") -> views.Table:
    for number in range(count):
        ctx.log.info("step %d %s", number, note)
    return views.Table(columns=["number"], rows=[{"number": n} for n in range(count)])

@toolkit.operation()
def fail(ctx: Context, why: Annotated[str, Field(max_length=200)] = "because") -> None:
    raise ToolkitError(why)
"""
ROLES = {
    "nobody": None,
    "without-roles": [],
    "user": [TOOLKIT_USER],
    "curator": [TOOLKIT_CURATOR],
    "admin": [SYSTEM_ADMIN],
    "everything": list(CORE_ROLES),
}
HOOKS = "tests.api.fuzz_hooks"
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance,response_headers_conformance,unsupported_method,"
    "negative_data_rejection"
)
#: Nothing that a fuzzer may not do: no throttle, and streams that end within its patience.
_ENV = {
    "API_RATE_ANONYMOUS": "0", "API_RATE_SIGN_IN": "0", "API_RATE_USER": "0", "API_RATE_STAFF": "0",
    "API_STREAM_SECONDS": "1", "WEB_THREADS": "8",
}  # fmt: skip


def fuzz(role: str, platform: Any, install: Any, folder: Path, *runs: list[str]) -> str:
    """Fuzz as ``role``, once with each list of options; returns the reports."""
    platform.env |= _ENV
    headers: list[str] = []
    toolkit = install(KIT, slug="fuzzed")
    owner = make_user("owner", roles=list(CORE_ROLES))
    if (given := ROLES[role]) is not None:
        owner = make_user(role, roles=given)
        headers = ["-H", f"Authorization: Bearer {_token(owner)}"]
    known = _things(toolkit, owner)
    platform.worker()
    process, url = platform.web()
    document = folder / "openapi.json"
    document.write_text(_document(url))
    reports, failed = [], False
    for options in runs:
        done = subprocess.run(
            [
                # Not its script, which names the interpreter of wherever it was installed from.
                sys.executable, "-m", "schemathesis.cli", "run", str(document), "--url", url,
                *headers, "--checks", CHECKS, "--request-timeout", "20", "--warnings", "off",
                "--suppress-health-check", "all", "--seed", "7", "--max-failures", "30",
                "--continue-on-failure", "--no-color", *options,
            ],
            cwd=folder, env={**os.environ, "SCHEMATHESIS_HOOKS": HOOKS, "PYTHONPATH": str(BASE),
                             "FUZZ_KNOWN": json.dumps(known)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        reports.append(done.stdout + done.stderr)
        failed = failed or done.returncode != 0
    report = "\n".join(reports)
    kept = BASE / "test-results"
    kept.mkdir(exist_ok=True)
    (kept / f"fuzz-{role}.txt").write_text(report + process.log()[-200000:])
    assert not failed, f"{report[-12000:]}\n{process.log()[-3000:]}"
    return report


def _things(toolkit: Any, owner: Any) -> dict[str, list[str]]:
    """Make one or more of everything that an address can name; returns how to name it."""
    later = timezone.now() + timedelta(days=1)
    ended = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED, JobState.LOST)
    jobs = [make_job(toolkit, owner, operation="work", state=state) for state in ended]
    jobs += [make_job(toolkit, owner, operation="work", state=JobState.SCHEDULED, not_before=later)
             for _ in range(4)]  # fmt: skip
    made = [records.create(toolkit, "things", {"name": f"thing {n}"}, owner) for n in range(12)]
    role = Group.objects.get(name=TOOLKIT_USER)
    schedules = [
        Schedule.objects.create(
            name=f"Schedule {number}", toolkit=toolkit, operation="work", inputs={"count": 1},
            kind="cron", cron="0 2 * * *", owner=role,
        )
        for number in range(6)
    ]  # fmt: skip
    people = [make_user(f"person{number}", roles=[TOOLKIT_USER]) for number in range(4)]
    by_id = {"job_id": jobs, "record_id": made, "schedule_id": schedules, "user_id": people}
    return {
        **{name: [str(row.pk) for row in rows] for name, rows in by_id.items()},
        "slug": [toolkit.slug],
        "collection": ["things"],
        "name": ["ask", "work", "fail"],
    }


def _token(user) -> str:
    spec = personal_tokens.TokenSpec(
        name="fuzz", scopes=TOKEN_SCOPES, expires_at=timezone.now() + timedelta(hours=1)
    )
    return personal_tokens.make(user, user, spec)[1]


def _document(url: str) -> str:
    """The document as somebody who may do everything reads it: others must be refused well."""
    reader = make_user("reader", roles=list(CORE_ROLES))
    bearer = {"Authorization": f"Bearer {_token(reader)}"}
    answer = requests.get(f"{url}/api/schema/", headers=bearer, timeout=30)
    answer.raise_for_status()
    return answer.text
