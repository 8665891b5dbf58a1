"""Parts of a form that load by themselves: records by search, choices of a provider."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.support.factories import make_row, operation
from toolbox.events import emit
from toolkits.jobs.states import JobState
from toolkits.models import Job, Record, Toolkit
from toolkits.pages import provided, record_choices

RUN = "/toolkits/net/run/move/"
INPUTS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "site": {"type": "string", "default": "a"},
        "zone": {
            "type": "string",
            "default": "",
            "x-choices": {"operation": "zones", "depends": ["site"]},
        },
        "note": {
            "type": "string",
            "default": "",
            "x-show-if": {"field": "site", "values": ["b"]},
        },
        "host": {
            "anyOf": [
                {"type": "string", "format": "uuid", "x-record": "hosts"},
                {"type": "null"},
            ],
            "default": None,
        },
        "hosts": {
            "type": "array",
            "items": {"type": "string", "format": "uuid", "x-record": "hosts"},
            "default": [],
        },
    },
}
HOSTS = {
    "name": "hosts",
    "title": "Hosts",
    "description": "",
    "secret_fields": [],
    "schema": {"type": "object", "properties": {"name": {"type": "string"}}},
}


@pytest.fixture
def toolkit(db: None) -> Toolkit:
    zones = {"type": "object", "properties": {"site": {"type": "string", "default": "a"}}}
    operations = [
        operation("move", inputs=INPUTS),
        operation("zones", inputs=zones, interactive=True),
    ]
    return make_row("net", operations=operations, collections=[HOSTS])


@pytest.fixture
def signed_in(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def hosts(toolkit: Toolkit, count: int) -> list[Record]:
    made = [
        Record(toolkit=toolkit, collection="hosts", data={"name": f"edge-{n:03}"})
        for n in range(count)
    ]
    return Record.objects.bulk_create(made)


def _text(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_few_records_are_all_offered(signed_in: Client, toolkit: Toolkit) -> None:
    hosts(toolkit, 3)
    page = _text(signed_in.get(RUN))
    assert page.count("edge-002") == 2
    assert "record-search" not in page


def test_many_records_are_found_by_a_search(signed_in: Client, toolkit: Toolkit) -> None:
    last = hosts(toolkit, record_choices.FEW + 30)[-1]
    page = _text(signed_in.get(RUN))
    assert page.count("record-search") == 2
    assert "edge-129" not in page
    found = _text(signed_in.get(RUN + "records/host/?_query=edge-12"))
    assert found.count("<option") == 11
    kept = _text(signed_in.get(RUN + f"records/hosts/?_query=edge-00&hosts={last.pk}"))
    assert f'<option value="{last.pk}" selected>edge-129' in kept
    assert signed_in.get(RUN + "records/site/").status_code == 404


def test_a_record_that_was_chosen_is_there_however_many_there_are(
    signed_in: Client, toolkit: Toolkit
) -> None:
    last = hosts(toolkit, record_choices.FEW + 30)[-1]
    page = _text(signed_in.get(f"{RUN}?host={last.pk}"))
    assert f'<option value="{last.pk}" selected>edge-129' in page


def test_several_records_are_chosen_in_one_field(signed_in: Client, toolkit: Toolkit) -> None:
    first, second = hosts(toolkit, 2)
    signed_in.post(RUN, {"hosts": [str(first.pk), str(second.pk)], "site": "a"})
    assert Job.objects.get().inputs["hosts"] == [str(first.pk), str(second.pk)]


def test_a_field_knows_what_it_depends_on_and_what_shows_it(
    signed_in: Client, toolkit: Toolkit
) -> None:
    page = _text(signed_in.get(RUN))
    assert f'hx-post="{RUN}choices/zone/"' in page
    assert "load, change from:#id_site" in page
    assert "&quot;field&quot;:&quot;site&quot;" in page


def finish(monkeypatch: pytest.MonkeyPatch, **fields: Any) -> None:
    """Do a worker's part at once: move the job to its end, and say so in the trail."""

    def ended(job_id: Any, seconds: float) -> bool:
        jobs = Job.objects.filter(pk=job_id)
        now = timezone.now()
        with transaction.atomic():
            jobs.update(state=JobState.RUNNING, started_at=now, attempt=1, lease_expires_at=now)
            jobs.update(finished_at=now, lease_expires_at=None, **fields)
            emit("job.ended", target=jobs.get(), state=str(fields["state"]))
        return True

    monkeypatch.setattr(provided, "wait_finished", ended)


def test_a_provider_is_run_with_what_it_depends_on_and_not_twice(
    signed_in: Client, toolkit: Toolkit, clear_cache: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = [{"value": "b-1", "label": "First of b"}, "b-2", {"label": "no value"}]
    finish(monkeypatch, state=JobState.SUCCEEDED, result={"view": "json", "data": data})
    for _ in range(2):
        answer = _text(signed_in.post(RUN + "choices/zone/", {"site": "b", "note": "x"}))
        assert '<option value="b-1" label="First of b">' in answer
        assert "2 choices" in answer
        assert "load" not in answer.partition("hx-trigger")[2].partition(">")[0]
    job = Job.objects.get()
    assert (job.operation, job.inputs) == ("zones", {"site": "b"})


def test_a_provider_that_fails_says_why_and_leaves_the_field_open(
    signed_in: Client, toolkit: Toolkit, clear_cache: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(monkeypatch, state=JobState.FAILED, reason="There is no site q.")
    answer = _text(signed_in.post(RUN + "choices/zone/", {"site": "q"}))
    assert "There is no site q." in answer


def test_without_scripts_a_button_asks_for_the_choices(
    signed_in: Client, toolkit: Toolkit, clear_cache: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(monkeypatch, state=JobState.SUCCEEDED, result={"view": "json", "data": ["z-9"]})
    page = _text(signed_in.post(RUN, {"site": "a", "zone": "", "_choices": "zone"}))
    assert '<option value="z-9">' in page
    assert not Job.objects.filter(operation="move").exists()


def test_a_field_without_a_provider_has_no_choices_to_ask_for(
    signed_in: Client, toolkit: Toolkit
) -> None:
    assert signed_in.post(RUN + "choices/site/").status_code == 404
    assert signed_in.post(RUN + "choices/nothing/").status_code == 404
