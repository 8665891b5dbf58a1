"""Exports, maintenance, problems and diagnostics of the Zabbix toolkit, on real and stand-in
servers."""

import csv
import io
import json
import time

import pytest
from toolkit_sdk import StepsFailed, ToolkitError
from toolkit_sdk.testing import InvalidInputs

from tests.bundled.zabbix_servers import AGENT, context, host_of, instance_of, outcomes, parts


def is_real(zabbix):
    return not hasattr(zabbix, "version")


@pytest.fixture
def prepared(zabbix, unique):
    """A context, an instance, and three hosts of this test."""
    ctx = context(settings={"page_size": 10})
    instance = instance_of(ctx, zabbix)
    hosts = [
        {"host": f"{unique}-{n}", "interfaces": f"192.0.2.{n}", "templates": AGENT,
         "groups": f"Linux servers; {unique}/team", "tags": f"{unique}=x; {unique}-n={n}",
         "macros": "{$A}=1; {$PW}=secret:db#pw; {$V}=vault:sre/db:pw",
         "proxy": "edge" if n == 1 else "",
         "status": "disabled" if n == 3 else ""}
        for n in (1, 2, 3)
    ]  # fmt: skip
    ctx.platform.secrets["db"] = {"pw": "hush-hush"}
    ctx.run("add_hosts", instance=instance, hosts=hosts, create_groups=True)
    ctx.logs.clear()
    return ctx, instance


def rows_of(ctx, name):
    return list(csv.DictReader(io.StringIO(ctx.platform.artifacts[name].decode())))


def test_an_export_is_previewed_with_the_rows_that_it_will_have(prepared, unique):
    ctx, instance = prepared
    section = ctx.run(
        "preview_export", instance=instance, filters={"tags": f"{unique}=x"}, most=2
    )

    stat, table = section.views
    assert (stat.value, stat.label) == (3, "hosts")
    assert table.caption == "2 of 3"
    assert table.rows[0] == {
        "host": f"{unique}-1", "interfaces": "agent 192.0.2.1:10050", "templates": AGENT,
        "groups": table.rows[0]["groups"], "tags": table.rows[0]["tags"],
        "macros": "{$A}=1; {$V}=vault:sre/db:pw", "proxy": "edge", "status": "enabled",
    }  # fmt: skip


def test_filters_of_the_api_choose_what_is_exported(prepared, unique):
    ctx, instance = prepared
    for filters, numbers in (
        ({"search": f"{unique}-*"}, "123"),
        ({"search": f"{unique}-2"}, "2"),
        ({"tags": f"{unique}-n=3"}, "3"),
        ({"tags": unique}, "123"),
        ({"groups": f"{unique}/*"}, "123"),
        ({"status": "disabled", "tags": unique}, "3"),
        ({"status": "enabled", "groups": f"{unique}/team", "templates": "Linux by*"}, "12"),
    ):
        ctx.run("export", instance=instance, filters=filters)
        names = [row["host"] for row in rows_of(ctx, "hosts.csv")]
        assert names == [f"{unique}-{n}" for n in numbers], filters


def test_an_exported_file_can_be_imported_again_and_changes_nothing(prepared, unique):
    ctx, instance = prepared
    ctx.run("export", instance=instance, filters={"search": f"{unique}-*"})
    content = ctx.platform.artifacts["hosts.csv"].decode()
    assert "hush-hush" not in content
    ctx.dry_run = True
    section = ctx.run("add_hosts", instance=instance, text=content, existing="change")

    assert {word for word, _ in outcomes(section).values()} == {"unchanged"}
    assert len(outcomes(section)) == 3


def test_templates_and_groups_are_exported_and_lists_stay_lists_in_json(prepared, unique):
    ctx, instance = prepared
    ctx.run("export", instance=instance, filters={"search": f"{unique}-1"}, form="json")
    host = json.loads(ctx.platform.artifacts["hosts.json"])[0]
    assert f"{unique}/team" in host["groups"]
    ctx.run("export", instance=instance, what="templates", filters={"search": AGENT})
    template = rows_of(ctx, "templates.csv")[0]
    assert template["template"] == AGENT
    assert int(template["hosts"]) >= 3
    ctx.run("export", instance=instance, what="host groups", filters={"search": f"{unique}/*"})
    assert rows_of(ctx, "host-groups.csv") == [{"group": f"{unique}/team", "hosts": "3"}]


