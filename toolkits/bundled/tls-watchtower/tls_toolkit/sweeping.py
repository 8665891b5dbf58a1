"""The sweep: all hosts, with history, changes told, and what the card and the calendar read."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from pydantic import Field
from toolkit_sdk import Concurrency, Context, ToolkitError, views
from toolkit_sdk.net import NetError

from tls_toolkit import facts
from tls_toolkit.app import NO_HOSTS, PORTS, Certificate, Host, toolkit
from tls_toolkit.files import load, ordered
from tls_toolkit.handshake import Target, shake
from tls_toolkit.judgement import Judgement, Thresholds, of_file, of_host

Watched = Host | Certificate

_DAY = 86_400
_BAD = ("critical", "warning")


@dataclass(frozen=True)
class Result:
    """What the sweep keeps of one host."""

    host_id: str
    label: str
    owner: str
    state: str
    text: str
    codes: list[str]
    ends: float | None = None
    issuer: str = ""
    subject: str = ""
    version: str = ""
    key: str = ""
    fingerprint: str = ""
    address: str = ""
    at: float = 0.0

    @property
    def days_left(self) -> float | None:
        """Days until the certificate ends, from now."""
        return None if self.ends is None else (self.ends - time.time()) / _DAY


@toolkit.operation(
    title="Sweep all hosts",
    timeout=1800,
    idempotent=True,
    concurrency=Concurrency(limit=1, on_conflict="coalesce"),
)
def sweep(
    ctx: Context,
    tag: Annotated[str, Field(max_length=100, description="Only hosts with this tag")] = "",
) -> views.Section:
    """Shake hands with every host, look at every certificate file, keep the history, and tell
    what changed. Schedule it daily."""
    every: list[Watched] = [*ctx.records(Host).list(), *ctx.records(Certificate).list()]
    hosts = [one for one in every if one.enabled and (not tag or tag in one.tags)]
    if not hosts:
        if tag and every:
            raise ToolkitError(f"no enabled host has the tag {tag!r}.", field="tag")
        said = "All that is watched is switched off." if every else NO_HOSTS
        return views.Section(title="Sweep", views=[views.Markdown(text=said)])
    before, found = last(ctx), {}
    # Settings are fetched here: threads share what is there already.
    config = ctx.settings

    def one(host: Watched) -> Result:
        if isinstance(host, Certificate):
            return _read(host, config)
        return _checked(ctx, host, config)

    for host, result in ctx.in_threads(one, hosts, workers=config.workers, label="Shaking hands"):
        level = ctx.log.info if result.state == "ok" else ctx.log.warning
        level("%s: %s: %s", host.label, result.state, result.text)
        found[host.record_id] = result
        _keep(ctx, result, config.keep_days)
        _tell(ctx, before.get(host.record_id), result)
    known = {host.record_id for host in every}
    merged = {key: value for key, value in {**before, **found}.items() if key in known}
    _store(ctx, merged)
    results = [found[host.record_id] for host in hosts]
    return views.Section(title="Sweep", views=[_summary(results), table(results)])


def _checked(ctx: Context, host: Host, config: Any) -> Result:
    target = Target(
        host=host.host,
        port=host.port or PORTS[host.protocol],
        protocol=host.protocol,
        server_name=host.server_name,
        timeout=config.timeout_seconds,
        reach=config.reach,
    )
    base = {"host_id": host.record_id, "label": host.label, "owner": host.owner, "at": time.time()}
    for again in range(config.retries, -1, -1):
        try:
            seen = shake(target)
            if not seen.chain:
                raise NetError("tls", "the server sent no certificate")
            judged = of_host(seen, target.name, _thresholds(host, config), config.trusted)
            return _result(base, judged, version=seen.version, address=seen.address)
        except NetError as error:
            if not again or ctx.cancelled or error.kind in ("denied", "name"):
                return Result(**base, state="critical", text=str(error), codes=[error.kind])
            time.sleep(0.2)
    raise AssertionError("the last try returns")


def _read(one: Certificate, config: Any) -> Result:
    base = {"host_id": one.record_id, "label": one.name, "owner": one.owner, "at": time.time()}
    try:
        certificates = ordered(load(one.pem.encode()))
    except ToolkitError as error:
        return Result(**base, state="critical", text=error.message, codes=["unreadable"])
    judged = of_file(tuple(certificates), one.host, _thresholds(one, config), config.trusted)
    return _result(base, judged, version="file", address="")


def _thresholds(one: Watched, config: Any) -> Thresholds:
    critical = config.critical_days if one.critical_days is None else one.critical_days
    return Thresholds(one.warning_days or config.warning_days, critical)


def _result(base: dict[str, Any], judged: Judgement, *, version: str, address: str) -> Result:
    leaf: facts.Facts = judged.leaf
    bad = [finding for finding in judged.findings if finding.state in _BAD]
    text = "; ".join(finding.text for finding in bad) or f"good, {int(leaf.days_left)} days left"
    return Result(
        **base,
        state=judged.state if judged.state in _BAD else "ok",
        text=text,
        codes=[finding.code for finding in bad],
        ends=leaf.ends.timestamp(),
        issuer=leaf.issuer,
        subject=leaf.subject,
        version=version,
        key=leaf.key,
        fingerprint=leaf.fingerprint,
        address=address,
    )


def _keep(ctx: Context, result: Result, keep_days: int) -> None:
    series = ctx.history(f"host:{result.host_id}")
    left = result.days_left
    series.append(
        {
            "state": result.state,
            "days": None if left is None else round(left, 1),
            "codes": result.codes,
            "fingerprint": result.fingerprint,
        },
        at=result.at,
    )
    series.prune(before=time.time() - keep_days * _DAY)


def _tell(ctx: Context, before: Result | None, now: Result) -> None:
    """Tell what is new: a worse or better state, another problem, another certificate."""
    if before is None:
        if now.state in _BAD:
            state = "critical" if now.state == "critical" else "warning"
            ctx.notify(f"{now.label}: {now.state}", now.text, state=state, key=now.host_id)  # type: ignore[arg-type]
        return
    changed = before.state != now.state or set(before.codes) != set(now.codes)
    if changed and now.state in _BAD:
        ctx.notify(f"{now.label}: {now.state}", now.text, state=now.state, key=now.host_id)  # type: ignore[arg-type]
    elif changed:
        ctx.notify(f"{now.label}: good again", now.text, state="ok", key=now.host_id)
    elif before.fingerprint and now.fingerprint and before.fingerprint != now.fingerprint:
        text = f"now from {now.issuer}, {now.text}"
        ctx.notify(f"{now.label}: new certificate", text, state="info", key=now.host_id)


def _store(ctx: Context, results: dict[str, Result]) -> None:
    ctx.state.set("last", {key: asdict(result) for key, result in results.items()})


def last(ctx: Context) -> dict[str, Result]:
    """What the last sweep found, by the host's id."""
    stored = ctx.state.get("last", {})
    known = set(Result.__dataclass_fields__)
    return {
        key: Result(**{name: value for name, value in data.items() if name in known})
        for key, data in stored.items()
    }


