"""The scheduled check of all targets: history, changes told, flapping, the card."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import asdict
from typing import Annotated, Any

from pydantic import Field
from toolkit_sdk import Concurrency, Context, ToolkitError, views

from connectivity_toolkit import engine, showing
from connectivity_toolkit.app import NO_TARGETS, Config, Target, toolkit
from connectivity_toolkit.checking import limited, probes_of
from connectivity_toolkit.engine import Options
from connectivity_toolkit.judging import COLOURS, DOWN, UP, Judged, Memory, flaps, judge
from connectivity_toolkit.probe import Outcome, Probe

_DAY = 86_400
_STATE = "targets"


@toolkit.operation(
    title="Check all targets",
    timeout=900,
    idempotent=True,
    concurrency=Concurrency(limit=1, on_conflict="coalesce"),
)
def check_targets(
    ctx: Context,
    tag: Annotated[str, Field(max_length=100, description="Only targets with this tag")] = "",
) -> views.Section:
    """Check every enabled target against what it expects, and tell what changed. Schedule it."""
    every = ctx.records(Target).list()
    targets = [one for one in every if one.enabled and (not tag or tag in one.tags)]
    if not targets and tag and every:
        raise ToolkitError(f"no enabled target has the tag {tag!r}.", field="tag")
    if not targets:
        said = "All targets are switched off." if every else NO_TARGETS
        return views.Section(title="Targets", views=[views.Markdown(text=said)])
    config: Config = ctx.settings
    owners: dict[Probe, list[Target]] = defaultdict(list)
    for target in targets:
        for probe in _probes(ctx, target):
            owners[probe].append(target)
    limited(len(owners))
    options = Options(config.timeout_seconds, config.concurrency, reach=config.reach)
    outcomes = engine.run(ctx, list(owners), options)
    by_target: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        for target in owners[outcome.probe]:
            by_target[target.record_id].append(outcome)
    judged = {one.record_id: judge(one, by_target[one.record_id]) for one in targets}
    _remember(ctx, targets, judged, config)
    if showing.wants_file(outcomes):
        showing.write_csv(ctx, outcomes)
    return views.Section(title="Targets", views=[_summary(judged), _table(ctx, targets, judged)])


def _probes(ctx: Context, target: Target) -> list[Probe]:
    try:
        return probes_of(target)
    except ToolkitError as error:
        # One target that cannot be read must not keep the others from being checked.
        ctx.log.error("%s", error)
        return []


def _remember(
    ctx: Context, targets: list[Target], judged: dict[str, Judged], config: Config
) -> None:
    memory = remembered(ctx)
    now = time.time()
    for target in targets:
        found = judged[target.record_id]
        level = ctx.log.info if found.state == UP else ctx.log.warning
        level("%s is %s: %d of %d as expected", target.name, found.state, found.good, found.total)
        series = ctx.history(f"target:{target.record_id}")
        series.append(found.packed(), at=now)
        series.prune(before=now - config.keep_days * _DAY)
        entry = memory.get(target.record_id)
        if entry is None:
            memory[target.record_id] = Memory(found.state, now)
            if found.state != UP:
                _tell(ctx, target, found, found.state)
            continue
        _changed(ctx, target, found, entry, now, config)
    known = {one.record_id for one in ctx.records(Target).list()}
    kept = {key: asdict(entry) for key, entry in memory.items() if key in known}
    ctx.state.set(_STATE, kept)


def _changed(
    ctx: Context, target: Target, found: Judged, entry: Memory, now: float, config: Config
) -> None:
    changed = entry.take(found.state, now, config.confirm)
    recent = ctx.history(f"target:{target.record_id}").read(since=now - 60 * config.flap_minutes)
    flapping = flaps(recent, now, config)
    if flapping and not entry.flapping:
        text = f"{config.flap_changes} changes or more within {config.flap_minutes} minutes"
        ctx.notify(f"{target.name} is flapping", text, state="warning", key=target.record_id)
    elif entry.flapping and not flapping:
        ctx.notify(
            f"{target.name} is steady again", f"It is {found.state}.",
            state=COLOURS[found.state], key=target.record_id,
        )  # fmt: skip
    elif changed and not flapping:
        _tell(ctx, target, found, found.state)
    entry.flapping = flapping


def _tell(ctx: Context, target: Target, found: Judged, state: str) -> None:
    lines = [f"{found.good} of {found.total} are as expected.", *found.bad[:20]]
    text = "\n".join(lines)
    ctx.notify(f"{target.name} is {state}", text, state=COLOURS[state], key=target.record_id)


def remembered(ctx: Context) -> dict[str, Memory]:
    """What is known of each target, by its id."""
    known = set(Memory.__dataclass_fields__)
    return {
        key: Memory(**{name: value for name, value in entry.items() if name in known})
        for key, entry in ctx.state.get(_STATE, {}).items()
    }


def _summary(judged: dict[str, Judged]) -> views.KeyValue:
    states = [one.state for one in judged.values()]
    return views.KeyValue(
        items=[
            {"label": state, "value": states.count(state), "state": colour}
            for state, colour in COLOURS.items()
        ]
    )


def _table(ctx: Context, targets: list[Target], judged: dict[str, Judged]) -> views.Table:
    memory = remembered(ctx)
    rows = []
    for target in sorted(targets, key=lambda one: (judged[one.record_id].state == UP, one.name)):
        found, entry = judged[target.record_id], memory[target.record_id]
        word = f"{found.state}, flapping" if entry.flapping else found.state
        row: dict[str, Any] = {
            "name": target.name,
            "state": views.state(COLOURS[found.state], word),
            "since": entry.since,
            "good": f"{found.good} of {found.total}",
            "median": found.median_ms,
            "why": "; ".join(found.bad[:3]),
            "owner": target.owner,
        }
        rows.append(row)
    return views.Table(
        columns=[
            views.Column(key="name"),
            views.Column(key="state", type="state"),
            views.Column(key="since", type="datetime"),
            views.Column(key="good", label="As expected", align="end"),
            views.Column(key="median", label="Median", type="duration_ms"),
            views.Column(key="why"),
            views.Column(key="owner"),
        ],
        rows=rows,
    )


_CARD_PROBES = 200
_FRESH_SECONDS = 900


@toolkit.card(title="Reachability", refresh=60)
def reachability(ctx: Context) -> views.Stat:
    """How many of the targets are up: by the last scheduled check, or by a look of its own."""
    targets = [one for one in ctx.records(Target).list() if one.enabled]
    if not targets:
        return views.Stat(
            value="–",
            label="targets",
            state="unknown",
            detail="Add records to Targets to watch them.",
        )
    states = _latest(ctx, targets)
    bad = [one.name for one in targets if states.get(one.record_id) not in (UP, None)]
    unknown = [one.name for one in targets if one.record_id not in states]
    state: views.State = "ok"
    if bad:
        down = any(states.get(one.record_id) == DOWN for one in targets)
        state = "critical" if down else "warning"
    elif unknown:
        state = "unknown"
    detail = f"Not up: {', '.join(bad[:5])}" if bad else "All targets are as expected."
    if not bad and unknown:
        detail = 'Schedule "Check all targets" to know more.'
    up = len(targets) - len(bad) - len(unknown)
    return views.Stat(
        value=f"{up} of {len(targets)}", label="targets up", state=state, detail=detail
    )


def _latest(ctx: Context, targets: list[Target]) -> dict[str, str]:
    """The state of each target: of the last check if that is fresh, else looked at now."""
    now, found = time.time(), {}
    stale = []
    for target in targets:
        last = ctx.history(f"target:{target.record_id}").latest()
        if last is not None and now - last.at < _FRESH_SECONDS:
            found[target.record_id] = last.value["s"]
        else:
            stale.append(target)
    config: Config = ctx.settings
    options = Options(min(2.0, config.timeout_seconds), 64, reach=config.reach)
    budget = _CARD_PROBES
    for target in stale:
        probes = _probes(ctx, target)
        if len(probes) <= budget:
            budget -= len(probes)
            found[target.record_id] = judge(target, engine.run(ctx, probes, options)).state
    return found
