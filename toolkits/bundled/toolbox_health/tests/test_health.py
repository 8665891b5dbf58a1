"""Unit tests of the health toolkit with the SDK's fake context; no platform is needed."""

import time

import pytest
from toolkit_sdk import CallError, Cancelled
from toolkit_sdk.testing import fake_context

from health_toolkit import ledger, toolkit
from health_toolkit.judging import judge, lasted
from health_toolkit.ledger import Ledger


def states(section):
    return {row["component"]: row["state"]["state"] for row in section.views[1].rows}


def told(ctx):
    return [(notice["title"], notice["state"]) for notice in ctx.platform.notices]


def queue(ctx, name, **fields):
    next(one for one in ctx.platform.told["queues"] if one["name"] == name).update(fields)


def test_when_all_is_well_it_says_so():
    ctx = fake_context(toolkit)

    section = ctx.run("status")

    assert set(states(section).values()) == {"ok"}
    assert section.views[0].value == "well"
    assert ctx.platform.history == {}


def test_a_failed_part_says_what_to_do():
    ctx = fake_context(toolkit)
    ctx.platform.fail("vault", "it is sealed", "Unseal it with its keys.")

    section = ctx.run("status")

    row = next(row for row in section.views[1].rows if row["component"] == "Vault")
    assert (row["state"], row["found"], row["do"]) == (
        {"state": "critical", "text": "down"}, "it is sealed", "Unseal it with its keys.",
    )  # fmt: skip
    assert section.views[0].value == "1 down"
    assert ctx.card("platform").state == "critical"


def test_a_slow_dependency_is_a_problem_but_an_old_sign_of_life_of_the_scheduler_is_not():
    ctx = fake_context(toolkit, settings={"slow_ms": 50})
    for part in ctx.platform.told["parts"]:
        if part["name"] in ("redis", "scheduler"):
            part["latency_ms"] = 80

    found = states(ctx.run("status"))

    assert (found["Redis"], found["Scheduler"]) == ("warning", "ok")


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"workers": 0}, "warning"),
        ({"workers": 0, "waiting": 1}, "critical"),
        ({"workers": None}, "unknown"),
        ({"waiting": 1, "oldest_seconds": 59}, "ok"),
        ({"waiting": 1, "oldest_seconds": 60}, "warning"),
        ({"waiting": 1, "oldest_seconds": 600}, "critical"),
        ({"waiting": 1000, "oldest_seconds": 1}, "warning"),
    ],
)
def test_queues_are_judged_by_workers_depth_and_age(fields, state):
    ctx = fake_context(toolkit)
    queue(ctx, "low", **fields)

    assert states(ctx.run("status"))["Queue low"] == state


def test_what_is_not_known_without_redis_and_the_database_is_said_to_be_so():
    ctx = fake_context(toolkit)
    ctx.platform.fail("database")
    ctx.platform.told |= {"queues": None, "workers": None}

    found = states(ctx.run("status"))

    assert (found["Database"], found["queues"], found["Workers"]) == (
        "critical", "unknown", "unknown",
    )  # fmt: skip


def test_a_silent_worker_is_named():
    ctx = fake_context(toolkit)
    workers = ctx.platform.told["workers"]
    workers.append({**workers[0], "name": "worker.2", "silent": True})

    row = ctx.run("status").views[1].rows[-1]

    assert (row["state"]["state"], row["found"]) == (
        "warning", "1 of 2 report; gone or silent: worker.2",
    )  # fmt: skip


def test_an_incident_begins_is_told_once_and_ends():
    ctx = fake_context(toolkit)
    ctx.run("check")
    ctx.platform.fail("redis", "it does not answer", "Check REDIS_URL.")
    ctx.run("check")
    ctx.run("check")
    (during,) = ledger.incidents(ctx, 0)
    ctx.platform.recover("redis")
    ctx.run("check")
    (after,) = ledger.incidents(ctx, 0)

    assert during["component"] == "Redis"
    assert during["ended"] is None
    assert during["well_at"] < during["began"]
    assert after["began"] == during["began"] < after["ended"]
    assert told(ctx) == [("Redis is down", "critical"), ("Redis is well again after 0 s", "ok")]
    assert "Check REDIS_URL." in ctx.platform.notices[0]["text"]
    assert len(ctx.history("checks").read()) == 4


def test_an_incident_keeps_the_worst_that_it_was():
    ctx = fake_context(toolkit)
    for fields in ({"waiting": 1, "oldest_seconds": 99}, {"oldest_seconds": 999}):
        queue(ctx, "low", **fields)
        ctx.run("check")
    queue(ctx, "low", oldest_seconds=99)
    ctx.run("check")

    (incident,) = ledger.incidents(ctx, 0)

    assert (incident["worst"], incident["state"]) == ("critical", "warning")
    assert "16 min 39 s" in incident["text"]


