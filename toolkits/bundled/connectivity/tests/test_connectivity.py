"""Unit tests of the connectivity toolkit with the SDK's fake context; no server is needed."""

import time

import pytest
from pydantic import ValidationError
from toolkit_sdk import Sample, ToolkitError
from toolkit_sdk.testing import InvalidInputs, fake_context

from connectivity_toolkit import expand, toolkit
from connectivity_toolkit.app import Config, Target
from connectivity_toolkit.judging import Judged, Memory, as_expected, flaps, judge
from connectivity_toolkit.probe import Outcome, Probe
from connectivity_toolkit.watching import _remember


def target(**fields):
    return Target(**{"name": "web", "hosts": ["h"], **fields})


def outcome(kind="", ms=5.0, port=80):
    return Outcome(Probe("h", port), "10.0.0.1", kind, "why" if kind else "", 1.0, ms)


def test_ports_are_numbers_and_ranges():
    assert expand.ports([22, "80,443", "8000 - 8002", "22"]) == [22, 80, 443, 8000, 8001, 8002]


def test_networks_become_their_addresses():
    assert expand.hosts(["10.0.0.0/30, example.com # two", "[::1]", "10.0.0.1"]) == [
        "10.0.0.1", "10.0.0.2", "example.com", "::1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("inputs", "field", "message"),
    [
        ({"hosts": ["h"], "ports": ["90-80"]}, "ports", "'90-80' ends before it begins"),
        ({"hosts": ["h"], "ports": []}, "ports", "name at least one port"),
        ({"hosts": ["10.0.0.0/40"]}, "hosts", "'10.0.0.0/40' is not a network"),
        ({"hosts": ["10.0.0.0/8"]}, "hosts", "16,777,216 addresses; 20,000 is the most"),
        ({"hosts": ["https://example.com"]}, "hosts.0", "should match pattern"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(inputs, field, message):
    with pytest.raises(InvalidInputs) as caught:
        fake_context(toolkit).run("check", **inputs)

    assert message in caught.value.errors[field]


@pytest.mark.parametrize("port", ["x", "0", 0, 65536, "70000"])
def test_a_port_that_there_is_not_is_refused_by_the_schema(port):
    with pytest.raises(InvalidInputs) as caught:
        fake_context(toolkit).run("check", hosts=["h"], ports=[port])

    assert {name.partition(".")[0] for name in caught.value.errors} == {"ports"}


def test_nothing_and_too_much_to_check_are_said():
    with pytest.raises(ToolkitError, match="nothing to check"):
        fake_context(toolkit).run("check")
    with pytest.raises(ToolkitError, match="25,400 probes; 20,000 is the most"):
        fake_context(toolkit).run("check", hosts=["10.0.0.0/24"], ports=["1-100"])


@pytest.mark.parametrize(
    ("fields", "kinds", "ms", "state"),
    [
        ({}, ["", ""], 5, "up"),
        ({}, ["", "refused"], 5, "degraded"),
        ({}, ["timeout", "refused"], 5, "down"),
        ({"at_least": 50}, ["", "refused"], 5, "up"),
        ({"expect": "closed"}, ["refused", "timeout"], 5, "up"),
        ({"expect": "closed"}, ["", "refused"], 5, "degraded"),
        ({"expect": "closed"}, ["name", "name"], 5, "down"),
        ({"max_ms": 4}, ["", ""], 5, "down"),
        ({}, [], 5, "down"),
    ],
)
def test_a_target_is_judged_by_what_it_expects(fields, kinds, ms, state):
    found = judge(target(**fields), [outcome(kind, ms, n) for n, kind in enumerate(kinds, 1)])

    assert found.state == state


def test_why_it_is_not_as_expected_is_said():
    assert as_expected(target(max_ms=1), outcome()) == "h:80: 5 ms, more than 1 ms"
    assert as_expected(target(expect="closed"), outcome()) == "h:80 is open"
    assert as_expected(target(), outcome("refused")) == "h:80: why"


def test_a_change_counts_when_it_lasts():
    memory = Memory("up", 0.0)

    assert [memory.take(state, 1.0, 2) for state in ("down", "up", "down", "down", "down")] == [
        False, False, False, True, False,
    ]  # fmt: skip
    assert memory.told == "down"


def test_many_changes_in_a_short_time_are_flapping():
    now = time.time()
    samples = [Sample(now - 60 * n, {"s": "up" if n % 2 else "down"}) for n in range(6, 0, -1)]

    assert flaps(samples, now, Config(flap_changes=5))
    assert not flaps(samples, now, Config(flap_changes=6))
    assert not flaps(samples, now, Config(flap_changes=5, flap_minutes=2))


def test_changes_are_told_and_flapping_is_told_once():
    ctx = fake_context(toolkit, settings={"flap_changes": 3})
    one = ctx.add(target())

    for state in ("up", "up", "down", "up", "down", "up", "up"):
        _remember(
            ctx, [one], {one.record_id: Judged(state, 1, 2, 3.0, ("h:80: why",))}, ctx.settings
        )
    assert [notice["title"] for notice in ctx.platform.notices] == [
        "web is down", "web is up", "web is flapping",
    ]  # fmt: skip
    series = ctx.platform.history[f"target:{one.record_id}"]
    for pair in series:
        pair[0] -= 2 * 3600
    _remember(ctx, [one], {one.record_id: Judged("up", 2, 2, 3.0, ())}, ctx.settings)
    assert ctx.platform.notices[-1]["title"] == "web is steady again"


CSV = """name,hosts,ports,protocol,expect,tags,max_ms
web,example.com 10.0.0.0/30,"80,443",tcp,open,prod eu,250
bad,10.0.0.0/99,80,tcp,open,,
worse,example.com,80,icmp,open,,
'=web2,example.org,22,tcp,closed,,
"""


def test_targets_are_imported_row_by_row():
    ctx, dry = fake_context(toolkit), fake_context(toolkit, dry_run=True)

    rows = ctx.run("import_targets", text=CSV).rows
    assert [(row["line"], row["state"]["text"]) for row in rows] == [
        (2, "added"), (3, "refused"), (4, "refused"), (5, "added"),
    ]  # fmt: skip
    assert "is not a network" in rows[1]["why"]
    assert rows[2]["why"].startswith("protocol:")
    web, other = ctx.records(Target).list()
    assert (web.hosts, web.ports, web.max_ms) == (["example.com", "10.0.0.0/30"], "80,443", 250)
    assert other.name == "=web2"
    dry.run("import_targets", text=CSV)
    assert dry.records(Target).list() == []


def test_an_export_is_imported_again_without_a_change():
    ctx = fake_context(toolkit)
    ctx.run("import_targets", text=CSV)
    ctx.run("export_targets")
    text = ctx.platform.artifacts["targets.csv"].decode()

    again = ctx.run("import_targets", text=text).rows
    changed = ctx.run("import_targets", text=text.replace("250", "99")).rows

    assert [row["state"]["text"] for row in again] == ["unchanged", "unchanged"]
    assert [row["state"]["text"] for row in changed] == ["changed", "unchanged"]
    assert ctx.records(Target).list()[0].max_ms == 99


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "paste CSV"), ("name;nope\na;b", "unknown columns nope"), ("name,ports\na,1", "no column"),
        ('name,hosts\n"a', "is not CSV"),
    ],
)  # fmt: skip
def test_what_is_no_csv_is_explained(text, message):
    with pytest.raises(ToolkitError, match=message):
        fake_context(toolkit).run("import_targets", text=text)


