"""The whole API, fuzzed by its own OpenAPI document, as everybody who may ask it.

No answer is a 500, none has a status or a body that the document does not declare, and what the
document calls wrong is refused. A real web process and a real worker answer.
``API_FUZZ_SECONDS`` sets the time for each role.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import personal_tokens
from accounts.access import TOKEN_SCOPES
from accounts.roles import CORE_ROLES, SYSTEM_ADMIN, TOOLKIT_CURATOR, TOOLKIT_USER
from tests.support.factories import make_job, make_user
from tests.support.processes import BASE
from toolkits import records
from toolkits.jobs.states import JobState

SECONDS = int(os.environ.get("API_FUZZ_SECONDS", "25"))
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


@pytest.mark.timeout(SECONDS + 240)
@pytest.mark.parametrize("role", list(ROLES))
def test_the_api_keeps_to_its_document(role, platform, install, tmp_path):
    platform.env |= {
        "API_RATE_ANONYMOUS": "0",
        "API_RATE_SIGN_IN": "0",
        "API_RATE_USER": "0",
        "API_RATE_STAFF": "0",
        "WEB_THREADS": "8",
    }
    headers, document = [], tmp_path / "openapi.json"
    toolkit = install(KIT, slug="fuzzed")
    owner = make_user("owner", roles=list(CORE_ROLES))
    if ROLES[role] is not None:
        asking = make_user(role, roles=ROLES[role])
        headers = ["-H", f"Authorization: Bearer {_token(asking)}"]
        owner = asking
    for state in (JobState.SUCCEEDED, JobState.FAILED):
        make_job(toolkit, owner, operation="work", state=state)
    for number in range(3):
        records.create(toolkit, "things", {"name": f"thing {number}"}, owner)
    platform.worker()
    process, url = platform.web()
    document.write_text(_document(url))

    done = subprocess.run(
        [
            # Not its script, which names the interpreter of wherever it was installed from.
            sys.executable, "-m", "schemathesis.cli", "run", str(document), "--url", url,
            *headers, "--checks", CHECKS, "--max-time", str(SECONDS), "--request-timeout", "20",
            "--suppress-health-check", "all", "--seed", "7", "--max-failures", "30",
            "--exclude-path-regex", "/events/$|/auth/(login|logout|refresh)/$", "--warnings", "off",
            "--continue-on-failure", "--no-color",
        ],
        cwd=tmp_path, env={**os.environ, "SCHEMATHESIS_HOOKS": HOOKS, "PYTHONPATH": str(BASE)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    report = done.stdout + done.stderr
    kept = BASE / "test-results"
    kept.mkdir(exist_ok=True)
    (kept / f"fuzz-{role}.txt").write_text(report + process.log()[-200000:])
    assert done.returncode == 0, f"{report[-12000:]}\n{process.log()[-3000:]}"


def _token(user) -> str:
    spec = personal_tokens.TokenSpec(
        name="fuzz", scopes=TOKEN_SCOPES, expires_at=timezone.now() + timedelta(hours=1)
    )
    return personal_tokens.make(user, user, spec)[1]


def _document(url: str) -> str:
    """The document as somebody who may do everything reads it: others must be refused well."""
    import requests

    reader = make_user("reader", roles=list(CORE_ROLES))
    bearer = {"Authorization": f"Bearer {_token(reader)}"}
    answer = requests.get(f"{url}/api/schema/", headers=bearer, timeout=30)
    answer.raise_for_status()
    return answer.text