def test_what_is_not_known_neither_begins_nor_ends_an_incident():
    ctx = fake_context(toolkit)
    queue(ctx, "low", workers=0, waiting=3)
    ctx.run("check")
    queue(ctx, "low", workers=None)
    queue(ctx, "high", workers=None)
    ctx.run("check")

    assert [one["component"] for one in ledger.incidents(ctx, 0)] == ["Queue low"]
    assert ledger.incidents(ctx, 0)[0]["ended"] is None


def test_a_long_time_without_a_check_is_an_incident():
    ctx = fake_context(toolkit, settings={"gap_minutes": 5})
    ctx.run("check")
    ctx.platform.state["open"]["at"] -= 3600
    ctx.run("check")

    (gap,) = ledger.incidents(ctx, 0)

    assert gap["component"] == "Checks"
    assert gap["ended"] - gap["began"] == pytest.approx(3600, abs=60)
    assert told(ctx) == [("No health check ran for 1 h", "warning")]


def test_notices_can_be_switched_off():
    ctx = fake_context(toolkit, settings={"notify": False})
    ctx.platform.fail("vault")
    ctx.run("check")

    assert ctx.platform.notices == []


def test_what_cannot_be_written_is_written_later():
    ctx = fake_context(toolkit)
    written = ctx.platform._history

    def refuse(**_):
        raise CallError("unavailable", "The platform's database does not answer.")

    book = Ledger(ctx)
    ctx.platform._history = refuse
    ctx.platform.fail("database")
    for _ in range(2):
        health = ctx.platform.health()
        book.take(health, judge(health, ctx.settings))
        assert not book.store(insist=False)
    ctx.platform._history = written
    ctx.platform.recover("database")
    health = ctx.platform.health()
    book.take(health, judge(health, ctx.settings))

    assert book.store(insist=False)
    assert len(ctx.history("checks").read()) == 3
    assert [(one["component"], one["ended"] is None) for one in ledger.incidents(ctx, 0)] == [
        ("Database", False)
    ]


def test_a_watch_looks_again_and_again_and_can_be_cancelled():
    ctx = fake_context(toolkit)
    ctx.run("check", for_seconds=2, every_seconds=1)
    assert len(ctx.history("checks").read()) >= 2

    def cancel(*_):
        ctx.cancel()

    ctx.platform.progress = cancel
    with pytest.raises(Cancelled):
        ctx.run("check", for_seconds=600, every_seconds=600)


def test_history_has_availability_and_lines():
    ctx = fake_context(toolkit)
    for at in range(3):
        if at == 2:
            ctx.platform.fail("vault")
        queue(ctx, "low", waiting=at)
        ctx.run("check")

    table, latency, others, waiting, age, workers = ctx.run("history").views

    row = next(row for row in table.rows if row["component"] == "Vault")
    assert (row["well"]["text"], row["last"]["state"]) == ("66.667 %", "critical")
    assert {series.label for series in latency.series} >= {"Database", "Redis", "Web"}
    assert {series.label for series in others.series} == {"Scheduler", "Runners"}
    low = next(series for series in waiting.series if series.label == "low")
    assert [value for _, value in low.points] == [0, 1, 2]
    assert {value for series in age.series for _, value in series.points} == {0}
    assert len(workers.series) == 4


def test_incidents_are_shown_as_table_and_timeline():
    ctx = fake_context(toolkit)
    ctx.platform.fail("web")
    ctx.run("check")

    stat, table, timeline = ctx.run("incidents").views

    assert (stat.value, stat.state) == (1, "critical")
    assert table.rows[0]["state"] == {"state": "critical", "text": "goes on"}
    assert timeline.events[0].end is None


def test_empty_states_say_what_to_do():
    ctx = fake_context(toolkit)

    assert "schedule" in ctx.run("history").views[0].text
    assert "Schedule" in ctx.run("incidents").views[1].text
    assert "Schedule" in ctx.card("platform").detail
    ctx.run("check")
    assert "Every check" in ctx.run("incidents").views[1].text


def test_export_and_clearing():
    ctx, dry = fake_context(toolkit), fake_context(toolkit, dry_run=True)
    for one in (ctx, dry):
        one.run("check")
        one.platform.history["checks"][0][0] = time.time() - 40 * 86_400
        one.run("check")

    ctx.run("export_checks", hours=1)
    assert len(ctx.platform.artifacts["checks.csv"].splitlines()) == 13
    assert dry.run("clear_history").items[0].value == 1
    assert len(dry.history("checks").read()) == 2
    ctx.run("clear_history")
    assert len(ctx.history("checks").read()) == 1


def test_without_the_permission_the_reason_is_said():
    ctx = fake_context(toolkit)
    ctx.platform.told = {}

    with pytest.raises(CallError, match="does not ask for platform"):
        ctx.run("status")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (61, "1 min 1 s"), (3600, "1 h"), (7800, "2 h 10 min"), (90_000, "1 d 1 h")],
)
def test_lengths_of_time_are_words(seconds, text):
    assert lasted(seconds) == text
