"""The scheduled check."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field
from toolkit_sdk import Concurrency, Context, views

from health_toolkit.app import toolkit
from health_toolkit.judging import OK, UNKNOWN, Standing, judge
from health_toolkit.ledger import Ledger
from health_toolkit.live import shown


@toolkit.operation(
    title="Check the platform",
    timeout=3600,
    idempotent=True,
    queue="high",
    concurrency=Concurrency(limit=1, on_conflict="coalesce"),
)
def check(
    ctx: Context,
    for_seconds: Annotated[
        int, Field(ge=0, le=3500, description="Go on for so long; 0 checks once")
    ] = 0,
    every_seconds: Annotated[
        float, Field(ge=1, le=600, description="Between two checks, when it goes on")
    ] = 15,
) -> views.Section:
    """Check every part of the platform, keep what is found, tell what changed. Schedule it."""
    ledger = Ledger(ctx)
    deadline = time.monotonic() + for_seconds
    while True:
        started = time.monotonic()
        health = ctx.platform.health()
        standings = judge(health, ctx.settings)
        _log(ctx, standings)
        ledger.take(health, standings)
        left = deadline - time.monotonic()
        ledger.store(insist=left <= 0)
        if left <= 0:
            break
        ctx.report(round(for_seconds - left), for_seconds, "Watching")
        ctx.sleep(min(left, max(0.0, started + every_seconds - time.monotonic())))
    ledger.prune()
    return shown(health, standings)


def _log(ctx: Context, standings: Sequence[Standing]) -> None:
    bad = [one for one in standings if one.state not in (OK, UNKNOWN)]
    for one in bad:
        ctx.log.warning("%s: %s", one.component, one.text)
    for one in standings:
        if one.state == UNKNOWN:
            ctx.log.info("%s: %s", one.component, one.text)
    if not bad:
        ctx.log.info("all %d components are well", len(standings))