def _summary(results: list[Result]) -> views.KeyValue:
    counts = {
        state: sum(one.state == state for one in results) for state in ("critical", "warning", "ok")
    }
    return views.KeyValue(
        items=[{"label": state, "value": count, "state": state} for state, count in counts.items()]
    )


def table(results: list[Result]) -> views.Table:
    """Results as a table, the most urgent first."""
    rank = {"critical": 0, "warning": 1, "ok": 2}
    ranked = sorted(results, key=lambda one: (rank.get(one.state, 3), one.ends or 0))
    return views.Table(
        columns=[
            views.Column(key="host", type="code"),
            views.Column(key="state", type="state"),
            views.Column(key="days", label="Days left", type="number"),
            views.Column(key="ends", label="Valid until", type="datetime"),
            views.Column(key="text", label="Finding"),
            "issuer",
            "key",
            views.Column(key="version", label="Protocol"),
            "owner",
        ],
        rows=[
            {
                "host": one.label,
                "state": views.state(one.state),  # type: ignore[arg-type]
                "days": None if one.days_left is None else int(one.days_left),
                "ends": one.ends,
                "text": one.text,
                "issuer": one.issuer,
                "key": one.key,
                "version": one.version,
                "owner": one.owner,
            }
            for one in ranked
        ],
        caption=f"{len(results)} hosts",
    )
