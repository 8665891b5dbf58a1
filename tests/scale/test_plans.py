"""No page, no call of the API and no step of the engine looks at a whole large table."""

from __future__ import annotations

import pytest
from django.db import connection  # noqa: F401  (a marker names it)

from tests.scale.questions import World, scans

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.postgres,
    pytest.mark.skipif("connection.vendor != 'postgresql'"),
]


def test_nothing_scans_large_tables(valkey: object, storage: object) -> None:
    found = scans(World(jobs=50_000, events=50_000))
    assert not found, "\n\n".join(found)
