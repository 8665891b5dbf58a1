"""Maintenance windows: see them, make them, end them."""

from __future__ import annotations

import datetime as dt
import time
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from toolkit_sdk import Context, ToolkitError, views

from zabbix_toolkit.app import Instance, toolkit
from zabbix_toolkit.client import Api
from zabbix_toolkit.hostrow import tags as read_tags
from zabbix_toolkit.lookup import group_ids, host_ids, searching
from zabbix_toolkit.periods import Day, Repeat, Window, told, zoned


def _tags(value: str) -> str:
    read_tags(value)
    return value


Names = Annotated[str, Field(max_length=20_000)]


@toolkit.operation(title="Maintenance windows", interactive=True, timeout=120)
def list_maintenance(
    ctx: Context,
    instance: Instance,
    search: Annotated[str, Field(max_length=200, description="Part of a name; * for any")] = "",
    expired: Annotated[bool, Field(description="Show those that are over, too")] = False,
) -> views.Section:
    """Show the maintenance windows: in force, to come, and over."""
    found = _found(Api(ctx, instance), **searching(search, ("name",)))
    now = time.time()
    shown = [one for one in found if expired or int(one["active_till"]) > now]
    if not shown:
        text = "No maintenance is planned. Make one with *Plan a maintenance*."
        return views.Section(title="Maintenance", views=[views.Markdown(text=text)])
    shown.sort(key=lambda one: int(one["active_since"]))
    events = [
        {
            "start": int(one["active_since"]), "end": int(one["active_till"]),
            "label": one["name"], "state": _state(one, now)[0], "detail": _periods(one),
        }
        for one in shown[:100]
    ]  # fmt: skip
    return views.Section(
        title="Maintenance", views=[_table(shown, now), views.Timeline(events=events)]
    )


def _found(api: Api, **params: Any) -> list[dict[str, Any]]:
    dialect = api.dialect
    found = api.get(
        "maintenance", output="extend", selectHosts=["hostid", "host"],
        selectTimeperiods="extend", selectTags="extend",
        **{dialect.select_groups: ["groupid", "name"]}, **params,
    )  # fmt: skip
    for one in found:
        one["_groups"] = one.get(dialect.maintenance_groups_key, [])
    return found


def _state(one: dict[str, Any], now: float) -> tuple[Any, str]:
    if int(one["active_till"]) <= now:
        return "unknown", "over"
    return ("ok", "active") if int(one["active_since"]) <= now else ("info", "to come")


def _periods(one: dict[str, Any]) -> str:
    return "; ".join(map(told, one["timeperiods"]))


def _table(found: list[dict[str, Any]], now: float) -> views.Table:
    rows = [
        {
            "name": one["name"],
            "state": views.state(*_state(one, now)),
            "since": int(one["active_since"]),
            "till": int(one["active_till"]),
            "periods": _periods(one),
            "data": "collected" if str(one["maintenance_type"]) == "0" else "not collected",
            "groups": ", ".join(group["name"] for group in one["_groups"]),
            "hosts": ", ".join(host["host"] for host in one["hosts"]),
        }
        for one in found
    ]
    return views.Table(
        columns=[
            views.Column(key="name"), views.Column(key="state", type="state"),
            views.Column(key="since", type="datetime"), views.Column(key="till", type="datetime"),
            views.Column(key="periods"), views.Column(key="data"), views.Column(key="groups"),
            views.Column(key="hosts"),
        ],
        rows=rows,
    )  # fmt: skip


@toolkit.operation(title="Plan a maintenance", effect="change", dry_run=True, timeout=300)
def plan_maintenance(
    ctx: Context,
    instance: Instance,
    name: Annotated[str, Field(min_length=1, max_length=128)],
    hosts: Annotated[Names, Field(description="Names parted by ;, with * for any text")] = "",
    groups: Annotated[Names, Field(description="Host groups, the same way")] = "",
    start: Annotated[dt.datetime | None, Field(description="Empty for now; UTC")] = None,
    minutes: Annotated[int, Field(ge=5, le=527_040, description="How long it takes")] = 60,
    repeat: Repeat = "once",
    days: Annotated[list[Day], Field(description="Of a weekly one; empty for that of start")] = [],
    until: Annotated[
        dt.datetime | None, Field(description="The end of a repeated one; else a year from start")
    ] = None,
    collect_data: Annotated[bool, Field(description="Go on collecting data meanwhile")] = True,
    tags: Annotated[
        str,
        AfterValidator(_tags),
        Field(max_length=2000, description="Only problems with these: service=db; env=test"),
    ] = "",
    description: Annotated[str, Field(max_length=2000)] = "",
) -> views.Section:
    """Put hosts or groups into maintenance. A dry run shows which hosts that would be.

    The time of day of a repeated one is in the time zone of the Zabbix server.
    """
    api = Api(ctx, instance)
    window = _window(start, minutes, repeat, days, until)
    if not hosts.strip() and not groups.strip():
        raise ToolkitError("name at least one host or host group.", field="hosts")
    if tags.strip() and not collect_data:
        raise ToolkitError("they need the data to be collected.", field="tags")
    hostids, groupids = host_ids(api, hosts), group_ids(api, groups)
    covered = _covered(api, hostids, groupids)
    if api.get("maintenance", filter={"name": [name]}, output=["maintenanceid"]):
        raise ToolkitError(f"there is a maintenance {name!r} already.", field="name")
    params: dict[str, Any] = {
        "name": name, "description": description, "maintenance_type": int(not collect_data),
        "hosts": [{"hostid": one} for one in hostids],
        "groups": [{"groupid": one} for one in groupids],
        **window.params(),
    }  # fmt: skip
    if tags.strip():
        # A tag without a value means any value of it; the other operator wants equal ones.
        params["tags"] = [
            {**tag, "operator": 0 if tag["value"] else 2} for tag in read_tags(tags)
        ]
    if not ctx.dry_run:
        made = api.call("maintenance.create", params)
        ctx.log.info("maintenance %s made: %s", name, made["maintenanceids"][0])
    return _planned(name, window, covered, dry_run=ctx.dry_run)


