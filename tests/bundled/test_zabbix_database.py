"""The database scripts of the Zabbix toolkit on a real PostgreSQL: with Zabbix's own schema where
Debian's package is installed, with the tables concerned otherwise; the tests' ids say which."""

import itertools
import json
import threading
import time

import psycopg
import pytest
from toolkit_sdk import Cancelled, Secret, ToolkitError
from toolkit_sdk.testing import fake_context

from tests.bundled.zabbix_servers import parts
from tests.support import listeners, postgres, zabbix, zabbix_schema
from tests.support.waiting import until
from toolkits.jobs import approvals
from toolkits.jobs.states import JobState
from toolkits.records import create
from toolkits.runtime.execute import run_job
from zabbix_toolkit import toolkit
from zabbix_toolkit.database import Database

_OWN = zabbix.SCHEMA.is_file() and zabbix.DATA.is_file()
_NAME = "schema-of-zabbix-6.0" if _OWN else "schema-of-the-tables-concerned"
_ids = itertools.count(50_000, 1000)


@pytest.fixture(scope="session", params=[_NAME])
def url(request):
    """A database of a Zabbix."""
    if postgres.binaries() is None:
        pytest.skip("PostgreSQL's server is not installed here: no database script was tested")
    with postgres.cluster() as made:
        if _OWN:
            zabbix.load(made)
        else:
            with psycopg.connect(made, autocommit=True) as connection:
                connection.execute(zabbix_schema.SCRIPT)
        yield made


@pytest.fixture
def sql(url):
    with psycopg.connect(url, autocommit=True) as connection:

        def run(statement, *values):
            done = connection.execute(statement, values or None)
            return done.fetchall() if done.description else []

        yield run


def database_of(ctx, url, **fields):
    port = int(url.rpartition(":")[2].partition("/")[0])
    values = {"name": "prod", "host": "127.0.0.1", "port": port, "database": "postgres",
              "user": "toolbox", "password": Secret("from-vault"), "tls": "disable"}  # fmt: skip
    return ctx.add(Database(**{**values, **fields}))


@pytest.fixture
def filled(sql):
    """One item and trigger with values and events, and the same of ones that are gone."""
    base = next(_ids)
    there, gone = base + 1, base + 2
    sql("INSERT INTO hosts (hostid, host, name) VALUES (%s, %s, %s)", base, f"h{base}", f"h{base}")
    if _OWN:
        sql("INSERT INTO items (itemid, hostid, name, key_, type, delay) VALUES (%s, %s, 'x', 'x',"
            " 2, '0')", there, base)  # fmt: skip
    else:
        sql("INSERT INTO items (itemid, hostid, name, key_) VALUES (%s, %s, 'x', 'x')", there, base)
    sql("INSERT INTO triggers (triggerid, description) VALUES (%s, 'x')", there)
    for number in (there, gone):
        for table in ("history", "history_uint", "history_str"):
            sql(f"INSERT INTO {table} (itemid, clock, value)"
                " SELECT %s, n, 1 FROM generate_series(1, 250) n", number)  # fmt: skip
        sql("INSERT INTO trends (itemid, clock) VALUES (%s, 3600)", number)
        sql("INSERT INTO events (eventid, source, object, objectid) VALUES (%s, 0, 0, %s)",
            number, number)  # fmt: skip
        sql("INSERT INTO problem (eventid, source, object, objectid) VALUES (%s, 0, 0, %s)",
            number, number)  # fmt: skip
        sql("INSERT INTO events (eventid, source, object, objectid) VALUES (%s, 3, 4, %s)",
            number + 10, number)  # fmt: skip
    yield there, gone
    sql("DELETE FROM events WHERE objectid IN (%s, %s)", there, gone)
    for table in ("history", "history_uint", "history_str", "trends"):
        sql(f"DELETE FROM {table} WHERE itemid IN (%s, %s)", there, gone)


def held(sql, number):
    """How many rows each table has of an item or trigger."""
    counts = {
        table: sql(f"SELECT count(*) FROM {table} WHERE itemid = %s", number)[0][0]
        for table in ("history", "history_uint", "history_str", "trends")
    }
    for table in ("events", "problem"):
        counts[table] = sql(f"SELECT count(*) FROM {table} WHERE objectid = %s", number)[0][0]
    return counts


EVERYTHING = {"history": 250, "history_uint": 250, "history_str": 250, "trends": 1, "events": 2,
              "problem": 1}  # fmt: skip


