"""Problems: see them, and acknowledge, close, suppress or weigh them."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from toolkit_sdk import Context, StepsFailed, ToolkitError, views

from zabbix_toolkit.app import Instance, toolkit
from zabbix_toolkit.client import Api
from zabbix_toolkit.hostrow import parts, tags
from zabbix_toolkit.lookup import group_ids, host_ids, searching, tagged

SEVERITIES = ("not classified", "information", "warning", "average", "high", "disaster")
Severity = Literal["not classified", "information", "warning", "average", "high", "disaster"]
_STATES: tuple[Any, ...] = ("unknown", "info", "warning", "warning", "critical", "critical")
MOST = 1000


class Which(BaseModel):
    """Which problems; empty filters let all through that are there now."""

    model_config = ConfigDict(extra="forbid")
    hosts: str = Field(default="", max_length=4000, description="Names parted by ;, * for any")
    groups: str = Field(default="", max_length=4000, description="Host groups, the same way")
    search: str = Field(default="", max_length=500, description="Part of the problem's name")
    tags: str = Field(default="", max_length=2000, description="service=db; scope")
    at_least: Severity = "not classified"
    unacknowledged: bool = Field(default=False, description="Only those not acknowledged")
    suppressed: bool = Field(default=False, description="Those of hosts in maintenance, too")
    older_than_minutes: int = Field(default=0, ge=0, le=5_256_000)
    event_ids: str = Field(default="", max_length=20_000, description="Or just these: 4711; 4712")

    @field_validator("event_ids")
    @classmethod
    def _numbers(cls, value: str) -> str:
        wrong = [part for part in parts(value) if not part.isdigit()]
        if wrong:
            raise ValueError(f"{wrong[0]!r} is no number of an event")
        return value

    @field_validator("tags")
    @classmethod
    def _tags(cls, value: str) -> str:
        tags(value)
        return value


def find(api: Api, which: Which, most: int = MOST) -> list[dict[str, Any]]:
    """The problems that are meant, newest first, each with its hosts' names."""
    params: dict[str, Any] = {**searching(which.search, ("name",)), **tagged(which.tags)}
    if which.hosts.strip():
        params["hostids"] = host_ids(api, which.hosts, "which.hosts")
    if which.groups.strip():
        params["groupids"] = group_ids(api, which.groups, "which.groups")
    if which.event_ids.strip():
        params["eventids"] = parts(which.event_ids)
    lowest = SEVERITIES.index(which.at_least)
    if lowest:
        params["severities"] = list(range(lowest, len(SEVERITIES)))
    if which.unacknowledged:
        params["acknowledged"] = False
    if not which.suppressed:
        params["suppressed"] = False
    if which.older_than_minutes:
        params["time_till"] = int(time.time()) - 60 * which.older_than_minutes
    found = api.get(
        "problem", output=["eventid", "objectid", "clock", "name", "severity", "acknowledged"],
        source=0, object=0, selectTags=["tag", "value"], sortfield=["eventid"], sortorder="DESC",
        limit=most, **params,
    )  # fmt: skip
    triggers = api.get(
        "trigger", triggerids=sorted({one["objectid"] for one in found}), output=["triggerid"],
        selectHosts=["host"],
    ) if found else []  # fmt: skip
    names = {one["triggerid"]: [host["host"] for host in one["hosts"]] for one in triggers}
    for one in found:
        one["_hosts"] = ", ".join(names.get(one["objectid"], []))
    return found


def table(found: list[dict[str, Any]], outcomes: dict[str, Any] | None = None) -> views.Table:
    """Problems as a table, worst first."""
    rows = [
        {
            "event": one["eventid"],
            "severity": views.state(
                _STATES[int(one["severity"])], SEVERITIES[int(one["severity"])]
            ),
            "problem": one["name"],
            "hosts": one["_hosts"],
            "since": int(one["clock"]),
            "acknowledged": str(one["acknowledged"]) == "1",
            "tags": ", ".join(
                f"{tag['tag']}={tag['value']}" if tag["value"] else tag["tag"]
                for tag in one.get("tags", [])
            ),
            **({"outcome": outcomes.get(one["eventid"])} if outcomes is not None else {}),
        }
        for one in sorted(found, key=lambda one: -int(one["severity"]))
    ]
    columns: list[Any] = [
        views.Column(key="outcome", type="state"), views.Column(key="severity", type="state"),
        "problem", "hosts", views.Column(key="since", type="datetime"),
        views.Column(key="acknowledged", type="bool"), "tags",
        views.Column(key="event", type="code"),
    ]  # fmt: skip
    return views.Table(columns=columns[outcomes is None :], rows=rows)


