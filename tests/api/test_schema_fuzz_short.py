"""Every operation of the API, asked a few times by its own document, and some sequences of them.

What test_schema_fuzz.py does for each role and for long, for one role and in seconds.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.db import connection  # noqa: F401  (a marker names it)

from tests.api.fuzzing import fuzz

pytestmark = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="runs once, on SQLite")


@pytest.mark.timeout(300)
def test_every_operation_keeps_to_its_document(
    platform: Any, install: Any, tmp_path: Path
) -> None:
    report = fuzz(
        "everything", platform, install, tmp_path,
        ["--phases", "examples,fuzzing", "--max-examples", "1"],
        ["--phases", "stateful", "--max-time", "4"],
    )  # fmt: skip
    selected, total = re.findall(r"Operations: +(\d+) selected / (\d+) total", report)[0]
    assert selected == total
    assert f"{selected} passed" in report
    assert re.search(r"API Links: +[1-9]\d* covered", report)