def context(**options):
    return fake_context(toolkit, **options)


def test_a_dry_run_deletes_in_a_transaction_shows_the_statements_and_rolls_back(url, sql, filled):
    there, gone = filled
    ctx = context(dry_run=True)
    section = ctx.run("clean_orphans", database=database_of(ctx, url))

    rows = {row["orphans"]: row["rows"] for row in parts(section)["table"][0].rows}
    assert rows["history"] == rows["history_uint"] == 250
    assert (rows["trends"], rows["problems of triggers"], rows["events of items"]) == (1, 1, 1)
    assert rows["events of triggers"] == 1
    assert "history_bin" not in rows
    code = parts(section)["code"][0].code
    assert ('DELETE FROM "history" WHERE NOT EXISTS (SELECT 1 FROM items WHERE items.itemid = '
            '"history"."itemid");') in code  # fmt: skip
    assert section.views[0].detail == "tried in a transaction and rolled back"
    assert held(sql, gone) == EVERYTHING
    assert held(sql, there) == EVERYTHING


def test_orphans_are_deleted_in_batches_and_what_belongs_to_something_stays(url, sql, filled):
    there, gone = filled
    ctx = context(settings={"batch_rows": 100})
    section = ctx.run("clean_orphans", database=database_of(ctx, url))

    assert section.views[0].value == 250 * 3 + 1 + 1 + 2
    assert held(sql, gone) == dict.fromkeys(EVERYTHING, 0)
    assert held(sql, there) == EVERYTHING
    ctx.platform.steps.clear()
    assert ctx.run("clean_orphans", database=database_of(ctx, url)).views[0].value == 0


def test_only_the_chosen_kinds_are_cleaned(url, sql, filled):
    _, gone = filled
    ctx = context()
    ctx.run("clean_orphans", database=database_of(ctx, url), kinds=["trends"])

    assert held(sql, gone) == {**EVERYTHING, "trends": 0}


def test_a_table_that_is_locked_is_told_and_does_not_hang(url, sql, filled):
    ctx = context(dry_run=True, settings={"lock_seconds": 0.2})
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE trends IN ACCESS EXCLUSIVE MODE")
        section = ctx.run("clean_orphans", database=database_of(ctx, url))

    rows = {row["orphans"]: row for row in parts(section)["table"][0].rows}
    assert "somebody else holds a lock" in rows["trends"]["why"]
    assert rows["history"]["rows"] == 250
    assert section.views[0].state == "warning"


def test_a_cancelled_job_cancels_its_statement_on_the_server(url, sql):
    ctx = context(settings={"lock_seconds": 200})
    database = database_of(ctx, url)
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE history IN ACCESS EXCLUSIVE MODE")
        threading.Timer(0.3, ctx.cancel).start()
        started = time.monotonic()
        with pytest.raises(Cancelled):
            ctx.run("clean_orphans", database=database, kinds=["history"])
        assert time.monotonic() - started < 60
        mine = ("SELECT count(*) FROM pg_stat_activity"
                " WHERE application_name = 'SRE Toolbox'")  # fmt: skip
        until(lambda: sql(mine) == [(0,)], 30, "the connection is gone")


def grown(sql, base):
    """An index that is worth rebuilding."""
    sql("INSERT INTO history_uint (itemid, clock, value)"
        " SELECT %s, n, n FROM generate_series(1001, 31000) n", base)  # fmt: skip
    sql("DELETE FROM history_uint WHERE itemid = %s AND clock > 1010", base)


def test_a_dry_run_of_a_rebuild_tells_what_is_gained_and_changes_nothing(url, sql, filled):
    grown(sql, filled[0])
    names = sql("SELECT relname, relfilenode FROM pg_class WHERE relkind = 'i' ORDER BY 1")
    ctx = context(dry_run=True)
    section = ctx.run(
        "rebuild_indexes", database=database_of(ctx, url), tables="history_uint; trends"
    )

    rows = parts(section)["table"][0].rows
    assert {row["table"] for row in rows} == {"history_uint", "trends"}
    assert rows[0]["before"] > rows[0]["after"] > 0
    assert 'REINDEX INDEX CONCURRENTLY "' in parts(section)["code"][0].code
    assert sql("SELECT relname, relfilenode FROM pg_class WHERE relkind = 'i' ORDER BY 1") == names


