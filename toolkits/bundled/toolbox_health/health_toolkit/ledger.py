"""What is kept of the checks: a sample of each, and the incidents that they show."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from toolkit_sdk import CallError, Context, PlatformHealth, Sample

from health_toolkit.app import Config
from health_toolkit.judging import OK, UNKNOWN, Standing, lasted, rank

CHECKS, INCIDENTS = "checks", "incidents"
#: The component under which times without a check stand.
NO_CHECK = "Checks"
_OPEN, _DAY = "open", 86_400


class Ledger:
    """Takes check after check. What cannot be written, while the database is away, is kept in
    memory and written with the next."""

    def __init__(self, ctx: Context) -> None:
        self._ctx, self._config = ctx, ctx.settings
        kept = ctx.state.get(_OPEN, {})
        self.open: dict[str, dict[str, Any]] = kept.get("incidents", {})
        self._checked_at: float | None = kept.get("at")
        self._samples: list[Sample] = []
        self._ended: list[dict[str, Any]] = []
        self._notices: list[tuple[str, str, str, str]] = []

    def take(self, health: PlatformHealth, standings: Sequence[Standing]) -> None:
        """Note a check: what it found, which incidents it begins and ends."""
        self._samples.append(Sample(health.at, _packed(health, standings)))
        self._note_gap(health.at)
        for standing in standings:
            if standing.state != UNKNOWN:
                self._compare(standing, health.at)
        self._checked_at = health.at

    def _note_gap(self, at: float) -> None:
        before = self._checked_at
        if before is None or at - before <= self._config.gap_minutes * 60:
            return
        text = (
            "No check ran: the scheduler, the workers, Redis or the database were away, or the "
            "schedule was paused."
        )
        self._ended.append(
            {"component": NO_CHECK, "began": before, "ended": at, "worst": UNKNOWN, "text": text}
        )
        title = f"No health check ran for {lasted(at - before)}"
        self._notices.append((title, text, "warning", NO_CHECK))

    def _compare(self, standing: Standing, at: float) -> None:
        name, state = standing.component, standing.state
        entry = self.open.get(name)
        if state == OK:
            if entry is not None:
                self._close(self.open.pop(name), at)
            return
        if entry is None:
            entry = self.open[name] = {
                "component": name, "began": at, "well_at": self._checked_at, "worst": state,
                "text": standing.text,
            }  # fmt: skip
        elif entry["state"] == state:
            return
        entry["state"] = state
        if rank(state) > rank(entry["worst"]):
            entry |= {"worst": state, "text": standing.text}
        verb = "is down" if state == "critical" else "has a problem"
        text = " ".join(filter(None, (f"{standing.text}.", standing.hint)))
        self._notices.append((f"{name} {verb}", text, state, name))

    def _close(self, entry: dict[str, Any], at: float) -> None:
        entry.pop("state")
        self._ended.append({**entry, "ended": at})
        text = f"It was {entry['text']}."
        title = f"{entry['component']} is well again after {lasted(at - entry['began'])}"
        self._notices.append((title, text, "ok", entry["component"]))

    def store(self, *, insist: bool) -> bool:
        """Write what waits to be written; whether that was possible. ``insist`` raises."""
        try:
            self._write()
        except CallError as error:
            if insist or error.kind != "unavailable":
                raise
            self._ctx.log.warning("nothing can be kept just now: %s", error)
            return False
        return True

    def _write(self) -> None:
        ctx = self._ctx
        if self._samples:
            ctx.history(CHECKS).extend(self._samples)
            self._samples = []
        if self._ended:
            ended = [Sample(one["began"], one) for one in self._ended]
            ctx.history(INCIDENTS).extend(ended)
            self._ended = []
        ctx.state.set(_OPEN, {"at": self._checked_at, "incidents": self.open})
        while self._notices:
            title, text, state, key = self._notices[0]
            if self._config.notify:
                ctx.notify(title, text, state=state, key=key)  # type: ignore[arg-type]
            self._notices.pop(0)

    def prune(self) -> None:
        """Drop what is older than the settings say."""
        now, config = time.time(), self._config
        with suppress(CallError):
            self._ctx.history(CHECKS).prune(before=now - config.keep_days * _DAY)
            self._ctx.history(INCIDENTS).prune(before=now - config.keep_incidents_days * _DAY)


def _packed(health: PlatformHealth, standings: Sequence[Standing]) -> dict[str, Any]:
    return {
        "c": {one.component: [one.state, one.latency_ms] for one in standings},
        "q": {
            queue.name: [queue.waiting, queue.oldest_seconds, queue.running, queue.workers]
            for queue in health.queues or ()
        },
    }


def open_incidents(ctx: Context) -> list[dict[str, Any]]:
    """The incidents that go on."""
    found: dict[str, dict[str, Any]] = ctx.state.get(_OPEN, {}).get("incidents", {})
    return list(found.values())


def incidents(ctx: Context, since: float) -> list[dict[str, Any]]:
    """Incidents that had not ended before a moment, the newest first; ``ended`` is None in
    those that go on."""
    config: Config = ctx.settings
    long_ago = time.time() - config.keep_incidents_days * _DAY
    kept = [sample.value for sample in ctx.history(INCIDENTS).read(since=long_ago)]
    ended = [one for one in kept if one["ended"] >= since]
    going_on = [{**one, "ended": None} for one in open_incidents(ctx)]
    return sorted(ended + going_on, key=lambda one: one["began"], reverse=True)
