"""``manage.py toolkit run``: follows a run while it goes on, and stops it on Ctrl-C."""

from __future__ import annotations

import signal

import pytest

from tests.support import until
from toolkits.jobs.states import JobState
from toolkits.models import Job, ToolkitState

SLOW = """
@toolkit.operation(timeout=120)
def wait(ctx: Context) -> dict[str, int]:
    ctx.log.info("waiting for a word")
    while not ctx.state.get("go"):
        ctx.sleep(0.1)
    ctx.log.info("it came")
    return {"answer": 42}
"""


@pytest.fixture
def kit(install):
    return install(SLOW, slug="slow")


def begun(platform, admin_user):
    """The command, once its operation runs and has said so."""
    platform.worker("default")
    command = platform.start("run", "manage.py", "toolkit", "run", "slow", "wait")
    command.until_says("waiting for a word", 60)
    assert Job.objects.get().state == JobState.RUNNING
    return command


def test_the_log_is_followed_and_the_result_is_json(platform, kit, admin_user):
    command = begun(platform, admin_user)

    ToolkitState.objects.create(toolkit=kit, key="go", value=True)

    assert command.wait(60) == 0
    said = command.log()
    assert said.index("waiting for a word") < said.index("it came") < said.index('"answer": 42')
    assert said.count("it came") == 1


def test_ctrl_c_cancels_the_run_and_tells_its_end(platform, kit, admin_user):
    command = begun(platform, admin_user)

    command.signal(signal.SIGINT)

    assert command.wait(60) == 1
    until(lambda: Job.objects.get().is_finished, 30, "the end")
    assert Job.objects.get().state == JobState.CANCELLED
    assert "cancelled" in command.log()
