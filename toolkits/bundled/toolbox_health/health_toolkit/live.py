"""How the platform is at this moment: the operation and the card."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from toolkit_sdk import Context, PlatformHealth, views
from toolkit_sdk.platform import Queue

from health_toolkit.app import toolkit
from health_toolkit.judging import CRITICAL, OK, UNKNOWN, WARNING, Standing, judge, worst
from health_toolkit.ledger import CHECKS

_WORDS = {OK: "well", WARNING: "problem", CRITICAL: "down", UNKNOWN: "not known"}
_TREND_SECONDS, _TREND_POINTS = 3600, 40


@toolkit.operation(title="Status", interactive=True, timeout=60)
def status(ctx: Context) -> views.Section:
    """Show how every part of the platform is at this moment. Nothing of it is kept."""
    health = ctx.platform.health()
    standings = judge(health, ctx.settings)
    for one in standings:
        ctx.log.info("%s: %s, %s", one.component, _WORDS[one.state], one.text)
    return shown(health, standings)


@toolkit.card(title="Platform", refresh=60)
def platform(ctx: Context) -> views.Stat:
    """The overall state of the platform."""
    standings = judge(ctx.platform.health(), ctx.settings)
    stat = overall(standings)
    recent = ctx.history(CHECKS).read(since=time.time() - _TREND_SECONDS)
    waiting = [float(sum(row[0] for row in one.value["q"].values())) for one in recent]
    stat.trend = waiting[-_TREND_POINTS:] or None
    if not recent:
        stat.detail = f'{stat.detail} Schedule "Check the platform" to keep a history.'
    return stat


def overall(standings: Sequence[Standing]) -> views.Stat:
    """All components in one figure."""
    bad = [one for one in standings if one.state in (WARNING, CRITICAL)]
    state = worst(one.state for one in standings)
    if not bad:
        value = "well" if state == OK else "not known"
        unknown = [one.component for one in standings if one.state == UNKNOWN]
        detail = "Every part of it works." if state == OK else f"Not known: {', '.join(unknown)}."
        return views.Stat(value=value, label="the platform", state=state, detail=detail)
    down = sum(one.state == CRITICAL for one in bad)
    value = f"{down} down" if down else f"{len(bad)} with problems"
    detail = "; ".join(f"{one.component}: {one.text}" for one in bad)[:200]
    return views.Stat(value=value, label="the platform", state=state, detail=detail)


def shown(health: PlatformHealth, standings: Sequence[Standing]) -> views.Section:
    """A check, for people."""
    parts: list[views.View] = [overall(standings), _components(standings)]
    if health.queues is not None:
        parts.append(views.Section(title="Queues", views=[_queues(health.queues)]))
    if health.workers:
        parts.append(views.Section(title="Workers", views=[_workers(health)]))
    return views.Section(title=f"Platform {health.version}", views=parts)


def _components(standings: Sequence[Standing]) -> views.Table:
    return views.Table(
        columns=[
            views.Column(key="component"),
            views.Column(key="state", type="state"),
            views.Column(key="latency", type="duration_ms"),
            views.Column(key="found"),
            views.Column(key="do", label="What to do"),
        ],
        rows=[
            {
                "component": one.component,
                "state": views.state(one.state, _WORDS[one.state]),
                "latency": one.latency_ms,
                "found": one.text,
                "do": one.hint,
            }
            for one in standings
        ],
        caption="Latency is the time of an answer; of the scheduler, the time since it last gave "
        "a sign of life; of the runners, how long the last one took to start.",
    )


def _queues(queues: Sequence[Queue]) -> views.Table:
    rows: list[dict[str, Any]] = [
        {
            "queue": queue.name,
            "waiting": queue.waiting,
            "oldest": None if queue.oldest_seconds is None else queue.oldest_seconds * 1000,
            "running": queue.running,
            "workers": queue.workers,
        }
        for queue in queues
    ]
    return views.Table(
        columns=[
            views.Column(key="queue"),
            views.Column(key="waiting", type="number"),
            views.Column(key="oldest", label="Oldest waits", type="duration_ms"),
            views.Column(key="running", label="At work", type="number"),
            views.Column(key="workers", type="number"),
        ],
        rows=rows,
    )


def _workers(health: PlatformHealth) -> views.Table:
    return views.Table(
        columns=[
            views.Column(key="process"),
            views.Column(key="state", type="state"),
            views.Column(key="queues"),
            views.Column(key="heard", label="Last heard of", type="duration_ms"),
            views.Column(key="done", label="Calls done", type="number"),
            views.Column(key="worker", type="code"),
        ],
        rows=[
            {
                "process": f"{worker.host}, process {worker.pid}",
                "state": views.state(WARNING, "silent")
                if worker.silent
                else views.state(OK, worker.state),
                "queues": ", ".join(worker.queues),
                "heard": None
                if worker.heartbeat_seconds is None
                else worker.heartbeat_seconds * 1000,
                "done": worker.done,
                "worker": worker.name,
            }
            for worker in health.workers or ()
        ],
    )
