"""The sample toolkit, installed, in a real runner."""

import base64

from tests.support import listeners, until
from toolkits.jobs.recovery import start_due
from toolkits.jobs.states import JobState
from toolkits.models import Toolkit, ToolkitState
from toolkits.records import create
from toolkits.runtime.execute import run_job


def test_it_greets(run):
    job = run("sample-toolkit", "hello", {"name": "Ada"})

    assert job.state == JobState.SUCCEEDED, job.reason
    assert job.result == {"view": "text", "text": "Hello, Ada!"}


def test_every_kind_of_input_arrives(run):
    upload = {"name": "a.bin", "content": base64.b64encode(b"12345").decode()}
    inputs = {
        "upload": upload,
        "colours": ["red", "blue"],
        "wait": "PT90S",
        "window": {"minutes": 5},
    }
    job = run("sample-toolkit", "every_input", inputs)

    assert job.state == JobState.SUCCEEDED, job.reason
    shown = {item["label"]: item["value"] for item in job.result["items"]}
    assert shown["upload"] == "a.bin: 5 bytes"
    assert shown["colours"] == "red, blue"
    assert shown["wait"] == "90 s"


def test_what_the_code_refuses_is_told_at_its_field(run):
    job = run("sample-toolkit", "every_input", {"ticket": "x"})

    assert job.state == JobState.FAILED
    assert job.error["kind"] == "invalid_inputs"
    assert job.error["errors"] == [
        {"loc": ["ticket"], "message": "'x' is not a ticket; write it like OPS-123"}
    ]
    assert job.reason == (
        "The inputs are not valid: ticket: 'x' is not a ticket; write it like OPS-123"
    )


def test_what_an_operation_itself_finds_wrong_with_an_input_is_told_at_its_field(run):
    job = run("sample-toolkit", "count_words")

    assert job.error["errors"] == [
        {"loc": ["text"], "message": "there is no text to count; paste some, or give a file."}
    ]
    assert job.reason == "text: there is no text to count; paste some, or give a file."


def test_a_web_server_is_asked_and_its_error_is_told_at_the_field(run):
    answers = {"/good": (200, {}, b"12345"), "/bad": (404, {}, b"")}
    with listeners.web(lambda seen: answers[seen.path]) as web:
        good = run("sample-toolkit", "fetch", {"url": f"{web.url}/good"})
        inputs = {"url": f"{web.url}/bad", "bad_status_is_a_mistake": True}
        bad = run("sample-toolkit", "fetch", inputs)

    assert {item["label"]: item["value"] for item in good.result["items"]} == {
        "status": 200,
        "bytes": 5,
    }
    assert bad.error["errors"] == [{"loc": ["url"], "message": "the server answered 404."}]
    assert bad.state == JobState.FAILED  # not waiting for another attempt


def test_what_the_manifest_does_not_ask_for_is_not_given(run):
    job = run("sample-toolkit", "not_given")

    assert job.state == JobState.SUCCEEDED, job.reason
    said = {item["label"]: item["value"] for item in job.result["items"]}
    assert said["secret"].startswith("forbidden: The manifest of this toolkit does not ask")
    assert said["health"].startswith("forbidden: The manifest of this toolkit does not ask")


def test_a_note_changes_record_state_and_history(bundled, run, user):
    toolkit = bundled("sample-toolkit")
    record = create(toolkit, "services", {"name": "mail"}, user)

    job = run("sample-toolkit", "take_note", {"service": str(record.pk), "note": "rebooted"})

    assert job.state == JobState.SUCCEEDED, job.reason
    record.refresh_from_db()
    assert record.data["notes"] == 1
    assert ToolkitState.objects.get(key="last_note").value == {
        "service": "mail",
        "note": "rebooted",
    }
    assert Toolkit.objects.get(slug="sample-toolkit").samples.count() == 1


def test_its_file_is_kept(run):
    job = run("sample-toolkit", "export_services")

    assert job.state == JobState.SUCCEEDED, job.reason
    assert list(job.artifacts.values_list("name", flat=True)) == ["services.csv"]


def test_a_second_attempt_goes_on_where_the_first_one_failed(run):
    job = run("sample-toolkit", "roll_out", {"fail_at": "web-2"})
    until(lambda: _again(job), 30, "the second attempt ends")

    assert job.state == JobState.SUCCEEDED, job.reason
    assert [row["done in"] for row in job.result["rows"]] == [
        "attempt 1",
        "attempt 2",
        "attempt 2",
    ]


def _again(job) -> bool:
    """Run it again when its time has come, as scheduler and worker do."""
    start_due()
    run_job(str(job.pk))
    job.refresh_from_db()
    return job.is_finished
