"""When schedules are due, also on the days when clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from toolkits.errors import InputError
from toolkits.models import Schedule
from toolkits.schedules import timing


def cron(expression: str, zone: str = "Europe/Berlin", **values) -> Schedule:
    return Schedule(name="s", kind="cron", cron=expression, time_zone=zone, **values)


def due(schedule: Schedule, after: datetime, count: int) -> list[str]:
    return [f"{moment:%m-%d %H:%M}" for moment in islice(timing.due_times(schedule, after), count)]


def test_a_daily_time_stays_at_its_local_hour_when_clocks_change():
    after = datetime(2026, 3, 27, 12, tzinfo=UTC)

    assert due(cron("0 9 * * *"), after, 3) == ["03-28 08:00", "03-29 07:00", "03-30 07:00"]


def test_a_time_that_a_clock_change_skips_runs_right_after_it():
    after = datetime(2026, 3, 28, 12, tzinfo=UTC)

    assert due(cron("30 2 * * *"), after, 2) == ["03-29 01:00", "03-30 00:30"]


def test_a_time_that_comes_twice_runs_once():
    after = datetime(2026, 10, 24, 12, tzinfo=UTC)

    assert due(cron("30 2 * * *"), after, 2) == ["10-25 00:30", "10-26 01:30"]


def test_every_half_hour_runs_in_real_time_through_a_clock_change():
    after = datetime(2026, 10, 24, 23, 59, tzinfo=UTC)

    assert due(cron("*/30 * * * *"), after, 4) == [
        "10-25 00:00",
        "10-25 00:30",
        "10-25 01:00",
        "10-25 01:30",
    ]


def test_an_interval_counts_from_its_making_and_does_not_drift():
    made = datetime(2026, 1, 1, tzinfo=UTC)
    schedule = Schedule(kind="interval", interval_seconds=3600, created_at=made)

    assert due(schedule, made + timedelta(hours=5, minutes=59), 2) == ["01-01 06:00", "01-01 07:00"]


def test_jitter_is_bounded_and_the_same_each_time_it_is_asked_for():
    schedule = cron("0 * * * *", jitter_seconds=600)
    moments = list(islice(timing.due_times(schedule, datetime(2026, 1, 1, tzinfo=UTC)), 20))

    late = [timing.starts_at(schedule, moment) - moment for moment in moments]

    assert late == [timing.starts_at(schedule, moment) - moment for moment in moments]
    assert all(timedelta(0) <= one <= timedelta(seconds=600) for one in late)
    assert len(set(late)) > 10


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"kind": "cron", "cron": "61 * * * *"}, "cron"),
        ({"kind": "cron", "cron": "0 0 30 2 *"}, "cron"),
        ({"kind": "cron", "cron": "* * * * *", "time_zone": "Mars/Base"}, "time_zone"),
        ({"kind": "interval", "interval_seconds": 5}, "interval_seconds"),
        ({"kind": "once"}, "run_at"),
        ({"kind": "moon"}, "kind"),
    ],
)
def test_a_time_that_is_nonsense_is_refused_by_name(values, where):
    with pytest.raises(InputError) as refused:
        timing.check(Schedule(name="s", **values))

    assert refused.value.field_errors[0].loc == (where,)


def test_a_cron_expression_is_said_in_words():
    assert (
        timing.in_words(cron("0 9 * * MON-FRI"))
        == "At 09:00 on Monday through Friday (Europe/Berlin)"
    )


def test_an_interval_and_a_moment_are_said_in_words():
    every = Schedule(name="s", kind="interval", interval_seconds=93_600)
    assert timing.in_words(every) == "Every 1 d 2 h"
    once = Schedule(
        name="s",
        kind="once",
        run_at=datetime(2026, 7, 1, 1, tzinfo=UTC),
        time_zone="Europe/Berlin",
    )
    assert timing.in_words(once) == "Once, at 2026-07-01 03:00 (Europe/Berlin)"
