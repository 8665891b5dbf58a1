"""Acts on schedules."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group

from accounts.roles import TOOLKIT_USER
from tests.audit.acts import Act, World, act
from toolkits.models import Schedule
from toolkits.schedules import service

_SCHEDULE = "/api/v1/schedules/<uuid:schedule_id>/"
_WHEN = {"kind": "cron", "cron": "0 3 * * *"}


def a_schedule(world: World, *, paused: bool = False) -> Schedule:
    """A schedule of the user's."""
    user, owner = world.people["user"], Group.objects.get(name=TOOLKIT_USER)
    schedule = service.create(
        user, toolkit=world.toolkit, inputs={}, owner=owner, name="s", operation="hello", **_WHEN
    )
    return service.pause(schedule, user) if paused else schedule


def on_schedule(method: str, tail: str = "", data: Any = None, *, paused: bool = False) -> Act:
    """Send something about a schedule as the user."""

    def send(w: World) -> Any:
        return w.send("user", method, f"schedules/{a_schedule(w, paused=paused).pk}/{tail}", data)

    return send


act("POST /api/v1/schedules/", "schedule.created")(
    lambda w: w.send(
        "user",
        "post",
        "schedules/",
        {"name": "s", "toolkit": "sample", "operation": "hello", "owner": TOOLKIT_USER, **_WHEN},
    )
)
act(f"PATCH {_SCHEDULE}", "schedule.changed")(on_schedule("patch", data={"name": "other"}))
act(f"DELETE {_SCHEDULE}", "schedule.removed")(on_schedule("delete"))
act(f"POST {_SCHEDULE}pause/", "schedule.paused")(on_schedule("post", "pause/"))
act(f"POST {_SCHEDULE}resume/", "schedule.resumed")(on_schedule("post", "resume/", paused=True))
act(f"POST {_SCHEDULE}run/", "job.requested")(on_schedule("post", "run/"))

_PAGE = "/schedules/<uuid:schedule_id>/"
_FORM = {
    "_name": "s", "_kind": "cron", "_cron": "0 3 * * *", "_time_zone": "UTC", "_overlap": "skip",
    "_missed": "once", "_owner": TOOLKIT_USER,
}  # fmt: skip


def on_page(tail: str = "", data: Any = None, *, paused: bool = False) -> Act:
    """Press a button on the page of schedules as the user."""

    def press(w: World) -> Any:
        schedule = a_schedule(w, paused=paused)
        return w.client("user").post(f"/schedules/{schedule.pk}/{tail}", data or {})

    return press


act("POST /toolkits/<slug:slug>/run/<str:operation>/schedule/", "schedule.created")(
    lambda w: w.client("user").post("/toolkits/sample/run/hello/schedule/", _FORM)
)
act(f"POST {_PAGE}", "schedule.changed")(on_page(data={**_FORM, "_name": "other"}))
act(f"POST {_PAGE}pause/", "schedule.paused")(on_page("pause/"))
act(f"POST {_PAGE}resume/", "schedule.resumed")(on_page("resume/", paused=True))
act(f"POST {_PAGE}delete/", "schedule.removed")(on_page("delete/"))
act(f"POST {_PAGE}run/", "job.requested")(on_page("run/"))
