"""What is wrong with a Zabbix, read from its API: nothing is changed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field
from toolkit_sdk import Context, views

from zabbix_toolkit.app import Instance, toolkit
from zabbix_toolkit.client import Api, ApiError
from zabbix_toolkit.interfaces import NAMES
from zabbix_toolkit.problems import SEVERITIES

_SEVERITY_STATES: tuple[Any, ...] = (
    "unknown", "info", "warning", "warning", "critical", "critical",
)  # fmt: skip
Found = tuple[list[dict[str, Any]], list[views.View]]


@toolkit.operation(title="Diagnostics", timeout=600, idempotent=True)
def diagnostics(
    ctx: Context,
    instance: Instance,
    most: Annotated[int, Field(ge=5, le=500, description="Examples of each finding")] = 50,
    proxy_minutes: Annotated[
        int, Field(ge=1, le=10_080, description="A proxy not seen for longer is a finding")
    ] = 5,
) -> views.Section:
    """Look for hosts out of reach, unsupported items, unknown triggers, lost proxies and more."""
    api = Api(ctx, instance)
    ctx.log.info("%s is Zabbix %s", instance.name, api.dialect.version)
    checks: list[tuple[str, Callable[[], Found]]] = [
        ("hosts", lambda: _hosts(api)),
        ("interfaces", lambda: _interfaces(api, most)),
        ("items", lambda: _items(api, most)),
        ("triggers", lambda: _triggers(api, most)),
        ("proxies", lambda: _proxies(api, proxy_minutes)),
        ("problems", lambda: _problems(api)),
        ("cluster", lambda: _cluster(api)),
    ]
    items: list[dict[str, Any]] = [{"label": "version", "value": api.dialect.version}]
    shown: list[views.View] = []
    for _, (name, check) in ctx.progress(checks, label="Looking"):
        try:
            lines, more = check()
        except ApiError as error:
            # What the token's user may not see must not hide the rest.
            ctx.log.warning("%s: %s", name, error)
            lines, more = [{"label": name, "value": "not to be seen by this token"}], []
        for line in lines:
            ctx.log.info("%s: %s", line["label"], line["value"])
        items += lines
        shown += more
    return views.Section(title=instance.name, views=[views.KeyValue(items=items), *shown])


def _line(label: str, value: Any, *, bad: Any = "") -> dict[str, Any]:
    return {"label": label, "value": value, "state": bad if value and bad else "ok"}


def _hosts(api: Api) -> Found:
    enabled = {"filter": {"status": 0}}
    every = api.count("host")
    on = api.count("host", **enabled)
    quiet = api.count("host", filter={"status": 0, "maintenance_status": 1})
    lines = [
        _line("hosts", every),
        _line("hosts disabled", every - on),
        _line("hosts in maintenance", quiet, bad="info"),
    ]
    return lines, []


def _interfaces(api: Api, most: int) -> Found:
    unreachable = {"filter": {"available": 2}}
    count = api.count("hostinterface", **unreachable)
    lines = [_line("interfaces out of reach", count, bad="critical")]
    if not count:
        return lines, []
    found = api.get(
        "hostinterface", output=["hostid", "type", "ip", "dns", "useip", "port", "error"],
        selectHosts=["host"], limit=most, **unreachable,
    )  # fmt: skip
    rows = [
        {
            "host": ", ".join(host["host"] for host in one["hosts"]),
            "interface": NAMES.get(int(one["type"]), str(one["type"])),
            "address": f"{one['ip'] if str(one['useip']) == '1' else one['dns']}:{one['port']}",
            "error": one["error"],
        }
        for one in found
    ]
    return lines, [_table("Interfaces out of reach", list(rows[0]), rows, count)]


def _items(api: Api, most: int) -> Found:
    enabled = {"filter": {"status": 0}, "monitored": True}
    unsupported = {"filter": {"status": 0, "state": 1}, "monitored": True}
    count = api.count("item", **unsupported)
    lines = [
        _line("items monitored", api.count("item", **enabled)),
        _line("items not supported", count, bad="warning"),
    ]
    if not count:
        return lines, []
    found = api.get(
        "item", output=["name", "key_", "error"], selectHosts=["host"], limit=most, **unsupported
    )
    rows = [
        {
            "host": ", ".join(host["host"] for host in one["hosts"]),
            "item": one["name"],
            "key": one["key_"],
            "error": one["error"],
        }
        for one in found
    ]
    errors = Counter(one["error"] or "no reason given" for one in found).most_common(10)
    bars = [{"label": text[:80], "value": number} for text, number in errors]
    chart = views.Bar(title="Why items are not supported", bars=bars)
    return lines, [_table("Items not supported", list(rows[0]), rows, count), chart]


def _triggers(api: Api, most: int) -> Found:
    unknown = {"filter": {"status": 0, "state": 1}, "monitored": True}
    count = api.count("trigger", **unknown)
    lines = [_line("triggers in an unknown state", count, bad="warning")]
    if not count:
        return lines, []
    found = api.get(
        "trigger", output=["description", "error"], selectHosts=["host"], limit=most, **unknown
    )
    rows = [
        {
            "host": ", ".join(host["host"] for host in one["hosts"]),
            "trigger": one["description"],
            "error": one["error"],
        }
        for one in found
    ]
    return lines, [_table("Triggers in an unknown state", list(rows[0]), rows, count)]


def _proxies(api: Api, minutes: int) -> Found:
    name = api.dialect.proxy_name
    found = api.get("proxy", output=["proxyid", name, "lastaccess"])
    if not found:
        return [_line("proxies", 0)], []
    oldest = time.time() - 60 * minutes
    rows: list[dict[str, Any]] = [
        {
            "proxy": one[name],
            "state": views.state("critical", "lost")
            if int(one["lastaccess"]) < oldest
            else views.state("ok", "seen"),
            "seen": int(one["lastaccess"]) or None,
        }
        for one in found
    ]
    lost = sum(row["state"]["text"] == "lost" for row in rows)
    lines = [_line("proxies", len(rows)), _line("proxies lost", lost, bad="critical")]
    table = views.Table(
        title="Proxies",
        columns=[
            views.Column(key="proxy"),
            views.Column(key="state", type="state"),
            views.Column(key="seen", label="Last seen", type="datetime"),
        ],
        rows=rows,
    )
    return lines, [table]


def _problems(api: Api) -> Found:
    counts = [
        api.count("problem", source=0, object=0, severities=[number])
        for number in range(len(SEVERITIES))
    ]
    waiting = api.count("problem", source=0, object=0, acknowledged=False)
    worst = sum(counts[4:])
    lines = [
        _line("problems", sum(counts), bad="critical" if worst else "warning"),
        _line("problems not acknowledged", waiting, bad="warning"),
    ]
    if not sum(counts):
        return lines, []
    bars: list[Any] = [
        {"label": label, "value": count, "state": state}
        for label, count, state in zip(SEVERITIES, counts, _SEVERITY_STATES, strict=True)
    ]
    return lines, [views.Bar(title="Problems by severity", bars=bars)]


_NODES: dict[str, tuple[Any, str]] = {
    "0": ("unknown", "standby"), "1": ("unknown", "stopped"),
    "2": ("critical", "unavailable"), "3": ("ok", "active"),
}  # fmt: skip


def _cluster(api: Api) -> Found:
    found = api.get("hanode", output=["name", "status", "lastaccess"])
    rows: list[dict[str, Any]] = [
        {
            "node": one["name"] or "the only one",
            "state": views.state(*_NODES.get(str(one["status"]), ("unknown", "?"))),
            "seen": int(one["lastaccess"]),
        }
        for one in found
    ]
    if not rows:
        return [_line("server nodes", 0)], []
    active = sum(row["state"]["text"] == "active" for row in rows)
    state = "ok" if active else "critical"
    lines = [{"label": "server nodes active", "value": active, "state": state}]
    table = views.Table(
        title="Server nodes",
        columns=[
            views.Column(key="node"),
            views.Column(key="state", type="state"),
            views.Column(key="seen", label="Last seen", type="datetime"),
        ],
        rows=rows,
    )
    return lines, [table]


def _table(title: str, columns: list[str], rows: list[dict[str, Any]], count: int) -> views.Table:
    caption = f"{len(rows)} of {count}" if len(rows) < count else None
    return views.Table(title=title, columns=list(columns), rows=rows, caption=caption)
