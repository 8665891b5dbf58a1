"""Unit tests of the latency toolkit with the SDK's fake context; no server is needed."""

import time

import pytest
from toolkit_sdk import ToolkitError
from toolkit_sdk.testing import InvalidInputs, fake_context

from latency_toolkit import figures, toolkit
from latency_toolkit.app import Template, status_fits
from latency_toolkit.probing import PHASES, Sample, unpacked
from latency_toolkit.running import _Memory, _tidy

HOUR = 3600


def sample(at, total=100.0, breach=False, error=""):
    return Sample(at, total, dict.fromkeys(PHASES, 1.0), None if error else 200, error, breach)


def add(ctx, **fields):
    return ctx.add(Template(**{"name": "shop", "url": "http://127.0.0.1:1/", **fields}))


def keep(ctx, template, *samples):
    series = ctx.history(f"samples:{template.record_id}")
    for one in samples:
        series.append(one.packed(), at=one.at)


def test_percentiles_lie_between_neighbours():
    assert figures.percentile([], 50) is None
    assert figures.percentile([7], 99) == 7
    assert figures.percentile([4, 1, 3, 2], 50) == 2.5
    assert figures.percentile(range(101), 95) == 95


def test_attainment_budget_and_burn_rate():
    made = figures.of([sample(n, breach=n < 2) for n in range(100)])

    assert made.attainment == 98.0
    assert made.budget_left(96) == pytest.approx(50)
    assert made.budget_left(99) == pytest.approx(-100)
    assert made.burn_rate(99) == pytest.approx(2)
    assert figures.of([]).budget_left(99) is None


def test_errors_count_as_breaches_but_not_as_times():
    made = figures.of([sample(1, 10), sample(2, 5000, True, "refused")])

    assert (made.worst, made.errors, made.breaches) == (10, 1, 1)


def test_streaks_have_a_start_and_an_end():
    marks = [0, 1, 1, 0, 1]
    found = figures.streaks([sample(at, breach=bool(mark)) for at, mark in enumerate(marks)])

    assert [(one.start, one.end, one.count) for one in found] == [(1, 3, 2), (4, None, 1)]


def test_a_sample_comes_back_from_the_history_as_it_was():
    one = sample(5.0, 12.345, True, "reset")

    back = unpacked(5.0, one.packed())

    assert (back.total, back.breach, back.error, back.status) == (12.35, True, "reset", None)
    assert back.phases == one.phases


@pytest.mark.parametrize(
    ("status", "expected", "fits"),
    [(200, "2xx", True), (304, "200, 304", True), (503, "200-299", False), (502, "500-5XX", True)],
)
def test_expected_status(status, expected, fits):
    assert status_fits(status, expected) is fits


def test_what_is_no_status_or_url_is_refused_at_its_field():
    with pytest.raises(InvalidInputs) as caught:
        fake_context(toolkit).run("try_url", url="ftp://x", expected_status="good")

    assert set(caught.value.errors) == {"url", "expected_status"}
    assert "write 200, 2xx" in caught.value.errors["expected_status"]


def told(ctx):
    return [notice["title"].removeprefix("shop ") for notice in ctx.platform.notices]


@pytest.mark.parametrize(
    ("notify", "after", "wanted"),
    [
        ("never", 1, []),
        ("breach", 1, ["breaks its SLA", "breaks its SLA"]),
        ("recovery", 1, ["keeps its SLA again"]),
        ("breach and recovery", 2, ["breaks its SLA", "keeps its SLA again"]),
        ("breach and recovery", 3, []),
        (
            "always",
            1,
            ["keeps its SLA", *["breaks its SLA"] * 2, "keeps its SLA", "breaks its SLA"],
        ),
    ],
)
def test_what_is_told_follows_the_rule_of_the_template(notify, after, wanted):
    ctx = fake_context(toolkit)
    template = add(ctx, notify=notify, after=after)
    memory = _Memory(ctx, [template])

    for at, mark in enumerate([0, 1, 1, 0, 1]):
        memory.take(template, sample(at, breach=bool(mark)))

    assert told(ctx) == wanted


def test_only_what_is_due_is_probed():
    ctx = fake_context(toolkit)
    soon, late = add(ctx, interval_seconds=10), add(ctx, name="late", interval_seconds=600)
    memory = _Memory(ctx, [soon, late])
    memory.take(soon, sample(1000.0))
    memory.take(late, sample(1000.0))

    assert memory.due(1005.0) == []
    assert memory.due(1011.0) == [soon]
    assert memory.until_next(1004.0) == pytest.approx(6.0)