def test_a_large_export_comes_in_pages(zabbix):
    ctx = context(settings={"page_size": 10})
    instance = instance_of(ctx, zabbix)
    ctx.run("export", instance=instance, what="templates")

    rows = rows_of(ctx, "templates.csv")
    assert len(rows) == (325 if is_real(zabbix) else 2)
    assert [row["template"].lower() for row in rows] != []
    assert ctx.platform.reports[-1][0] == len(rows)


def test_zabbix_s_own_format_is_written_by_zabbix(prepared, zabbix, unique):
    if not is_real(zabbix):
        pytest.skip("the stand-in has no export of its own")
    ctx, instance = prepared
    filters = {"search": f"{unique}-*"}
    ctx.run("export", instance=instance, filters=filters, form="zabbix yaml")
    assert f"host: {unique}-2" in ctx.platform.artifacts["hosts.yaml"].decode()
    ctx.run("export", instance=instance, what="host groups", form="zabbix json")
    groups = json.loads(ctx.platform.artifacts["host-groups-001.json"])
    assert groups["zabbix_export"]["version"] == "6.0"


def test_filters_that_fit_nothing_are_told_at_their_field(prepared):
    ctx, instance = prepared
    for filters, told in (
        ({"groups": "No such"}, "filters.groups: no such host group: No such"),
        ({"templates": "None*"}, r"filters.templates: no such template: None\*"),
    ):
        with pytest.raises(ToolkitError, match=told):
            ctx.run("export", instance=instance, filters=filters)
    with pytest.raises(ToolkitError, match="filters.tags: it is no filter for host groups"):
        ctx.run("export", instance=instance, what="host groups", filters={"tags": "a=b"})
    with pytest.raises(ToolkitError, match="there is no file"):
        ctx.run("export", instance=instance, filters={"search": "nothing-is-called-so"})
    empty = ctx.run("preview_export", instance=instance, filters={"search": "nothing-is-called-so"})
    assert empty.views[0].value == 0


def test_a_maintenance_is_planned_shown_and_ended(prepared, zabbix, unique):
    ctx, instance = prepared
    inputs = {"name": f"{unique} patch", "hosts": f"{unique}-1", "groups": f"{unique}/*",
              "minutes": 30, "tags": "service=db", "description": "why"}  # fmt: skip
    ctx.dry_run = True
    section = ctx.run("plan_maintenance", instance=instance, **inputs)
    assert [row["host"] for row in parts(section)["table"][0].rows] == [
        f"{unique}-{n}" for n in (1, 2, 3)
    ]
    assert zabbix.call("maintenance.get", {"search": {"name": unique}}) == []
    ctx.dry_run = False
    ctx.run("plan_maintenance", instance=instance, **inputs)

    listed = ctx.run("list_maintenance", instance=instance, search=unique)
    row = parts(listed)["table"][0].rows[0]
    assert row["state"]["text"] == "active"
    assert row["hosts"] == f"{unique}-1"
    assert row["groups"] == f"{unique}/team"
    assert row["till"] - row["since"] == 1800
    with pytest.raises(ToolkitError, match="name: there is a maintenance"):
        ctx.run("plan_maintenance", instance=instance, **inputs)
    stored = zabbix.call("maintenance.get", {"search": {"name": unique}, "output": "extend"})[0]
    if is_real(zabbix):
        began = int(stored["active_since"]) - 600
        zabbix.sql("update maintenances set active_since = %s where maintenanceid = %s",
                   began, stored["maintenanceid"])  # fmt: skip
    else:
        zabbix.data["maintenance"][stored["maintenanceid"]]["active_since"] = str(
            int(stored["active_since"]) - 600
        )
    ctx.run("end_maintenance", instance=instance, name=f"{unique} patch")
    shown = ctx.run("list_maintenance", instance=instance, search=unique, expired=True)
    ended = parts(shown)["table"][0].rows[0]
    assert (ended["state"]["text"], ended["hosts"]) == ("over", f"{unique}-1")
    none = ctx.run("list_maintenance", instance=instance, search=unique)
    assert "No maintenance is planned" in none.views[0].text
    ctx.platform.steps.clear()
    ctx.run("end_maintenance", instance=instance, name=f"{unique}*", delete=True)
    assert zabbix.call("maintenance.get", {"search": {"name": unique}}) == []


