"""What the checks of health say of a database that works, and of one that may forget."""

from __future__ import annotations

import pytest
from django.db import connection

from toolbox.health.checks import run_checks


@pytest.mark.django_db
def test_a_database_that_answers_is_named():
    (found,) = run_checks(["database"])

    assert found.ok
    assert found.detail.startswith(connection.vendor)


@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="a setting of PostgreSQL")
def test_a_postgresql_that_may_lose_commits_is_said_to():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")

    (found,) = run_checks(["database"])

    assert found.ok
    assert "synchronous_commit off" in found.detail
    assert "run a job twice" in found.detail
