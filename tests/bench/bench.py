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

from tests.bench import audit_verify, claims, growth, logs, noop, sign_in, web  # noqa: E402
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
    "api_list": (web.api_list, 200, 30),
    "pages": (web.pages, 60, 10),
    "install": (web.install, 10, 3),
    "processes": (web.processes, 5, 2),
    "audit": (web.audit, 5, 1),
    # These fill the database, so they come last.
    "growth": (growth.growth, 40, 10),
    "a_million": (growth.a_million, 1_000_000, 20_000),
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
