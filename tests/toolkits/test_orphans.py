"""Secrets whose owner is gone: deleted at the second look; never those of anybody who is there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.factories import make_job
from toolbox import secrets
from toolbox.ids import uuid7
from toolkits import orphans, records
from toolkits.jobs.states import JobState
from toolkits.models import Record

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]

KIT = """
@toolkit.collection("targets", title="Targets")
class Target(Record):
    host: str
    password: Secret | None = None

@toolkit.operation()
def hello(ctx: Context) -> str:
    return "hello"
"""


@pytest.fixture(autouse=True)
def _anew() -> None:
    orphans.forget()


@pytest.fixture
def toolkit(valkey: Any, openbao: Any, install: Any) -> Any:
    return install(KIT)


def there(path: str) -> bool:
    try:
        secrets.client().read(path)
    except secrets.SecretNotFound:
        return False
    return True


def test_what_has_no_owner_is_deleted_at_the_second_look_and_the_rest_is_left(toolkit, curator):
    data = {"host": "db1", "password": "record-s3cret"}
    kept = records.create(toolkit, "targets", data, curator)
    lost = records.create(toolkit, "targets", data, curator)
    waiting = make_job(toolkit, curator, state=JobState.QUEUED)
    ended = make_job(toolkit, curator, state=JobState.SUCCEEDED)
    base = "toolkits/sample/records/targets"
    alive = [f"{base}/{kept.pk}", f"jobs/{waiting.pk}", "jobs/by-hand", "toolkits/gone/records/x/y"]
    dead = [f"{base}/{lost.pk}", f"jobs/{ended.pk}", f"jobs/{uuid7()}", f"schedules/{uuid7()}"]
    for path in {*alive, *dead} - {f"{base}/{kept.pk}", f"{base}/{lost.pk}"}:
        secrets.client().write(path, {"value": "x"})
    Record.objects.filter(pk=lost.pk).delete()

    assert orphans.sweep() == 0
    assert all(map(there, dead))
    assert orphans.sweep() >= len(dead)

    assert not any(map(there, dead))
    assert all(map(there, alive))


def test_a_record_can_be_deleted_while_vault_is_sealed_and_its_secret_goes_later(
    toolkit, curator, openbao
):
    data = {"host": "db1", "password": "record-s3cret"}
    record = records.create(toolkit, "targets", data, curator)
    path = f"toolkits/sample/records/targets/{record.pk}"
    openbao.client().sys.seal()
    try:
        records.delete(record, record.version, curator)
        assert orphans.sweep() == 0
    finally:
        openbao.make_ready()

    assert not Record.objects.filter(pk=record.pk).exists()
    assert there(path)
    orphans.sweep()
    orphans.sweep()
    assert not there(path)
