"""Schedules, approvals and the trail's verification from a shell."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.models import Group, Permission

from accounts.roles import TOOLKIT_USER
from tests.client.conftest import Shell
from tests.client.test_live import KIT, sign_in
from toolkits.models import Job, Schedule


def test_schedules_are_paused_resumed_and_run_and_jobs_approved(
    toolbox: Shell, install: Any, user: Any, curator: Any, admin_user: Any, platform: Any
) -> None:
    made = Schedule.objects.create(
        name="Nightly", toolkit=install(KIT), operation="steps", inputs={"count": 1}, kind="cron",
        cron="0 2 * * *", owner=Group.objects.get(name=TOOLKIT_USER),
    )  # fmt: skip
    curator.user_permissions.add(*Permission.objects.filter(codename="approve_job"))
    url = platform.web()[1]
    sign_in(toolbox, url)
    listed = toolbox("schedules", "list").stdout
    assert "Nightly" in listed
    assert "0 2 * * * " in listed
    assert "count" in toolbox("schedules", "show", str(made.pk)).stdout

    sign_in(toolbox, url, "carl")
    toolbox("schedules", "pause", str(made.pk))
    assert json.loads(toolbox("-o", "json", "schedules", "list").stdout)[0]["paused"]
    toolbox("schedules", "resume", str(made.pk))
    job = toolbox("schedules", "run", str(made.pk), "--detach").stdout.strip()
    assert Job.objects.get(pk=job).schedule == made

    sign_in(toolbox, url)
    asked = toolbox("run", "sample", "drop", "--detach").stdout.strip()
    waiting = json.loads(toolbox("-o", "json", "jobs", "show", asked).stdout)
    digest = waiting["approval"]["digest"]
    toolbox("jobs", "approve", asked, "--digest", digest, code=5)  # nobody approves their own
    sign_in(toolbox, url, "carl")
    toolbox("jobs", "approve", asked, "--digest", "0" * 64, code=5)
    assert "queued" in toolbox("jobs", "approve", asked, "--digest", digest).stdout

    platform.scheduler()
    sign_in(toolbox, url, "ada")
    assert toolbox("audit", "verify").stdout.startswith("whole: ")
    assert "job.requested" in toolbox("audit", "list").stdout
