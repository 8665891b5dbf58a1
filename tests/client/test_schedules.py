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


def test_schedules_are_made_changed_and_deleted(
    toolbox: Shell, install: Any, user: Any, admin_user: Any, live_web: str
) -> None:
    install(KIT)
    sign_in(toolbox, live_web)
    when = ("--cron", "0 2 * * *", "--time-zone", "Europe/Berlin")
    made = toolbox(
        "schedules", "create", "Nightly", "sample", "steps", *when, "-i", "count=2",
        "-i", "names=a", "--overlap", "queue", "--jitter", "5m",
    )  # fmt: skip
    schedule = Schedule.objects.get(pk=made.stdout.strip())
    assert made.stderr.startswith("next: 2")
    assert (schedule.owner.name, schedule.time_zone, schedule.overlap, schedule.jitter_seconds) == (
        TOOLKIT_USER, "Europe/Berlin", "queue", 300,
    )  # fmt: skip
    assert schedule.inputs["count"] == 2

    changed = toolbox("schedules", "change", made.stdout.strip(), "--every", "2h", "-i", "count=3")
    assert "changed; next: 2" in changed.stdout
    schedule.refresh_from_db()
    assert (schedule.kind, schedule.interval_seconds) == ("interval", 7200)
    assert (schedule.inputs["count"], schedule.inputs["names"]) == (3, ["a"])

    again = ("schedules", "create", "Again", "sample", "steps", "-i", "count=1")
    assert "--cron, --every or --at" in toolbox(*again, code=2).stderr
    assert "one of" in toolbox(*again, "--every", "1h", "--cron", "* * * * *", code=2).stderr
    assert "5m" in toolbox(*again, "--every", "often", code=2).stderr
    refused = toolbox(*again, "--cron", "61 * * * *", code=5)
    assert "cron" in refused.stderr
    refused = toolbox("schedules", "create", "Bad", "sample", "steps", "--every", "1h", code=5)
    assert "count" in refused.stderr
    toolbox(*again, "--every", "1h", "--owner", "nobody", code=5)
    assert "is not the id of a schedule" in toolbox("schedules", "show", "nightly", code=4).stderr

    sign_in(toolbox, live_web, "ada")
    several = toolbox(*again, "--every", "1h", code=2)
    assert "Yours: system.admin, toolkit.curator, toolkit.user" in several.stderr
    owned = toolbox(*again, "--every", "1h", "--owner", TOOLKIT_USER).stdout.strip()
    toolbox("schedules", "delete", owned, "--yes")
    sign_in(toolbox, live_web)

    refused = toolbox("schedules", "delete", made.stdout.strip(), code=5, given="n\n")
    assert "Nothing was" in refused.stderr
    assert "nobody to answer" in toolbox("schedules", "delete", made.stdout.strip(), code=2).stderr
    toolbox("schedules", "delete", made.stdout.strip(), "--yes")
    assert not Schedule.objects.exists()
    toolbox("schedules", "show", made.stdout.strip(), code=4)
    keep = ("schedules", "create", "Keep", "sample", "keep", "--at", "2099-01-01T00:00:00Z")
    kept = toolbox(*keep, "--secret", "token", given="hush\n").stdout.strip()
    assert "hush" not in toolbox("schedules", "show", kept).stdout
    toolbox("schedules", "change", kept, "--name", "Kept")
    assert Schedule.objects.get().inputs["token"] == {"$secret": f"schedules/{kept}"}