@pytest.mark.parametrize("concurrently", [True, False])
def test_indexes_are_rebuilt_and_become_smaller(url, sql, filled, concurrently):
    grown(sql, filled[0])
    ctx = context()
    section = ctx.run(
        "rebuild_indexes", database=database_of(ctx, url), tables="history_uint",
        concurrently=concurrently,
    )  # fmt: skip

    row = parts(section)["table"][0].rows[0]
    assert row["before"] > 2 * row["after"] > 0
    size = sql("SELECT pg_relation_size(to_regclass(%s))", row["index"])[0][0]
    assert size == row["after"]


def test_what_an_interrupted_rebuild_left_behind_is_dropped(url, sql, filled):
    sql("CREATE INDEX trends_clock_ccnew ON trends (clock)")
    sql("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'trends_clock_ccnew'::regclass")
    ctx = context()
    section = ctx.run("rebuild_indexes", database=database_of(ctx, url), tables="trends")

    assert parts(section)["table"][0].rows[0]["why"] == "left by an earlier rebuild: dropped"
    assert sql("SELECT to_regclass('trends_clock_ccnew')") == [(None,)]


def test_the_report_shows_sizes_and_counts_orphans_and_cannot_write(url, sql, filled):
    sql("ANALYZE history")
    ctx = context()
    section = ctx.run("database_report", database=database_of(ctx, url), count_orphans=True)

    facts = {item.label: item.value for item in section.views[0].items}
    assert facts["Zabbix"] == "6.0"
    assert facts["items"] >= 1
    sizes, orphans = parts(section)["table"]
    assert sizes.rows[0]["size"] >= sizes.rows[1]["size"]
    found = {row["orphans"]: row["rows"] for row in orphans.rows}
    assert (found["history"], found["events of triggers"]) == (250, 1)


@pytest.mark.parametrize(
    ("fields", "settings", "told"),
    [
        ({"user": "nobody"}, {}, 'role "nobody" does not exist'),
        ({"database": "template1"}, {}, "is not the database of a Zabbix server"),
        ({"db_schema": "other"}, {}, "is not the database of a Zabbix server"),
        ({"tls": "require"}, {}, "SSL"),
        ({}, {"deny_ranges": ["127.0.0.1"]}, "which the administrator denies"),
        ({"host": "no-such-host.invalid"}, {}, "no-such-host.invalid"),
        ({"port": listeners.closed_port()}, {}, "refused"),
    ],
)
def test_a_database_that_cannot_be_used_is_told_why(url, fields, settings, told):
    ctx = context(settings=settings)
    with pytest.raises(ToolkitError, match=told):
        ctx.run("database_report", database=database_of(ctx, url, **fields))


def test_unknown_tables_are_told_at_their_field(url):
    ctx = context()
    with pytest.raises(ToolkitError, match=r"tables: there is no table nothing\."):
        ctx.run("rebuild_indexes", database=database_of(ctx, url), tables="nothing")


def test_as_an_installed_toolkit_nothing_is_deleted_without_the_consent_of_another(
    openbao, bundled, run, user, curator, url, sql, filled
):
    _, gone = filled
    installed = bundled("zabbix")
    port = int(url.rpartition(":")[2].partition("/")[0])
    data = {"name": "prod", "host": "127.0.0.1", "port": port, "database": "postgres",
            "user": "toolbox", "password": "pw-in-vault", "tls": "disable"}  # fmt: skip
    record = create(installed, "databases", data, user)
    inputs = {"database": str(record.pk), "kinds": ["trends"]}

    dry = run("zabbix", "clean_orphans", inputs, dry_run=True)
    assert dry.state == JobState.SUCCEEDED, dry.reason
    assert dry.result["views"][0]["value"] >= 1
    job = run("zabbix", "clean_orphans", inputs)
    assert job.state == JobState.AWAITING_APPROVAL
    assert held(sql, gone) == EVERYTHING
    run_job(str(job.plan_id))
    job.refresh_from_db()
    assert held(sql, gone) == EVERYTHING
    approvals.approve(job, curator, approvals.digest_of(job))
    run_job(str(job.pk))
    job.refresh_from_db()

    assert job.state == JobState.SUCCEEDED, job.reason
    assert held(sql, gone) == {**EVERYTHING, "trends": 0}
    assert "pw-in-vault" not in json.dumps([record.data, job.inputs, job.result])
