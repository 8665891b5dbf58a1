"""``make bench``: what the platform promises about its speed, measured side by side in one run.

``python tests/bench/bench.py [--quick] [--only NAME …] [--database postgresql|sqlite]``
Prints a table and writes ``bench.json``; exits 1 when a goal is not met.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent.parent)

from tests.bench import audit_verify, claims, logs, noop, sign_in  # noqa: E402
from tests.bench.report import Report  # noqa: E402
from tests.bench.stage import Stage, stage  # noqa: E402
from tests.support import postgres  # noqa: E402

#: Each measurement: a function of the stage, the report and a size; the size, and the quick one.
MEASUREMENTS: dict[str, tuple[Callable[[Stage, Report, int], None], int, int]] = {
    "latency": (noop.latency, 100, 30),
    "throughput": (noop.throughput, 1000, 300),
    "logs": (logs.throughput, 1_000_000, 100_000),
    "sign_in": (sign_in.besides_the_hash, 40, 10),
    "audit_verify": (audit_verify.whole_chain, 1_000_000, 20_000),
    "queue": (claims.exactly_once, 10_000, 500),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller sizes, for a first look")
    parser.add_argument("--only", nargs="*", choices=MEASUREMENTS, default=list(MEASUREMENTS))
    default = "postgresql" if postgres.binaries() else "sqlite"
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default=default)
    parser.add_argument("--json", type=Path, default=Path("bench.json"))
    options = parser.parse_args()
    report = Report()
    with stage(options.database) as made:
        for name in options.only:
            print(f"measuring {name} on {options.database}", flush=True)
            measure, size, quick = MEASUREMENTS[name]
            measure(made, report, quick if options.quick else size)
    print(report.table())
    report.write(options.json)
    return 0 if all(goal.met for goal in report.goals) else 1


if __name__ == "__main__":
    sys.exit(main())
