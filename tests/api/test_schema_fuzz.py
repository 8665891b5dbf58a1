"""The whole API, fuzzed by its own OpenAPI document, as everybody who may ask it.

No answer is a 500, none has a status or a body that the document does not declare, and what the
document calls wrong is refused. A real web process and a real worker answer.
``API_FUZZ_SECONDS`` sets the time for each role; half as much again goes to sequences of requests
that build on each other's answers. A short run is in test_schema_fuzz_short.py.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.api.fuzzing import ROLES, fuzz

SECONDS = int(os.environ.get("API_FUZZ_SECONDS", "40"))


@pytest.mark.timeout(SECONDS * 2 + 240)
@pytest.mark.parametrize("role", list(ROLES))
def test_the_api_keeps_to_its_document(
    role: str, platform: Any, install: Any, tmp_path: Path
) -> None:
    fuzz(
        role, platform, install, tmp_path,
        ["--phases", "examples,coverage,fuzzing", "--max-time", str(SECONDS)],
        ["--phases", "stateful", "--max-time", str(SECONDS // 2)],
    )  # fmt: skip