def keep(ctx, one, *states):
    now = time.time()
    for n, state in enumerate(states):
        value = {
            "s": state,
            "g": 1,
            "n": 1,
            "ms": 2.0,
            "bad": [] if state == "up" else ["h:80: why"],
        }
        ctx.history(f"target:{one.record_id}").append(value, at=now - 60 * (len(states) - n))


def test_history_status_and_heat_map():
    ctx = fake_context(toolkit)
    one, other = ctx.add(target()), ctx.add(target(name="new"))
    keep(ctx, one, "up", "up", "down", "up")

    stat, timeline, _ = ctx.run("history", target=one).views
    assert (stat.value, stat.detail) == (75.0, "2 changes")
    assert [event.label for event in timeline.events] == ["up", "down", "up"]
    rows = ctx.run("status").rows
    assert [row["day"] for row in rows] == ["75.00 %", None]
    values = ctx.run("heat_map", hours=3).views[0].values
    assert any(value is not None for value in values[0])
    assert values[1] == [None, None, None]
    assert "Check all targets" in ctx.run("history", target=other).views[0].text


def test_empty_states_say_what_to_do():
    ctx = fake_context(toolkit)

    assert "Add records to Targets" in ctx.card("reachability").detail
    for operation in ("check_targets", "heat_map"):
        assert "Add some" in ctx.run(operation).views[0].text
    assert "Add some" in ctx.run("status").caption
    ctx.add(target())
    assert "Check all targets" in ctx.run("heat_map").views[0].text
    for operation in ("check_targets", "status", "heat_map"):
        with pytest.raises(ToolkitError, match="the tag 'x'") as caught:
            ctx.run(operation, tag="x")
        assert caught.value.field == "tag"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"hosts": ["bad host!"]}, "hosts.0"), ({"hosts": ["https://a.example"]}, "hosts.0"),
        ({"ports": "70000"}, "ports"), ({"ports": "0"}, "ports"), ({"ports": "80;443"}, "ports"),
    ],
)  # fmt: skip
def test_a_target_that_is_none_is_refused_at_its_field(data, field):
    with pytest.raises(ValidationError) as caught:
        target(**data)

    assert [".".join(map(str, one["loc"])) for one in caught.value.errors()] == [field]


@pytest.mark.parametrize(
    "hosts",
    [["10.0.0.0/28"], ["a.example, b.example", "[2001:db8::1]"], ["bücher.example # shop", "# all"]],
)
def test_hosts_are_written_in_many_ways(hosts):
    assert target(hosts=hosts, ports=" 1, 80 - 443,65535 ").hosts == hosts


@pytest.mark.parametrize("host", ["bad!", "300.1.1.1", "127.1", "2130706433", "a..b", "10.0.0"])
def test_what_is_neither_a_name_nor_an_address_is_refused(host):
    with pytest.raises(InvalidInputs) as caught:
        fake_context(toolkit).run("check", hosts=[host])

    assert {name.partition(".")[0] for name in caught.value.errors} == {"hosts"}