def test_hours_that_are_over_are_reckoned_once_and_old_samples_pruned():
    ctx = fake_context(toolkit, settings={"keep_samples_days": 1})
    template = add(ctx)
    now = time.time()
    start = now - now % HOUR - 2 * HOUR
    keep(ctx, template, *[sample(start + 60 * n, 100 + n) for n in range(60)])
    keep(ctx, template, sample(start + HOUR + 5, 900, True), sample(now - 3 * 86_400), sample(now))

    for _ in range(2):
        _tidy(ctx, [template], ctx.settings)

    hours = ctx.history(f"hours:{template.record_id}").read()
    assert [(one.at - start, one.value["n"], one.value["b"]) for one in hours] == [
        (0, 60, 0),
        (HOUR, 1, 1),
    ]
    assert hours[0].value["p95"] == pytest.approx(156.05)
    assert len(ctx.history(f"samples:{template.record_id}").read()) == 62


def test_a_report_has_every_part():
    ctx = fake_context(toolkit)
    template = add(ctx, sla_ms=150, objective=90)
    now = time.time()
    keep(ctx, template, *[sample(now - 600 + n, 100 + n, 100 + n > 150) for n in range(0, 60, 5)])
    ctx.history(f"hours:{template.record_id}").append(
        {"n": 1, "b": 0, "p50": 1, "p95": 77, "p99": 1}, at=now - now % HOUR - HOUR
    )

    stat, items, chart, phases, streaks, heat = ctx.run("report", template=template).views

    assert stat.value == 91.667
    assert stat.state == "warning"
    assert {item.label: item.value for item in items.items}["breaches"] == 1
    assert len(chart.series) == 2
    assert len(phases.bars) == 5
    assert streaks.views[1].events[0].detail.endswith("(goes on)")
    assert 77 in [value for row in heat.values for value in row]
    assert len(heat.values) == 14


def test_a_long_report_keeps_the_slowest_points():
    ctx = fake_context(toolkit)
    template = add(ctx)
    now = time.time()
    keep(ctx, template, *[sample(now - 5000 + n, 9999 if n == 2222 else 10) for n in range(4000)])

    points = ctx.run("report", template=template).views[2].series[0].points

    assert len(points) <= 1500
    assert max(value for _, value in points) == 9999


def test_overview_card_export_and_clearing():
    ctx, dry = fake_context(toolkit), fake_context(toolkit, dry_run=True)
    now = time.time()
    for one in (ctx, dry):
        keep(one, add(one), sample(now - 20), sample(now - 10, 700, True))
        add(one, name="new")
    template = ctx.records(Template).list()[0]

    assert [row["state"]["text"] for row in ctx.run("overview").rows] == ["breach", "no samples"]
    assert ctx.card("promises").state == "critical"
    ctx.run("export_samples", template=template)
    assert len(ctx.platform.artifacts["samples.csv"].splitlines()) == 3
    dry.run("clear_history", template=template)
    assert len(dry.history(f"samples:{template.record_id}").read()) == 2
    ctx.run("clear_history", template=template)
    assert ctx.history(f"samples:{template.record_id}").read() == []


def test_the_line_of_the_sla_has_a_value_at_every_moment():
    ctx = fake_context(toolkit)
    template = add(ctx)
    series = ctx.history(f"samples:{template.record_id}")
    for ago in (30, 20, 10):
        series.append({"t": 5.0, "b": 0, "st": 200}, at=time.time() - ago)

    shown = ctx.run("report", template=template).views
    chart = next(one for one in shown if one.view == "time_series")

    measured, promised = chart.series
    assert [at for at, _ in promised.points] == [at for at, _ in measured.points]
    assert {value for _, value in promised.points} == {template.sla_ms}


def test_empty_states_say_what_to_do():
    ctx = fake_context(toolkit)
    template = add(ctx)

    assert "Probe what is due" in ctx.run("report", template=template).views[0].text
    for operation in ("run_due", "overview"):
        with pytest.raises(ToolkitError, match="the tag 'x'") as caught:
            ctx.run(operation, tag="x")
        assert caught.value.field == "tag"
        assert "Add some" in fake_context(toolkit).run(operation).caption
    assert "schedule the probing" in fake_context(toolkit).card("promises").detail


@pytest.mark.parametrize("url", ["ftp://x", "http://h:99999/", "http://[::1", "http:///x", "h", ""])
def test_what_is_no_url_is_refused_at_its_field(url):
    with pytest.raises(InvalidInputs) as caught:
        fake_context(toolkit).run("try_url", url=url)

    assert set(caught.value.errors) == {"url"}
