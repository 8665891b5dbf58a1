"""Every bundled toolkit stops by itself when it is asked to, in the middle of what takes long.

Each case waits for a server that accepts and never answers, or for a pattern that never ends, with
time limits far beyond the test's. What is asserted is that the job ended because it was asked: no
signal was sent, which would come after a grace of five seconds. How long it took is printed
(``pytest -s``); on an idle machine that is a third of a second.
"""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from toolkit_sdk import threads

from tests.bundled.test_every_bundle import SLUGS
from tests.support import listeners, until
from toolkits import settings_store
from toolkits.jobs.cancel import request_cancel
from toolkits.jobs.dispatch import submit
from toolkits.jobs.states import JobState
from toolkits.models import Job, Toolkit
from toolkits.records import create
from toolkits.runtime import conversation

#: It answers at once whatever it is asked: nothing of it can be in the middle of something.
AT_ONCE = {"subnet-cheatsheet"}


class Silent:
    """A server that accepts connections and says nothing; it knows how many there were."""

    def __init__(self) -> None:
        self.accepted = 0
        self.over = threading.Event()
        self.port = 0

    def talk(self, connection: socket.socket) -> None:
        self.accepted += 1
        self.over.wait(300)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def silent() -> Iterator[Silent]:
    made = Silent()
    with ExitStack() as kept:
        made.port = kept.enter_context(listeners.tcp(made.talk))
        kept.callback(made.over.set)
        yield made


def cases(silent: Silent) -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """Toolkit, operation, its inputs, and records to make: by collection and, where an input is
    to be the record, the name of that input."""
    bomb = {"name": "bomb.txt", "content": base64.b64encode(b"a" * 60 + b"!").decode()}
    host = {"host": "127.0.0.1", "port": silent.port}
    slow = {"name": "slow", "url": silent.url, "timeout_seconds": 100}
    zabbix = {"name": "slow", "url": silent.url, "token": "7" * 64}
    return [
        ("api_checker", "run_collection", {"collection": "c"}, {
            "requests": (None, {**slow, "collection": "c"}),
        }),
        ("connectivity", "check", {
            "hosts": ["127.0.0.1"], "ports": [silent.port], "protocol": "tls",
            "timeout_seconds": 60,
        }, {}),
        ("latency_sleuth", "run_due", {"everything": True}, {"templates": (None, slow)}),
        ("regex", "test", {"pattern": "(a+)+$", "upload": bomb}, {}),
        ("sample-toolkit", "slow", {"steps": 100}, {}),
        ("tls-watchtower", "sweep", {}, {"hosts": (None, host)}),
        ("toolbox_health", "check", {"for_seconds": 3000}, {}),
        ("zabbix", "test_connection", {}, {"instances": ("instance", zabbix)}),
    ]  # fmt: skip


SETTINGS: dict[str, dict[str, Any]] = {
    "regex": {"limit_seconds": 30},
    "sample-toolkit": {"pause_seconds": 5},
    "tls-watchtower": {"timeout_seconds": 60},
    "zabbix": {"timeout_seconds": 100},
}


def begun(job: Job, silent: Silent, before: int) -> bool:
    """Whether it runs and has come to what takes long."""
    job.refresh_from_db()
    return job.state == JobState.RUNNING and (silent.accepted > before or job.log_lines > 0)


def test_every_toolkit_stops_when_it_is_asked(platform: Any, bundled: Any, user: Any, silent: Any):
    every = cases(silent)
    assert {slug for slug, *_ in every} | AT_ONCE == set(SLUGS)
    platform.worker()
    installed: dict[str, Toolkit] = {}
    for slug, operation, inputs, records in every:
        if slug not in installed:
            installed[slug] = bundled(slug)
            if slug in SETTINGS:
                settings_store.save(installed[slug], SETTINGS[slug], user)
        given = dict(inputs)
        for collection, (name, data) in records.items():
            record = create(installed[slug], collection, data, user)
            given |= {name: str(record.pk)} if name else {}
        before = silent.accepted

        job = submit(toolkit=installed[slug], operation=operation, inputs=given, user=user)
        until(lambda job=job, before=before: begun(job, silent, before), 60, f"{slug} at work")
        request_cancel(job, user)
        until(lambda job=job: Job.objects.get(pk=job.pk).is_finished, 60, f"the end of {slug}")

        job.refresh_from_db()
        attempt = job.attempts.get()
        where = f"{slug}.{operation}"
        assert job.state == JobState.CANCELLED, (where, job.reason)
        assert attempt.asked_at is not None, where
        assert attempt.terminated_at is attempt.killed_at is None, where
        print(f"{where}: {(job.finished_at - job.cancel_requested_at).total_seconds():.2f} s")


def test_what_a_cancelled_job_waits_for_is_less_than_half_a_second():
    """The worker looks at the row, a blocking call looks up: nothing else is waited for."""
    assert conversation.LOOK + threads._TICK < 0.5
