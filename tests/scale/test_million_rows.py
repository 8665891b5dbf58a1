"""The same questions to 1,000,000 jobs, 10,000,000 lines of log and 1,000,000 events."""

from __future__ import annotations

import pytest
from django.db import connection  # noqa: F401  (a marker names it)

from tests.scale.questions import World, scans

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.postgres,
    pytest.mark.timeout(1800),
    pytest.mark.skipif("connection.vendor != 'postgresql'"),
]


def test_nothing_scans_very_large_tables(valkey: object, storage: object) -> None:
    world = World(jobs=1_000_000, events=1_000_000)
    assert world.lines >= 10_000_000
    found = scans(world)
    assert not found, "\n\n".join(found)
