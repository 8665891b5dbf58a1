"""A trail of a million events, sealed and signed as the platform does it, and then verified."""

from __future__ import annotations

import time

from tests.bench.report import Report, Series
from tests.bench.stage import Stage

_BOUND, _ROUNDS = 60.0, 3


def whole_chain(stage: Stage, report: Report, count: int) -> None:
    """Write ``count`` chained events and verify all of them; then find one that was changed."""
    from audit import chain
    from audit.verify import verify
    from tests.support import trail

    chain.seal_pending()
    started = time.perf_counter()
    trail.grow(count)
    report.add(Series(f"{count:,} chained events written", "s", [time.perf_counter() - started]))
    passed, worked = Series(f"{count:,} events verified", "s"), Series("", "s")
    worked.name = f"{passed.name}, of which this process worked"
    for _ in range(_ROUNDS):
        started, began = time.perf_counter(), time.process_time()
        found = verify()
        passed.values.append(time.perf_counter() - started)
        worked.values.append(time.process_time() - began)
        assert found.whole, found.findings[:3]
        assert found.rows >= count
    report.add(passed, worked)
    share = count / 1_000_000
    report.goal("seconds to verify 1,000,000 events", passed.median / share, _BOUND, at_most=True,
                unit="s")  # fmt: skip
    place = count // 2
    trail.tamper("UPDATE audit_event SET actor_label = 'nobody' WHERE sequence = %s", [place])
    named = [finding for finding in verify().findings if finding.sequence == place]
    report.goal("changed events that verification names", len(named), 1, at_most=False)
