"""What auditing costs: acts with no event, with a plain one, and with one in the chain.

``run()`` measures on SQLite and, where a server can be had, on PostgreSQL, each in a process and
a database of its own. ``python -m tests.bench.bench_audit`` prints the figures.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Event as Flag
from multiprocessing import Process, get_context
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ACTS, WRITERS, ROUNDS = 400, 4, 5
TO_SEAL, ROWS = 2000, 50_000


def run(rounds: int = ROUNDS) -> dict[str, Any]:
    """Return figures by database: acts a second in each way and round, and rows sealed a second."""
    from tests.support import postgres

    with tempfile.TemporaryDirectory(prefix="toolbox-bench-") as folder:
        figures = {"sqlite": _measured_apart(f"sqlite:///{folder}/bench.sqlite3", rounds)}
    if postgres.binaries() is not None:
        with postgres.cluster() as url:
            figures["postgresql"] = _measured_apart(url, rounds)
    return figures


def _measured_apart(url: str, rounds: int) -> dict[str, Any]:
    environment = {
        **os.environ,
        "APP_ENV": "test",
        "DATABASE_URL": url,
        "AUTH_JWT_SECRET": os.environ.get("AUTH_JWT_SECRET") or os.urandom(32).hex(),
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.bench_audit", "--measure", str(rounds)],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _setup() -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "toolbox.settings"
    django.setup()


def _act(_: str) -> None:
    """Nothing but the act."""


def _plain(reason: str) -> None:
    """An event as a row alone: no proof, and nobody seals it."""
    from audit.models import Event

    Event.objects.create(
        name="job.ended", severity="info", actor_type="system",
        details={"state": "succeeded", "reason": reason},
    )  # fmt: skip


def _chained(reason: str) -> None:
    """An event as the platform writes it, while another process seals."""
    from toolbox.events import emit

    emit("job.ended", state="succeeded", reason=reason)


WAYS: dict[str, Callable[[str], None]] = {
    "no event": _act, "plain event": _plain, "chained event": _chained,
}  # fmt: skip


def _write(way: str, writer: int, acts: int) -> None:
    from django.db import connection, transaction

    audit = WAYS[way]
    for number in range(acts):
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("UPDATE bench_act SET n = n + 1 WHERE id = %s", [writer])
            audit(f"act {number}")


def _seal(stop: Any) -> None:
    _setup()
    from audit import chain

    while not stop.wait(0.2):
        chain.seal_pending()


def _rate(pool: ProcessPoolExecutor, way: str, writers: int) -> float:
    started = time.perf_counter()
    for future in [pool.submit(_write, way, writer, ACTS) for writer in range(writers)]:
        future.result()
    return writers * ACTS / (time.perf_counter() - started)


def _acts(rounds: int) -> dict[str, dict[str, list[float]]]:
    """Acts a second by number of writers; the ways take turns, so that noise meets them alike."""
    found: dict[str, dict[str, list[float]]] = {}
    context = get_context("spawn")
    with ProcessPoolExecutor(WRITERS, mp_context=context, initializer=_setup) as pool:
        _rate(pool, "no event", WRITERS)
        for writers in (1, WRITERS):
            rates: dict[str, list[float]] = {way: [] for way in WAYS}
            for _ in range(rounds):
                for way in WAYS:
                    stop = Flag()
                    sealer = Process(target=_seal, args=(stop,))
                    if way == "chained event":
                        sealer.start()
                    rates[way].append(_rate(pool, way, writers))
                    stop.set()
                    if sealer.pid:
                        sealer.join()
            label = "1 writer" if writers == 1 else f"{writers} writers"
            found[label] = rates
    return found


def _chain_rates() -> dict[str, float]:
    from audit import chain
    from audit.verify import verify
    from tests.support import trail

    chain.seal_pending()
    for number in range(TO_SEAL):
        _chained(f"act {number}")
    started = time.perf_counter()
    sealed = chain.seal_pending()
    sealing = time.perf_counter() - started
    trail.grow(ROWS)
    started, worked = time.perf_counter(), time.process_time()
    report = verify()
    verifying, working = time.perf_counter() - started, time.process_time() - worked
    return {
        "events sealed a second": round(sealed / sealing),
        "events verified a second": round(report.rows / verifying),
        "seconds to verify 1,000,000": round(1_000_000 * verifying / report.rows, 1),
        "of which this process worked": round(1_000_000 * working / report.rows, 1),
    }


def _measure(rounds: int) -> dict[str, Any]:
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_act (id integer PRIMARY KEY, n integer NOT NULL)")
        for writer in range(WRITERS):
            cursor.execute("INSERT INTO bench_act VALUES (%s, 0)", [writer])
    return {"acts a second": _acts(rounds), **_chain_rates()}


if __name__ == "__main__":
    if "--measure" in sys.argv:
        _setup()
        print(json.dumps(_measure(int(sys.argv[-1]))))
    else:
        print(json.dumps(run(), indent=2))