def test_maintenance_can_come_back_every_day_or_week(prepared, zabbix, unique):
    ctx, instance = prepared
    common = {"instance": instance, "hosts": f"{unique}-*", "minutes": 90}
    start = "2030-01-07T22:30:00"
    ctx.run("plan_maintenance", name=f"{unique} d", repeat="daily", start=start, **common)
    ctx.run(
        "plan_maintenance", name=f"{unique} w", repeat="weekly", days=["sat", "sun"], start=start,
        until="2030-06-01T00:00:00Z", **common,
    )  # fmt: skip

    rows = parts(ctx.run("list_maintenance", instance=instance, search=unique))["table"][0].rows
    assert {row["name"]: row["periods"] for row in rows} == {
        f"{unique} d": "daily at 22:30, 90 min", f"{unique} w": "sat, sun at 22:30, 90 min",
    }  # fmt: skip
    assert {row["state"]["text"] for row in rows} == {"to come"}


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({}, "hosts: name at least one"),
        ({"hosts": "no-such-host"}, "hosts: no such host: no-such-host"),
        ({"groups": "Linux servers", "start": "2001-01-01T00:00:00"}, "start: this maintenance"),
        ({"groups": "Linux servers", "days": ["mon"]}, "days: they are for a weekly"),
        ({"groups": "Linux servers", "until": "2040-01-01T00:00:00"}, "until: it is for a repeat"),
        ({"groups": "Linux servers", "tags": "a=b", "collect_data": False}, "tags: they need"),
    ],
)
def test_a_maintenance_that_cannot_be_is_told_why(standin, inputs, told):
    ctx = context()
    with pytest.raises(ToolkitError, match=told):
        ctx.run("plan_maintenance", instance=instance_of(ctx, standin), name="x", **inputs)


def trouble(zabbix, unique, count=3):
    """Problems on the first host of the test, as the Zabbix server would have found them."""
    host = host_of(zabbix, f"{unique}-1")
    events = []
    now = int(time.time())
    for n in range(count):
        name = f"{unique} disk {n} is full"
        if is_real(zabbix):
            base = 1_000_000 * (1 + int(unique[1:])) + n
            zabbix.sql(
                "insert into triggers (triggerid, expression, description, priority, value,"
                " manual_close, status) values (%s, '{%s}', %s, 4, 1, %s, 0)",
                base, base, name, int(n != 0),
            )  # fmt: skip
            item = zabbix.call("item.get", {"hostids": [host["hostid"]], "output": ["itemid"]})[0]
            zabbix.sql(
                "insert into functions (functionid, itemid, triggerid, name, parameter)"
                " values (%s, %s, %s, 'last', '$')", base, int(item["itemid"]), base,
            )  # fmt: skip
            zabbix.sql(
                "insert into events (eventid, source, object, objectid, clock, value, name,"
                " severity) values (%s, 0, 0, %s, %s, 1, %s, %s)", base, base, now - 3600 * n, name,
                n + 3,
            )  # fmt: skip
            zabbix.sql(
                "insert into problem (eventid, source, object, objectid, clock, name, severity)"
                " values (%s, 0, 0, %s, %s, %s, %s)", base, base, now - 3600 * n, name, n + 3,
            )  # fmt: skip
            events.append(str(base))
        else:
            trigger = zabbix.add("trigger", description=name, status="0", state="0", error="",
                                 _hosts=[host], _hostids=[host["hostid"]])  # fmt: skip
            events.append(zabbix.add(
                "problem", objectid=trigger, clock=str(now - 3600 * n), name=name,
                severity=str(n + 3), acknowledged="0", suppressed="0", tags=[], _acknowledges=[],
                _hostids=[host["hostid"]], _no_close=n == 0,
            ))  # fmt: skip
    return events


def test_problems_are_listed_worst_first_with_their_hosts(prepared, zabbix, unique):
    ctx, instance = prepared
    trouble(zabbix, unique)
    section = ctx.run("list_problems", instance=instance, which={"search": unique})

    stat, table = section.views
    assert (stat.value, stat.state) == (3, "critical")
    assert [row["severity"]["text"] for row in table.rows] == ["disaster", "high", "average"]
    assert {row["hosts"] for row in table.rows} == {f"{unique}-1"}
    for which, count in (
        ({"hosts": f"{unique}-1", "at_least": "high"}, 2),
        ({"search": unique, "older_than_minutes": 30}, 2),
        ({"hosts": f"{unique}-2"}, 0),
    ):
        assert ctx.run("list_problems", instance=instance, which=which).views[0].value == count


