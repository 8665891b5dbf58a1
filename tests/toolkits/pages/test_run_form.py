"""The form of an operation: from schema to fields, from what was typed to inputs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.support.factories import make_job, make_row, operation
from toolkits.errors import FieldError
from toolkits.jobs import interactive
from toolkits.jobs.states import JobState
from toolkits.models import Job, JobAttempt, JobStep, Record, StepState
from toolkits.pages import fields, forms
from toolkits.schemas import Schema

SCHEMA: Schema = {
    "type": "object",
    "additionalProperties": False,
    "required": ["host", "mode"],
    "$defs": {
        "Mode": {"enum": ["fast", "safe"], "type": "string"},
        "Limits": {
            "type": "object",
            "properties": {
                "most": {"type": "integer", "minimum": 1, "default": 5},
                "strict": {"type": "boolean", "default": True},
            },
        },
        "Rule": {
            "type": "object",
            "properties": {"name": {"type": "string", "minLength": 1}, "port": {"type": "integer"}},
            "required": ["name"],
        },
    },
    "properties": {
        "host": {"type": "string", "title": "Host", "minLength": 1},
        "mode": {"$ref": "#/$defs/Mode"},
        "count": {"type": "integer", "minimum": 1, "maximum": 9, "default": 3},
        "ratio": {"anyOf": [{"type": "number"}, {"type": "null"}], "default": None},
        "verbose": {"type": "boolean", "default": False},
        "hosts": {"type": "array", "items": {"type": "string"}, "default": []},
        "ports": {
            "type": "array",
            "items": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
            "default": [443],
        },
        "modes": {"type": "array", "items": {"$ref": "#/$defs/Mode"}, "default": []},
        "limits": {"$ref": "#/$defs/Limits", "default": {"most": 5, "strict": True}},
        "maybe": {"anyOf": [{"$ref": "#/$defs/Limits"}, {"type": "null"}], "default": None},
        "rules": {"type": "array", "items": {"$ref": "#/$defs/Rule"}, "default": []},
        "when": {"type": "string", "format": "date-time", "default": "2026-01-01T00:00:00+00:00"},
        "wait": {"type": "string", "format": "duration", "default": "PT1M30S"},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}, "default": {}},
        "token": {"type": "string", "x-secret": True, "writeOnly": True, "default": ""},
    },
}


def post(**given: Any) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, value in given.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return data


def read(data: dict[str, Any], schema: Schema = SCHEMA, **options: Any) -> forms.Submitted:
    return forms.read(schema, post(**data), **options)


def by_name(values: dict[str, Any] | None = None, **options: Any) -> dict[str, fields.Field]:
    made, _ = fields.build(SCHEMA, values or {}, **options)
    return {field.name: field for field in made}


def test_each_type_gets_its_widget() -> None:
    widgets = {name: field.widget for name, field in by_name().items()}
    assert widgets == {
        "host": "text",
        "mode": "select",
        "count": "number",
        "ratio": "number",
        "verbose": "checkbox",
        "hosts": "textarea",
        "ports": "list",
        "modes": "multiselect",
        "limits": "group",
        "maybe": "group",
        "rules": "rows",
        "when": "datetime",
        "wait": "duration",
        "labels": "json",
        "token": "password",
    }


def test_defaults_and_limits_are_in_the_fields() -> None:
    made = by_name()
    assert (made["count"].value, made["count"].minimum, made["count"].maximum) == ("3", "1", "9")
    assert made["wait"].value == "1m 30s"
    assert made["when"].value == "2026-01-01T00:00:00"
    assert made["ports"].value == ["443"]
    assert made["host"].required
    assert not made["ratio"].required
    assert [field.value for field in made["limits"].fields] == ["5", True]
    # An optional object starts empty: filled in, it is there.
    assert [field.value for field in made["maybe"].fields] == ["", False]


def test_what_was_typed_becomes_json_of_the_right_types() -> None:
    typed = {
        "host": "db1",
        "mode": "safe",
        "count": "4",
        "ratio": "",
        "hosts": "a\r\n\r\n b \n[::1]",
        "ports": ["443", "", "8000-8010"],
        "modes": ["fast"],
        "limits.most": "7",
        "maybe.most": "",
        "labels": '{"a": "b"}',
        "wait": "2h",
        "when": "2026-02-03T04:05",
        "token": "s3cret",
    }
    result = read(typed)
    assert not result.errors
    assert result.inputs == {
        "host": "db1",
        "mode": "safe",
        "count": 4,
        "ratio": None,
        "verbose": False,
        "hosts": ["a", "b", "[::1]"],
        "ports": [443, "8000-8010"],
        "modes": ["fast"],
        "limits": {"most": 7, "strict": False},
        "maybe": None,
        "rules": [],
        "labels": {"a": "b"},
        "wait": "P0DT02H00M00S",
        "when": "2026-02-03T04:05:00+00:00",
        "token": "s3cret",
    }


def test_rows_of_a_list_of_objects_may_have_gaps_and_go_away() -> None:
    typed = {
        "rules[]": ["0", "2", "5", "__row__"],
        "rules[0].name": "a",
        "rules[2].name": "b",
        "rules[2].port": "1",
        "rules[5].name": "c",
        "rules[__row__].name": "the template",
        "_remove": "rules[0]",
    }
    assert read(typed).inputs["rules"] == [{"name": "b", "port": 1}, {"name": "c"}]
    added = read({"rules[]": ["0"], "rules[0].name": "a", "_add": "rules"})
    assert added.inputs["rules"] == [{"name": "a"}, {}]


def test_text_of_the_wrong_type_is_kept_to_be_shown_again() -> None:
    result = read(
        {
            "host": "a",
            "mode": "fast",
            "count": "many",
            "labels": "{broken",
            "wait": "soon",
            "when": "x",
        }
    )
    assert result.inputs["count"] == "many"
    assert [error.loc for error in result.errors] == [("when",), ("wait",)]
    made = by_name(result.inputs)
    assert made["count"].value == "many"
    assert made["labels"].value == "{broken"
    assert made["wait"].value == "soon"
    assert made["when"].value == "x"


def test_an_error_stands_at_its_field_however_deep() -> None:
    errors = [
        FieldError(("limits", "most"), "must be at least 1, but is 0"),
        FieldError(("hosts", 1), "must not be empty"),
        FieldError(("rules", 0, "name"), "is required"),
        FieldError(("nowhere",), "is not an input"),
    ]
    made, left = fields.build(SCHEMA, {"rules": [{}]}, errors)
    found = {field.name: field for field in made}
    assert found["limits"].fields[0].errors == ["Must be at least 1, but is 0"]
    assert found["hosts"].errors == ["Entry 2: must not be empty"]
    assert found["rules"].rows[0].fields[0].errors == ["Is required"]
    assert left == ["nowhere: is not an input"]


def test_a_link_fills_in_what_it_names_and_never_a_secret() -> None:
    result = read(
        {"count": "5", "verbose": "on", "token": "from the address", "limits.most": "2"},
        partial=True,
    )
    assert result.inputs == {"count": 5, "verbose": True, "limits": {"most": 2}}


def test_a_secret_is_never_sent_back() -> None:
    made = by_name({"token": "s3cret"})
    assert made["token"].value == ""
    assert by_name({}, stored=["token"])["token"].stored


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("15m", 900),
        ("15 min", 900),
        ("1h 30m", 5400),
        ("2d", 172800),
        ("PT5M", 300),
        ("00:02:00", 120),
        ("soon", None),
        ("", None),
        ("9" * 400, None),
    ],
)
def test_lengths_of_time_as_people_write_them(text: str, seconds: int | None) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert forms.parse_length(text) == expected


@pytest.fixture
def signed_in(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


RUN = "/toolkits/net/run/hello/"


def make_kit(**described: Any) -> Any:
    schema = {
        "type": "object",
        "required": ["host"],
        "additionalProperties": False,
        "properties": {
            "host": {"type": "string", "minLength": 1},
            "count": {"type": "integer", "minimum": 1, "default": 1},
        },
    }
    return make_row("net", operations=[operation("hello", **{"inputs": schema, **described})])


def test_a_form_that_fits_makes_a_job_and_leads_to_it(signed_in: Client, user: User) -> None:
    make_kit()
    answer = signed_in.post(RUN, {"host": "db1", "count": "2"})
    job = Job.objects.get()
    assert answer.headers["Location"] == f"/jobs/{job.pk}/"
    assert (job.inputs, job.requested_by, job.requested_via) == (
        {"host": "db1", "count": 2},
        user,
        "console",
    )


def test_a_bad_input_is_shown_at_its_field_and_the_others_are_kept(signed_in: Client) -> None:
    make_kit()
    answer = signed_in.post(RUN, {"host": "db1", "count": "0"})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert 'value="db1"' in text
    assert "Must be at least 1, but is 0" in text
    assert 'aria-invalid="true"' in text
    assert not Job.objects.exists()


def test_markup_that_was_typed_is_shown_as_text(signed_in: Client) -> None:
    make_kit()
    text = signed_in.post(
        RUN, {"host": '"><script>alert(1)</script>', "count": "x"}
    ).content.decode()
    assert "<script>alert(1)" not in text


def test_with_no_free_worker_a_short_operation_is_not_started(
    signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_kit(interactive=True)
    monkeypatch.setattr(interactive, "_CLAIM_SECONDS", 0.05)

    answer = signed_in.post(RUN, {"host": "db1"})

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    text = answer.content.decode()
    assert "No interactive worker is free" in text
    # What was typed is still there.
    assert 'value="db1"' in text
    assert Job.objects.get().state == JobState.CANCELLED


def test_a_short_operation_that_waits_for_approval_keeps_nobody_waiting(
    signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_kit(interactive=True, requires_approval=True)
    monkeypatch.setattr(interactive, "wait_finished", None)

    answer = signed_in.post(RUN, {"host": "db1"})

    assert answer.headers["Location"] == Job.objects.get().get_absolute_url()


def test_an_operation_that_changes_things_asks_first(signed_in: Client) -> None:
    make_kit(effect="change", dry_run=True)
    answer = signed_in.post(RUN, {"host": "a"})
    assert answer.status_code == 422
    assert "Confirm that this may change something." in answer.content.decode()
    assert signed_in.post(RUN, {"host": "a", "_confirm": "on"}).status_code == 302


def test_an_operation_that_destroys_asks_for_the_name(signed_in: Client) -> None:
    make_kit(effect="destroy")
    assert signed_in.post(RUN, {"host": "a", "_confirm": "on"}).status_code == 422
    assert signed_in.post(RUN, {"host": "a", "_confirm": "net"}).status_code == 302


def test_a_dry_run_asks_nothing_and_is_one(signed_in: Client) -> None:
    make_kit(effect="destroy", dry_run=True)
    assert signed_in.post(RUN, {"host": "a", "_dry_run": "on"}).status_code == 302
    assert Job.objects.get().dry_run


def test_a_dry_run_that_the_operation_does_not_offer_is_refused(signed_in: Client) -> None:
    make_kit(effect="destroy")
    answer = signed_in.post(RUN, {"host": "a", "_dry_run": "on"})
    assert answer.status_code == 409
    assert "has no dry run" in answer.content.decode()


def test_running_again_fills_in_the_inputs_but_no_secret(signed_in: Client, user: User) -> None:
    schema = {
        "type": "object",
        "properties": {"host": {"type": "string"}, "token": {"type": "string", "x-secret": True}},
    }
    kit = make_kit(inputs=schema)
    job = make_job(
        kit, user, state=JobState.FAILED, inputs={"host": "db7", "token": {"$secret": "jobs/1"}}
    )
    text = signed_in.get(f"{RUN}?_from={job.pk}").content.decode()
    assert 'value="db7"' in text
    assert "$secret" not in text


def _failed_after_a_step(user: User, **fields: Any) -> Job:
    job = make_job(make_kit(dry_run=True), user, state=JobState.FAILED, **fields)
    JobAttempt.objects.create(job=job, number=1, worker="w", version_label="1.0.0")
    JobStep.objects.create(
        job=job, attempt=1, name="drain", key="a", state=StepState.COMPLETED,
        started_at=timezone.now(),
    )  # fmt: skip
    return job


def test_a_run_that_failed_is_taken_up_where_it_stopped(signed_in: Client, user: User) -> None:
    job = _failed_after_a_step(user, inputs={"host": "a"})

    shown = signed_in.get(job.get_absolute_url()).content.decode()
    assert f"?_from={job.pk}&amp;_resume=on" in shown
    form = signed_in.get(f"{RUN}?_from={job.pk}&_resume=on").content.decode()
    assert 'name="_resume" checked' in form
    assert 'name="_resume" checked' not in signed_in.get(f"{RUN}?_from={job.pk}").content.decode()

    answer = signed_in.post(RUN, {"host": "a", "_from": str(job.pk), "_resume": "on"})

    made = Job.objects.get(rerun_of=job)
    assert answer.headers["Location"] == made.get_absolute_url()
    assert made.resumes
    signed_in.post(RUN, {"host": "a", "_from": str(job.pk)})
    assert [one.resumes for one in Job.objects.filter(rerun_of=job).order_by("id")] == [True, False]


def test_a_run_does_not_go_on_from_a_dry_run(signed_in: Client, user: User) -> None:
    job = _failed_after_a_step(user, dry_run=True)

    assert "_resume" not in signed_in.get(f"{RUN}?_from={job.pk}").content.decode()
    answer = signed_in.post(RUN, {"host": "a", "_from": str(job.pk), "_resume": "on"})

    assert answer.status_code == 409
    assert "A dry run did nothing" in answer.content.decode()
    assert not Job.objects.filter(rerun_of=job).exists()


def test_inputs_of_a_job_that_is_not_visible_are_not_filled_in(
    signed_in: Client, curator: User
) -> None:
    job = make_job(make_kit(), curator, inputs={"host": "hidden-host"})
    assert "hidden-host" not in signed_in.get(f"{RUN}?_from={job.pk}").content.decode()


def test_an_operation_that_is_not_there_is_404(signed_in: Client) -> None:
    make_kit()
    assert signed_in.get("/toolkits/net/run/nothing/").status_code == 404
    assert signed_in.get("/toolkits/none/run/hello/").status_code == 404


def test_records_of_a_collection_are_offered_by_name(signed_in: Client) -> None:
    schema = {"type": "object", "properties": {"target": {"type": "string", "x-record": "targets"}}}
    kit = make_kit(inputs=schema)
    kit.active_version.description["collections"] = [
        {"name": "targets", "title": "Targets", "schema": {"properties": {}}, "secret_fields": []}
    ]
    kit.active_version.save()
    record = Record.objects.create(toolkit=kit, collection="targets", data={"name": "database one"})
    text = signed_in.get(RUN).content.decode()
    assert f'<option value="{record.pk}">database one</option>' in text


def test_without_scripts_a_button_adds_a_row(signed_in: Client) -> None:
    make_kit(inputs=SCHEMA)
    text = signed_in.post(
        RUN, {"rules[]": ["0"], "rules[0].name": "first", "_add": "rules"}
    ).content.decode()
    assert 'name="rules[1].name"' in text
    assert 'value="first"' in text
    assert not Job.objects.exists()


def test_what_the_toolkits_code_refuses_stands_at_its_field(client: Client, user: User) -> None:
    kit = make_row(operations=[operation("check", inputs=SCHEMA)])
    errors = [{"loc": ["host"], "message": "it is not a host"}]
    error = {"kind": "invalid_inputs", "message": "host: it is not a host", "errors": errors}
    job = make_job(
        kit, user, operation="check", state=JobState.FAILED, reason=error["message"], error=error,
        inputs={"host": "x", "mode": "fast"},
    )  # fmt: skip
    client.force_login(user)

    shown = client.get(f"/toolkits/{kit.slug}/run/check/?_from={job.pk}").content.decode()

    notes = shown[shown.index('id="id_host-notes"') :]
    assert notes.index("It is not a host") < notes.index("</div>")
