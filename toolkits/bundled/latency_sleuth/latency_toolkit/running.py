"""Scheduled probing: what is due, its history, what is told, the figures of each hour."""

from __future__ import annotations

import time
from typing import Annotated, Any

from pydantic import Field
from toolkit_sdk import Concurrency, Context, ToolkitError, views

from latency_toolkit import figures
from latency_toolkit.app import Config, Template, toolkit
from latency_toolkit.figures import HOUR
from latency_toolkit.probing import Sample, probe, unpacked

_DAY = 86_400
_CATCH_UP_HOURS = 48


@toolkit.operation(
    title="Probe what is due",
    timeout=3600,
    idempotent=True,
    concurrency=Concurrency(limit=1, on_conflict="coalesce"),
)
def run_due(
    ctx: Context,
    for_seconds: Annotated[
        int, Field(ge=0, le=3500, description="Go on for so long, each at its own interval")
    ] = 0,
    everything: Annotated[bool, Field(description="Also what is not due yet, once")] = False,
    tag: Annotated[str, Field(max_length=100, description="Only templates with this tag")] = "",
) -> views.Table:
    """Take a sample of every enabled template whose interval has passed. Schedule it."""
    every = ctx.records(Template).list()
    templates = [one for one in every if one.enabled and (not tag or tag in one.tags)]
    if not templates and tag and every:
        raise ToolkitError(f"no enabled probe template has the tag {tag!r}.", field="tag")
    if not templates:
        return _table([], {})
    config: Config = ctx.settings
    memory = _Memory(ctx, templates)
    deadline = time.monotonic() + for_seconds
    taken: dict[str, Sample] = {}
    while True:
        due = templates if everything else memory.due(time.time())
        everything = False
        for template, sample in _sampled(ctx, due, config):
            taken[template.record_id] = sample
            memory.take(template, sample)
        memory.store()
        left = deadline - time.monotonic()
        if left <= 0:
            break
        ctx.sleep(min(left, memory.until_next(time.time())))
    _tidy(ctx, templates, config)
    return _table(templates, taken)


def _sampled(ctx: Context, due: list[Template], config: Config) -> list[tuple[Template, Sample]]:
    def one(template: Template) -> Sample:
        return probe(template, config)

    found = []
    for template, sample in ctx.in_threads(one, due, workers=config.workers, label="Probing"):
        level = ctx.log.warning if sample.breach else ctx.log.info
        level("%s: %.1f ms, %s", template.name, sample.total, sample.error or sample.status)
        ctx.history(f"samples:{template.record_id}").append(sample.packed(), at=sample.at)
        found.append((template, sample))
    return found


class _Memory:
    """When each template was probed, how many breaches in a row, and whether that was told."""

    def __init__(self, ctx: Context, templates: list[Template]) -> None:
        self.ctx, self.templates = ctx, templates
        self.entries: dict[str, dict[str, Any]] = ctx.state.get("probes", {})

    def _entry(self, template: Template) -> dict[str, Any]:
        return self.entries.setdefault(template.record_id, {"at": 0.0, "streak": 0, "told": False})

    def due(self, now: float) -> list[Template]:
        """The templates whose interval has passed, by the schedule's own grain of a second."""
        return [
            one
            for one in self.templates
            if now - self._entry(one)["at"] >= one.interval_seconds - 1
        ]

    def until_next(self, now: float) -> float:
        """Seconds until the next one is due."""
        waits = [self._entry(one)["at"] + one.interval_seconds - now for one in self.templates]
        return max(0.2, min(waits))

    def take(self, template: Template, sample: Sample) -> None:
        """Remember a sample and tell what the template says is to be told."""
        entry = self._entry(template)
        entry["at"] = sample.at
        entry["streak"] = entry["streak"] + 1 if sample.breach else 0
        if template.notify == "always":
            self._tell(template, sample, "breach" if sample.breach else "ok")
        elif sample.breach and entry["streak"] >= template.after and not entry["told"]:
            entry["told"] = True
            if "breach" in template.notify:
                self._tell(template, sample, "breach")
        elif not sample.breach and entry["told"]:
            entry["told"] = False
            if "recovery" in template.notify:
                self._tell(template, sample, "recovery")

    def _tell(self, template: Template, sample: Sample, what: str) -> None:
        took = f"{sample.total:.0f} ms, promised are {template.sla_ms:g} ms"
        text = f"{sample.error}; {took}" if sample.error else took
        title = {
            "breach": f"{template.name} breaks its SLA",
            "recovery": f"{template.name} keeps its SLA again",
            "ok": f"{template.name} keeps its SLA",
        }[what]
        state = "critical" if what == "breach" else "ok"
        self.ctx.notify(title, text, state=state, key=template.record_id)  # type: ignore[arg-type]

    def store(self) -> None:
        """Keep it for the next run; templates that are gone are forgotten."""
        known = {one.record_id for one in self.ctx.records(Template).list()}
        kept = {key: value for key, value in self.entries.items() if key in known}
        self.ctx.state.set("probes", kept)


def _tidy(ctx: Context, templates: list[Template], config: Config) -> None:
    """Reckon the hours that are over, and prune what is older than the settings say."""
    now = time.time()
    rolled: dict[str, float] = ctx.state.get("rolled", {})
    this_hour = now - now % HOUR
    for template in templates:
        key = template.record_id
        samples, hours = ctx.history(f"samples:{key}"), ctx.history(f"hours:{key}")
        start = max(rolled.get(key, 0.0), this_hour - _CATCH_UP_HOURS * HOUR)
        if start < this_hour:
            _roll(samples, hours, start, this_hour)
            samples.prune(before=now - config.keep_samples_days * _DAY)
            hours.prune(before=now - config.keep_hours_days * _DAY)
        rolled[key] = this_hour
    known = {one.record_id for one in ctx.records(Template).list()}
    ctx.state.set("rolled", {key: at for key, at in rolled.items() if key in known})


def _roll(samples: Any, hours: Any, start: float, end: float) -> None:
    by_hour: dict[float, list[Sample]] = {}
    for sample in samples.read(since=start, until=end, limit=50_000):
        by_hour.setdefault(sample.at - sample.at % HOUR, []).append(
            unpacked(sample.at, sample.value)
        )
    for hour, found in sorted(by_hour.items()):
        hours.append(figures.hourly(figures.of(found)), at=hour)


def _table(templates: list[Template], taken: dict[str, Sample]) -> views.Table:
    rows = []
    for template in templates:
        sample = taken.get(template.record_id)
        row: dict[str, Any] = {"name": template.name, "sla": template.sla_ms}
        if sample is None:
            row["state"] = views.state("unknown", "not due")
        else:
            word = "breach" if sample.breach else "good"
            row["state"] = views.state("critical" if sample.breach else "ok", word)
            row |= {"took": sample.total, "status": sample.status, "error": sample.error}
        rows.append(row)
    return views.Table(
        columns=[
            "name",
            views.Column(key="state", type="state"),
            views.Column(key="took", type="duration_ms"),
            views.Column(key="sla", label="SLA", type="duration_ms"),
            views.Column(key="status", type="number"),
            "error",
        ],
        rows=rows,
        caption=f"{len(taken)} of {len(templates)} probed"
        if templates
        else 'There are no probe templates that are enabled. Add some to "Probe templates".',
    )
