"""Files as inputs: in the schema, from the command line, in the function."""

import pytest
from toolkit_sdk import Context, File, Toolkit
from toolkit_sdk.describe import describe
from toolkit_sdk.testing import InvalidInputs, fake_context

from tests.support.kits import run_here
from toolkits.cli.run import _inputs
from toolkits.file_inputs import as_input
from toolkits.jobs.states import JobState
from toolkits.schemas import marked

toolkit = Toolkit()


@toolkit.operation()
def count(ctx: Context, given: File | None = None) -> str:
    return f"{given.name}: {given.text()}" if given else "none"


KIT = """
from toolkit_sdk import File

@toolkit.operation()
def count(ctx: Context, given: File | None = None) -> str:
    return f"{given.name}: {given.text()}" if given else "none"
"""


def test_a_file_is_marked_in_the_schema():
    schema = describe(toolkit, "1")["operations"][0]["inputs"]

    assert [name for name, _ in marked(schema, "x-file")] == ["given"]


def test_the_function_is_given_name_and_text():
    ctx = fake_context(toolkit)

    assert ctx.run("count", given=as_input("a.csv", "\ufeffé\n".encode())) == "a.csv: é\n"
    assert ctx.run("count") == "none"


def test_a_file_that_is_too_large_is_refused_at_its_field():
    with pytest.raises(InvalidInputs) as caught:
        fake_context(toolkit).run("count", given=as_input("a", b"x" * 600_000))

    assert list(caught.value.errors) == ["given.content"]


def test_the_command_line_reads_a_file_through_the_whole_platform(valkey, install, user, tmp_path):
    installed = install(KIT)
    path = tmp_path / "hosts.csv"
    path.write_text("a,b")

    inputs = _inputs(installed, {"operation": "count", "input": [f"given=@{path}"]})
    job = run_here(installed, user, "count", inputs)

    assert job.state == JobState.SUCCEEDED, job.reason
    assert job.result["data"] == "hosts.csv: a,b"
