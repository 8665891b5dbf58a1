"""The engine's two busiest questions as functions of PostgreSQL, which keeps their plans.

On a table with so many indexes to choose from, a plan costs more than what it does. SQLite needs
none of this. Made anew after each migration, since they name the columns of tables.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

#: The whole claim of a job that needs no closer look. Where the first in the queue needs one,
#: nothing is claimed, and ``claims.py`` takes the longer way.
_CLAIM = """
CREATE OR REPLACE FUNCTION toolkits_claim_next(
    of_queue text, by_worker text, at_time timestamptz, lease_end timestamptz
) RETURNS SETOF toolkits_job LANGUAGE plpgsql AS $$
DECLARE
    head record;
    claimed toolkits_job;
BEGIN
    SELECT id, guarded INTO head FROM toolkits_job
    WHERE queue = of_queue AND state = 'queued' AND waits_for = ''
    ORDER BY turn, id LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF NOT FOUND OR head.guarded THEN
        RETURN;
    END IF;
    UPDATE toolkits_job SET
        state = 'running', attempt = attempt + 1, started_at = at_time, worker = by_worker,
        lease_expires_at = lease_end, progress_done = NULL, progress_total = NULL,
        progress_label = ''
    WHERE id = head.id RETURNING * INTO claimed;
    INSERT INTO toolkits_jobattempt (
        job_id, number, worker, version_label, started_at, first_line,
        sdk, outcome, reason, exit_reason, asked_why, cleanup, surroundings
    ) VALUES (
        claimed.id, claimed.attempt, by_worker, claimed.version_label, at_time,
        claimed.log_lines + 1, '', '', '', '', '', '', '{}'
    );
    RETURN NEXT claimed;
END $$
"""

#: See ``turns.py``.
_TURN = """
CREATE OR REPLACE FUNCTION toolkits_next_turn(of_queue text, of_toolkit text)
RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    reached bigint;
    own_last bigint;
BEGIN
    SELECT turn INTO reached FROM toolkits_job
    WHERE state = 'queued' AND waits_for = '' AND queue = of_queue ORDER BY turn LIMIT 1;
    SELECT turn INTO own_last FROM toolkits_job
    WHERE state = 'queued' AND queue = of_queue AND toolkit_slug = of_toolkit
    ORDER BY turn DESC LIMIT 1;
    RETURN greatest(coalesce(reached, 0), coalesce(own_last + 1, 0));
END $$
"""


def install(connection: BaseDatabaseWrapper) -> None:
    """Make the functions where the tables are there."""
    if connection.vendor != "postgresql":
        return
    if not {"toolkits_job", "toolkits_jobattempt"} <= set(connection.introspection.table_names()):
        return
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM)
        cursor.execute(_TURN)