def _window(
    start: dt.datetime | None,
    minutes: int,
    repeat: Repeat,
    days: list[Day],
    until: dt.datetime | None,
) -> Window:
    now = dt.datetime.now(dt.UTC)
    window = Window(
        zoned(start, now), minutes, repeat, tuple(days), zoned(until, now) if until else None
    )
    if repeat == "once" and until is not None:
        raise ToolkitError(
            "it is for a repeated maintenance; this one ends by its minutes.", field="until"
        )
    if days and repeat != "weekly":
        raise ToolkitError("they are for a weekly maintenance.", field="days")
    if window.till <= now.timestamp():
        raise ToolkitError("this maintenance would be over already.", field="start")
    if window.till <= window.since:
        raise ToolkitError("it is before start.", field="until")
    if repeat == "daily" and minutes > 1440:
        raise ToolkitError("one of a daily maintenance takes at most 1440.", field="minutes")
    return window


def _covered(api: Api, hostids: list[str], groupids: list[str]) -> list[str]:
    names: set[str] = set()
    for key, ids in (("hostids", hostids), ("groupids", groupids)):
        if ids:
            names |= {one["host"] for one in api.get("host", output=["host"], **{key: ids})}
    return sorted(names)


def _planned(name: str, window: Window, covered: list[str], *, dry_run: bool) -> views.Section:
    items = {
        "maintenance": name,
        "from": dt.datetime.fromtimestamp(window.since, dt.UTC).isoformat(),
        "to": dt.datetime.fromtimestamp(window.till, dt.UTC).isoformat(),
        "period": told(window.params()["timeperiods"][0]),
        "hosts": len(covered),
    }
    rows = [{"host": host} for host in covered[:500]]
    more = f"the first 500 of {len(covered)}" if len(covered) > 500 else None
    title = "What would be planned" if dry_run else "Planned"
    table = views.Table(columns=["host"], rows=rows, caption=more)
    return views.Section(title=title, views=[views.KeyValue(items=items), table])


@toolkit.operation(title="End a maintenance", effect="change", dry_run=True, timeout=300)
def end_maintenance(
    ctx: Context,
    instance: Instance,
    name: Annotated[
        str, Field(min_length=1, max_length=128, description="Its name; * for any text")
    ],
    delete: Annotated[bool, Field(description="Delete it, instead of ending it now")] = False,
) -> views.Table:
    """End maintenance windows that are in force or to come, or delete them."""
    api = Api(ctx, instance)
    which = searching(name, ("name",)) if "*" in name else {"filter": {"name": [name]}}
    found = _found(api, **which)
    now = int(time.time()) // 60 * 60
    if not delete:
        found = [one for one in found if int(one["active_till"]) > now]
    if not found:
        raise ToolkitError(
            f"there is no such maintenance{'' if delete else ' to end'}.", field="name"
        )
    for _, one in ctx.progress(found, label="Ending"):
        if ctx.dry_run:
            continue
        with ctx.step("maintenance", key=one["maintenanceid"]) as step:
            if not step.done:
                _end(api, one, now, delete=delete)
        ctx.log.info("maintenance %s %s", one["name"], "deleted" if delete else "ended")
    return _table(found, time.time())


def _end(api: Api, one: dict[str, Any], now: int, *, delete: bool) -> None:
    if delete or int(one["active_since"]) >= now:
        # One that has not begun cannot end; there is nothing of it to keep.
        api.call("maintenance.delete", [one["maintenanceid"]])
        return
    api.call(
        "maintenance.update", {"maintenanceid": one["maintenanceid"], "active_till": now}
    )