def test_problems_are_acknowledged_with_a_message_and_another_severity(prepared, zabbix, unique):
    ctx, instance = prepared
    trouble(zabbix, unique)
    which = {"search": unique, "unacknowledged": True}
    ctx.dry_run = True
    dry = ctx.run("acknowledge", instance=instance, which=which)
    assert dry.title == "3 problems would be changed"
    ctx.dry_run = False
    ctx.run("acknowledge", instance=instance, which=which, message="on it", severity="warning")

    found = zabbix.call("problem.get", {
        "search": {"name": unique}, "output": "extend", "selectAcknowledges": "extend",
    })  # fmt: skip
    assert {(one["acknowledged"], one["severity"]) for one in found} == {("1", "2")}
    assert {one["acknowledges"][0]["message"] for one in found} == {"on it"}
    with pytest.raises(ToolkitError, match="there are no problems that fit"):
        ctx.run("acknowledge", instance=instance, which=which)


def test_one_problem_that_the_server_will_not_close_does_not_keep_the_others(
    prepared, zabbix, unique
):
    ctx, instance = prepared
    events = trouble(zabbix, unique)
    with pytest.raises(StepsFailed, match="1 item:") as failed:
        ctx.run("acknowledge", instance=instance, actions=["close"],
                which={"event_ids": "; ".join(events)})  # fmt: skip

    assert list(failed.value.failures) == [events[0]]
    assert sum(name == "event" for name, _ in ctx.platform.steps) == 2


def test_what_a_version_cannot_do_is_told_before_anything_is_done(prepared, zabbix, unique):
    ctx, instance = prepared
    events = trouble(zabbix, unique, 1)
    inputs = {"instance": instance, "which": {"event_ids": events[0]}}
    if is_real(zabbix):
        with pytest.raises(ToolkitError, match=r"actions: Zabbix 6\.0\.14 cannot suppress"):
            ctx.run("acknowledge", actions=["suppress"], **inputs)
    else:
        ctx.run("acknowledge", actions=["suppress"], **inputs)
        assert zabbix.data["problem"][events[0]]["suppressed"] == "1"
    with pytest.raises(ToolkitError, match="exclude each other"):
        ctx.run("acknowledge", actions=["acknowledge", "unacknowledge"], **inputs)
    with pytest.raises(ToolkitError, match="choose what to do"):
        ctx.run("acknowledge", actions=[], **inputs)
    with pytest.raises(InvalidInputs, match="no number of an event"):
        ctx.run("acknowledge", instance=instance, which={"event_ids": "seven"})


def test_diagnostics_find_what_is_out_of_order_and_change_nothing(prepared, zabbix, unique):
    ctx, instance = prepared
    trouble(zabbix, unique)
    host = host_of(zabbix, f"{unique}-1")
    face = host["interfaces"][0]["interfaceid"]
    if is_real(zabbix):
        zabbix.sql("update interface set available = 2, error = 'no route' where interfaceid = %s",
                   int(face))  # fmt: skip
        item = zabbix.call("item.get", {"hostids": [host["hostid"]], "output": ["itemid"]})[0]
        zabbix.sql("update item_rtdata set state = 1, error = 'bad key' where itemid = %s",
                   int(item["itemid"]))  # fmt: skip
    else:
        zabbix.data["hostinterface"][face] |= {"available": "2", "error": "no route",
                                               "_hosts": [host]}  # fmt: skip
        zabbix.add("item", hostid=host["hostid"], name="x", key_="x", type="0", status="0",
                   state="1", error="bad key", _hosts=[host])  # fmt: skip
    section = ctx.run("diagnostics", instance=instance)

    shown = parts(section)
    facts = {item.label: item for item in shown["key_value"][0].items}
    assert facts["interfaces out of reach"].state == "critical"
    assert facts["items not supported"].value >= 1
    assert facts["proxies lost"].value == 1
    assert facts["problems"].value >= 3
    tables = {table.title: table.rows for table in shown["table"]}
    assert {"host": f"{unique}-1", "interface": "agent", "address": "192.0.2.1:10050",
            "error": "no route"} in tables["Interfaces out of reach"]  # fmt: skip
    assert "bad key" in {row["error"] for row in tables["Items not supported"]}
    if not is_real(zabbix):
        assert facts["cluster"].value == "not to be seen by this token"
        written = [m for m, _ in zabbix.calls if not m.endswith((".get", ".version"))]
        assert set(written) <= {"host.create", "hostgroup.create"}
