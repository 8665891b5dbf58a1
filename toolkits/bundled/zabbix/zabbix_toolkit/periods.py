"""When a maintenance is in force: one window, or one of each day or week."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

Repeat = Literal["once", "daily", "weekly"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_YEAR = 366 * 86_400


@dataclass(frozen=True)
class Window:
    """A window of a maintenance. ``start`` has a time zone."""

    start: dt.datetime
    minutes: int
    repeat: Repeat = "once"
    days: tuple[Day, ...] = ()
    until: dt.datetime | None = None

    @property
    def since(self) -> int:
        """Epoch seconds of its beginning, at a full minute, as Zabbix keeps it."""
        return int(self.start.timestamp()) // 60 * 60

    @property
    def till(self) -> int:
        """Epoch seconds from which on the maintenance is over for good."""
        if self.repeat == "once":
            return self.since + self.minutes * 60
        return int(self.until.timestamp()) // 60 * 60 if self.until else self.since + _YEAR

    def params(self) -> dict[str, Any]:
        """As ``maintenance.create`` wants it."""
        period: dict[str, Any] = {"period": self.minutes * 60}
        of_day = self.start.hour * 3600 + self.start.minute * 60
        if self.repeat == "once":
            period |= {"timeperiod_type": 0, "start_date": self.since}
        elif self.repeat == "daily":
            period |= {"timeperiod_type": 2, "every": 1, "start_time": of_day}
        else:
            bits = sum(1 << DAYS.index(day) for day in self.days or (DAYS[self.start.weekday()],))
            period |= {
                "timeperiod_type": 3, "every": 1, "dayofweek": bits, "start_time": of_day,
            }  # fmt: skip
        return {"active_since": self.since, "active_till": self.till, "timeperiods": [period]}


def zoned(moment: dt.datetime | None, now: dt.datetime) -> dt.datetime:
    """A moment with a time zone: UTC where none was given; now where there is none."""
    if moment is None:
        return now
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def told(period: dict[str, Any]) -> str:
    """A period of the API's answer in words."""
    minutes = int(period["period"]) // 60
    kind = str(period["timeperiod_type"])
    if kind == "0":
        start = dt.datetime.fromtimestamp(int(period["start_date"]), dt.UTC)
        return f"{start:%Y-%m-%d %H:%M} UTC, {minutes} min"
    hours, rest = divmod(int(period["start_time"]), 3600)
    at = f"at {hours:02d}:{rest // 60:02d}, {minutes} min"
    every = int(period.get("every", 1))
    if kind == "2":
        return f"daily {at}" if every == 1 else f"every {every} days {at}"
    if kind == "3":
        bits = int(period["dayofweek"])
        days = ", ".join(day for number, day in enumerate(DAYS) if bits >> number & 1)
        return f"{days} {at}" if every == 1 else f"{days} of every {every} weeks {at}"
    return f"monthly {at}"
