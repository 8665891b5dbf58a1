"""What a run reads from Vault: with a token of its own, and shown by path, version and time."""

from __future__ import annotations

from typing import Any

import pytest

from audit.models import Event
from tests.support import kits
from toolbox import secrets
from toolbox.secrets import runs
from toolbox.secrets.bootstrap import token_works
from toolkits import settings_store
from toolkits.jobs import secret_reads
from toolkits.jobs.dispatch import submit
from toolkits.models import JobAttempt
from toolkits.runtime.execute import run_job
from toolkits.runtime.job_run import JobRun

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]

READER = """
@toolkit.settings
class Config(Settings):
    api_token: Secret | None = None

@toolkit.operation()
def hello(ctx: Context, password: Secret | None = None) -> str:
    assert ctx.settings.api_token
    ctx.secret("api")
    ctx.secret("api")
    return str(len(ctx.secret("shared/dns")))

@toolkit.operation()
def refused(ctx: Context) -> dict[str, str]:
    told = {}
    for path in ("other", "shared/more"):
        try:
            ctx.secret(path)
        except CallError as error:
            told[path] = error.kind
    return told
"""
MAY = {"vault": ["api", "shared/dns"]}


@pytest.fixture
def reader(valkey: Any, openbao: Any, install: Any, curator: Any) -> Any:
    runs.forget()
    client = secrets.client()
    for path in ("toolkits/reader/api", "toolkits/reader/other", "shared/dns", "shared/more"):
        client.write(path, {"key": f"value of {path}"})
    toolkit = install(READER, slug="reader", permissions=MAY)
    settings_store.save(toolkit, {"api_token": "tok-tok-tok"}, curator)
    return toolkit


def test_a_run_reads_with_a_token_of_its_own_for_what_is_declared_which_ends_with_it(
    reader, user, openbao, monkeypatch
):
    made = []
    run_token = secrets.SecretsClient.run_token

    def watched(self: Any, *arguments: Any, **named: Any) -> Any:
        made.append((arguments[0], run_token(self, *arguments, **named)))
        return made[-1][1]

    monkeypatch.setattr(secrets.SecretsClient, "run_token", watched)

    job = kits.run_here(reader, user)

    assert job.state == "succeeded", job.error
    reads = secret_reads.of(job.attempts.all())
    assert [(read["path"], read["times"], read["own_token"]) for read in reads] == [
        ("toolkits/reader/settings", 1, True),
        ("toolkits/reader/api", 2, True),
        ("shared/dns", 1, True),
    ]
    ((granted, token),) = made
    assert dict(granted.fields) == {
        "toolkit": "reader", "own1_0_0": "api", "shared1_0_0": "dns",
    }  # fmt: skip
    assert not token_works(openbao.client(), token.token)


def test_the_page_and_the_api_list_what_was_read_and_never_a_value(reader, user, client):
    job = kits.run_here(reader, user, inputs={"password": "pass-pass-pass"})
    assert job.state == "succeeded", job.error
    client.force_login(user)

    page = client.get(f"/jobs/{job.pk}/").content.decode()
    told = client.get(f"/api/v1/jobs/{job.pk}/").json()["secrets_read"]

    assert {read["path"]: (read["own_token"], read["times"]) for read in told} == {
        f"jobs/{job.pk}": (False, 1),
        "toolkits/reader/settings": (True, 1),
        "toolkits/reader/api": (True, 2),
        "shared/dns": (True, 1),
    }
    assert {read["version"] for read in told} <= set(range(1, 100))
    for path in ("toolkits/reader/api", "shared/dns", f"jobs/{job.pk}"):
        assert path in page
    for value in ("tok-tok-tok", "pass-pass-pass", "value of"):
        assert value not in page + str(told)


def test_a_path_that_the_manifest_does_not_ask_for_is_refused_before_vault_is_asked(reader, user):
    job = kits.run_here(reader, user, "refused")

    assert job.result["data"] == {"other": "forbidden", "shared/more": "forbidden"}
    assert secret_reads.of(job.attempts.all()) == []
    assert Event.objects.filter(name="secret.refused", job_id=str(job.pk)).count() == 2


def test_where_vault_makes_no_such_tokens_the_run_goes_on_and_the_page_says_so(
    reader, user, openbao, client, caplog
):
    root = openbao.client()
    root.delete("auth/token/roles/toolbox-run")
    try:
        job = kits.run_here(reader, user)
    finally:
        openbao.make_ready()
        runs.forget()
    client.force_login(user)

    assert job.state == "succeeded", job.error
    assert caplog.text.count("Vault makes no tokens for runs") == 1
    own = {read["path"]: read["own_token"] for read in secret_reads.of(job.attempts.all())}
    assert own["toolkits/reader/api"] is False
    assert own["shared/dns"] is False
    assert "the platform's token" in client.get(f"/jobs/{job.pk}/").content.decode()


def test_what_a_lost_run_had_read_is_known_and_its_token_ends_by_itself(
    reader, user, openbao, monkeypatch
):
    """The worker vanishes before it writes how the run ended and before it revokes anything."""
    left = []
    monkeypatch.setattr(runs.RunSecrets, "close", lambda self: left.append(self._token))
    job = submit(toolkit=reader, operation="hello", inputs={}, user=user)
    monkeypatch.setattr(JobRun, "finish", lambda self, ended: self._note_reads())
    run_job(str(job.pk))

    attempt = JobAttempt.objects.get(job=job)
    assert attempt.finished_at is None
    assert [read["path"] for read in secret_reads.of([attempt])][-1] == "shared/dns"
    (token,) = left
    found = openbao.client().auth.token.lookup(token.token)["data"]
    assert 0 < found["ttl"] <= job.timeout_seconds + 120
