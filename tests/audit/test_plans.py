"""PostgreSQL answers every question about a large trail from an index."""

from __future__ import annotations

import json
import uuid
from importlib import import_module

import pytest
from django.db import connection

from audit import fulltext
from audit.filters import Filters
from audit.models import Event
from tests.support import trail

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.postgres,
    pytest.mark.skipif("connection.vendor != 'postgresql'"),
]


@pytest.fixture(autouse=True)
def large(db: None) -> None:
    trail.grow(20_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE audit_event")


def scans(found: object) -> set[str]:
    """Names of the ways in which rows are found."""
    plan = json.loads(found.explain(format="json"))  # type: ignore[attr-defined]
    nodes, seen = [plan[0]["Plan"]], set()
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        seen.add(node["Node Type"])
    return seen


QUESTIONS: list[dict[str, str]] = [
    {},
    {"event": "toolkit.enabled"},
    {"event": "auth.sign_in_failed", "outcome": "failure"},
    {"severity": "warning+"},
    {"actor": str(uuid.UUID(int=7))},
    {"target": str(uuid.UUID(int=7)), "target_type": "toolkits.job"},
    {"address": "192.0.2.7"},
    {"job": str(uuid.UUID(int=7))},
    {"since": "2020-01-01"},
    {"q": "w777"},
    {"q": "192.0.2.77 user7"},
]


def test_no_question_scans_the_table() -> None:
    events = Event.objects.order_by("-id")
    asked = {str(given): Filters.read(given).apply(events)[:51] for given in QUESTIONS}
    asked["unsealed"] = Event.objects.filter(sequence=None).order_by("id")[:2000]
    asked["walk"] = Event.objects.filter(sequence__gt=10_000).order_by("sequence")[:5000]
    asked["last"] = Event.objects.filter(sequence__isnull=False).order_by("-sequence")[:1]
    assert [name for name, found in asked.items() if "Seq Scan" in scans(found)] == []

    migration = import_module("audit.migrations.0006_text_index")
    assert migration.VECTOR == fulltext.POSTGRESQL_VECTOR
    found = Filters.read({"q": "w777"}).apply(Event.objects.all())
    assert "Bitmap Index Scan" in scans(found)
    assert found.count() == 11
