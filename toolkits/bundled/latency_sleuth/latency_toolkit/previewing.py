"""Take some samples now, without keeping them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from toolkit_sdk import Context, Secret, views
from toolkit_sdk.net import Url

from latency_toolkit import figures
from latency_toolkit.app import Config, Expected, Method, Template, toolkit
from latency_toolkit.probing import NAMES, PHASES, Sample, probe

Count = Annotated[int, Field(ge=1, le=100, description="How many samples")]
Pause = Annotated[float, Field(ge=0, le=10, description="Seconds between two samples")]


@toolkit.operation(title="Preview a template", interactive=True, timeout=600)
def preview(
    ctx: Context, template: Template, samples: Count = 5, pause_seconds: Pause = 0.2
) -> views.Section:
    """Take some samples of a template, phase by phase. They are not kept."""
    return _preview(ctx, template, samples, pause_seconds)


@toolkit.operation(title="Try a URL", interactive=True, timeout=600)
def try_url(
    ctx: Context,
    url: Annotated[Url, Field(max_length=2000)],
    method: Method = "GET",
    samples: Count = 5,
    pause_seconds: Pause = 0.2,
    sla_ms: Annotated[float, Field(gt=0, le=300_000)] = 500,
    expected_status: Expected = "2xx",
    expected_content: Annotated[str, Field(max_length=500)] = "",
    token: Annotated[Secret | None, Field(description="Sent as a bearer token")] = None,
    timeout_seconds: Annotated[float, Field(ge=0.1, le=120)] = 10,
    verify_tls: bool = True,
) -> views.Section:
    """Take some samples of any URL, phase by phase, before making a template of it."""
    template = Template(
        name=url[:100], url=url, method=method, sla_ms=sla_ms, expected_status=expected_status,
        expected_content=expected_content, token=token, timeout_seconds=timeout_seconds,
        verify_tls=verify_tls,
    )  # fmt: skip
    return _preview(ctx, template, samples, pause_seconds)


def _preview(ctx: Context, template: Template, count: int, pause: float) -> views.Section:
    config: Config = ctx.settings
    found: list[Sample] = []
    for done, _ in ctx.progress(range(count), label="Sampling"):
        if done:
            ctx.sleep(pause)
        sample = ctx.interruptible(probe, template, config)
        level = ctx.log.warning if sample.breach else ctx.log.info
        level("%.1f ms, %s", sample.total, sample.error or sample.status)
        found.append(sample)
    made = figures.of(found)
    bars = [
        {"label": NAMES[name], "value": round(value, 2)}
        for name in PHASES
        if (value := made.phases[name]) is not None
    ]
    shown: list[views.View] = [summary(made, template)]
    if bars:
        shown.append(views.Bar(title="Median of each phase", unit="ms", bars=bars))
    return views.Section(title=template.name, views=[*shown, _samples(found)])


def summary(made: figures.Figures, template: Template) -> views.KeyValue:
    """The figures in words and colours."""
    kept = made.count - made.breaches
    state = "ok" if kept == made.count else "critical" if not kept else "warning"
    items = [
        {"label": "within the SLA", "value": f"{kept} of {made.count}", "state": state},
        {"label": "SLA", "value": f"{template.sla_ms:g} ms"},
    ]
    for name, value in (("p50", made.p50), ("p95", made.p95), ("p99", made.p99)):
        if value is not None:
            late = value > template.sla_ms
            items.append(
                {"label": name, "value": f"{value:.1f} ms", "state": "warning" if late else "ok"}
            )
    if made.errors:
        items.append({"label": "errors", "value": made.errors, "state": "critical"})
    return views.KeyValue(items=items)


def _samples(found: list[Sample]) -> views.Table:
    columns = [
        views.Column(key="number", label="#", type="number"),
        views.Column(key="state", type="state"),
        views.Column(key="total", label="In all", type="duration_ms"),
    ]
    columns += [views.Column(key=name, label=NAMES[name], type="duration_ms") for name in PHASES]
    columns += [
        views.Column(key="status", type="number"),
        views.Column(key="address", type="code"),
        views.Column(key="error"),
    ]
    return views.Table(
        title="Samples",
        columns=columns,
        rows=[
            {
                "number": number,
                "state": views.state(
                    "critical" if one.breach else "ok", "breach" if one.breach else "good"
                ),
                "total": one.total,
                **one.phases,
                "status": one.status,
                "address": one.address,
                "error": one.error,
            }
            for number, one in enumerate(found, 1)
        ],
    )