@toolkit.operation(title="Problems", interactive=True, timeout=120)
def list_problems(
    ctx: Context,
    instance: Instance,
    which: Which = Which(),
    most: Annotated[int, Field(ge=1, le=MOST)] = 200,
) -> views.Section:
    """Show the problems that are there now, worst first."""
    found = find(Api(ctx, instance), which, most)
    worst = max((int(one["severity"]) for one in found), default=None)
    label = "problems" if len(found) < most else f"problems, the newest {most}"
    state: Any = "ok" if worst is None else _STATES[worst]
    stat = views.Stat(value=len(found), label=label, state=state)
    return views.Section(title="Problems", views=[stat, *([table(found)] if found else [])])


_BITS = {"close": 1, "acknowledge": 2, "unacknowledge": 16, "suppress": 32, "unsuppress": 64}
Action = Literal["acknowledge", "unacknowledge", "close", "suppress", "unsuppress"]


@toolkit.operation(title="Acknowledge problems", effect="change", dry_run=True, timeout=1800)
def acknowledge(
    ctx: Context,
    instance: Instance,
    which: Which = Which(unacknowledged=True),
    actions: Annotated[list[Action], Field(description="What to do with them")] = ["acknowledge"],
    message: Annotated[str, Field(max_length=2048, description="Added to each of them")] = "",
    severity: Annotated[Severity | None, Field(description="Give them this severity")] = None,
    suppress_minutes: Annotated[
        int, Field(ge=0, le=527_040, description="For suppress; 0 for as long as they last")
    ] = 60,
) -> views.Section:
    """Acknowledge problems, add a message, close, suppress or weigh them (6.2 and newer suppress).

    A dry run shows which ones that are. Those that the server refuses do not keep the others.
    """
    api = Api(ctx, instance)
    params = _action(api, actions, message, severity, suppress_minutes)
    found = find(api, which)
    if not found:
        raise ToolkitError("there are no problems that fit.", field="which")
    if ctx.dry_run:
        return views.Section(title=f"{len(found)} problems would be changed", views=[table(found)])
    outcomes: dict[str, Any] = {}
    failures: dict[str, str] = {}
    for _, one in ctx.progress(found, label="Problems"):
        try:
            with ctx.step("event", key=one["eventid"]) as step:
                if not step.done:
                    api.call("event.acknowledge", {"eventids": [one["eventid"]], **params})
            outcomes[one["eventid"]] = views.state("ok", "done")
            ctx.log.info("%s, %s: done", one["_hosts"], one["name"])
        except ToolkitError as error:
            failures[one["eventid"]] = str(error)
            outcomes[one["eventid"]] = views.state("critical", "failed")
            ctx.log.error("%s, %s: %s", one["_hosts"], one["name"], error)
    if failures:
        raise StepsFailed("Dealing with problems", failures)
    return views.Section(title=f"{len(found)} problems changed", views=[table(found, outcomes)])


def _action(
    api: Api, actions: list[Action], message: str, severity: Severity | None, minutes: int
) -> dict[str, Any]:
    wrong = [one for one in actions if not api.dialect.can(one)]
    if wrong:
        raise ToolkitError(
            f"Zabbix {api.dialect.version} cannot {wrong[0]} problems.", field="actions"
        )
    for one in ("acknowledge", "suppress"):
        if one in actions and f"un{one}" in actions:
            raise ToolkitError(f"{one} and un{one} exclude each other.", field="actions")
    bits = sum(_BITS[one] for one in set(actions))
    params: dict[str, Any] = {}
    if message.strip():
        bits, params["message"] = bits | 4, message.strip()
    if severity is not None:
        bits, params["severity"] = bits | 8, SEVERITIES.index(severity)
    if "suppress" in actions:
        params["suppress_until"] = int(time.time()) + 60 * minutes if minutes else 0
    if not bits:
        raise ToolkitError("choose what to do, or give a message or a severity.", field="actions")
    return {"action": bits, **params}
