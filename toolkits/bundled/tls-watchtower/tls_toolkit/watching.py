"""Look at what the sweeps found: calendar, history, card; and add hosts in bulk."""

from __future__ import annotations

import datetime as dt
import time
from typing import Annotated, Any

from pydantic import Field
from toolkit_sdk import Context, ToolkitError, views

from tls_toolkit import naming
from tls_toolkit.app import NO_HOSTS, NO_SWEEP, PORTS, Certificate, Host, toolkit
from tls_toolkit.judgement import Thresholds, expiry_state
from tls_toolkit.sweeping import last


@toolkit.operation(title="Expiry calendar", interactive=True, timeout=30)
def calendar(
    ctx: Context, weeks: Annotated[int, Field(ge=1, le=104, description="How far ahead")] = 26
) -> views.Section:
    """Show which certificates end when, by what the last sweep found."""
    results = [one for one in last(ctx).values() if one.ends is not None]
    if not results:
        watched = ctx.records(Host).list() or ctx.records(Certificate).list()
        said = views.Markdown(text=NO_SWEEP if watched else NO_HOSTS)
        return views.Section(title="Calendar", views=[said])
    now = dt.datetime.now(dt.UTC)
    limit = now + dt.timedelta(weeks=weeks)
    config = ctx.settings
    thresholds = Thresholds(config.warning_days, config.critical_days)
    events, counts = [], [0] * weeks
    for one in sorted(results, key=lambda result: result.ends or 0):
        ends = dt.datetime.fromtimestamp(one.ends or 0, dt.UTC)
        if ends > limit:
            continue
        state = expiry_state((ends - now).total_seconds() / 86_400, thresholds)
        events.append({"start": ends, "label": one.label, "state": state, "detail": one.issuer})
        if ends >= now:
            counts[min(weeks - 1, (ends - now).days // 7)] += 1
    monday = now - dt.timedelta(days=now.weekday())
    bars = [
        {"label": f"{monday + dt.timedelta(weeks=number):%d %b}", "value": count}
        for number, count in enumerate(counts)
    ]
    shown: list[views.View] = [views.Bar(title="Certificates that end, by week", bars=bars)]
    if events:
        shown.append(views.Timeline(events=events))
    else:
        shown.append(views.Text(text=f"No certificate ends within {weeks} weeks."))
    return views.Section(title="Calendar", views=shown)


@toolkit.operation(title="History of a host", interactive=True, timeout=30)
def history(
    ctx: Context, host: Host, days: Annotated[int, Field(ge=1, le=3650)] = 90
) -> views.Section:
    """Show days left over time, and when certificate or state changed."""
    samples = ctx.history(f"host:{host.record_id}").read(since=time.time() - days * 86_400)
    if not samples:
        return views.Section(title=host.label, views=[views.Markdown(text=NO_SWEEP)])
    points = [(sample.at, sample.value["days"]) for sample in samples]
    events, before = [], None
    for sample in samples:
        value = sample.value
        now = (value["state"], value["fingerprint"])
        if now != before:
            events.append(_change(before, sample.at, value))
        before = now
    chart = views.TimeSeries(
        title="Days left", unit="days", series=[{"label": host.label, "points": points}]
    )
    return views.Section(title=host.label, views=[chart, views.Timeline(events=events)])


def _change(before: tuple[str, str] | None, at: float, value: dict[str, Any]) -> dict[str, Any]:
    if before is not None and before[1] != value["fingerprint"] and value["fingerprint"]:
        label = "new certificate"
    else:
        label = value["state"]
    return {
        "start": dt.datetime.fromtimestamp(at, dt.UTC),
        "label": label,
        "state": value["state"],
        "detail": ", ".join(code.replace("_", " ") for code in value["codes"]),
    }


@toolkit.operation(title="Add hosts", effect="change", dry_run=True, timeout=120)
def add_hosts(
    ctx: Context,
    hosts: Annotated[
        list[str],
        Field(
            min_length=1,
            max_length=2000,
            description="One a line: example.com, example.com:8443, smtp://mail.example.com",
        ),
    ],
    tags: Annotated[list[str], Field(max_length=20)] = [],
    owner: Annotated[str, Field(max_length=100)] = "",
) -> views.Table:
    """Add many hosts at once; those that are there already are left alone."""
    records = ctx.records(Host)
    known = {_identity(host) for host in records.list()}
    rows = []
    for _, line in ctx.progress([line.strip() for line in hosts if line.strip()], label="Adding"):
        host = _host(line, tags, owner)
        if _identity(host) in known:
            rows.append({"host": host.label, "state": views.state("info", "there already")})
            continue
        known.add(_identity(host))
        if not ctx.dry_run:
            records.create(host)
        word = "would be added" if ctx.dry_run else "added"
        ctx.log.info("%s %s", host.label, word)
        rows.append({"host": host.label, "state": views.state("ok", word)})
    return views.Table(
        columns=[views.Column(key="host", type="code"), views.Column(key="state", type="state")],
        rows=rows,
    )


def _identity(host: Host) -> tuple[str, int, str]:
    return host.host.lower(), host.port or PORTS[host.protocol], host.server_name.lower()


def _host(line: str, tags: list[str], owner: str) -> Host:
    try:
        named = naming.read(line)
    except ValueError as error:
        raise ToolkitError(f"{error}.", field="hosts") from None
    protocol = named.protocol or "tls"
    return Host(host=named.host, port=named.port, protocol=protocol, tags=tags, owner=owner)


@toolkit.card(title="Certificates", refresh=300)
def certificates(ctx: Context) -> views.Stat:
    """How many hosts need attention, by what the last sweep found."""
    results = list(last(ctx).values())
    if not results:
        return views.Stat(
            value="–", label="certificates", state="unknown",
            detail="Add hosts and schedule the sweep.",
        )  # fmt: skip
    bad = [one for one in results if one.state != "ok"]
    ending = sorted(one.days_left for one in results if one.days_left is not None)
    critical = any(one.state == "critical" for one in bad)
    detail = f"{bad[0].label}: {bad[0].text}" if bad else ""
    if not bad and ending:
        detail = f"The next one ends in {int(ending[0])} days."
    return views.Stat(
        value=f"{len(results) - len(bad)} of {len(results)}",
        label="hosts in order",
        state="critical" if critical else "warning" if bad else "ok",
        detail=detail[:200],
    )
