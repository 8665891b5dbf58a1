"""``/metrics``: the whole platform at one address, for those who may read it."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection
from prometheus_client.parser import text_string_to_metric_families

from audit import chain
from tests.deploy.test_files import GAUGES
from tests.support import factories, until
from tests.support.kits import run_here
from toolbox import metrics
from toolbox.events import emit
from toolbox.metrics import store


def samples(client, **headers: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def value(found, name: str, **labels: str) -> float:
    return found[name, tuple(sorted(labels.items()))]


@pytest.fixture(autouse=True)
def _nothing_pending():
    store._pending.clear()


def test_a_run_shows_in_counters_histograms_and_gauges(
    transactional_db, valkey, openbao, install, user, client, settings
):
    settings.AUDIT_FORWARD_TO = ["https://siem.example.com/in?key=hidden"]
    emit("support.bundle_made")
    chain.seal_pending()
    run_here(install(), user)
    factories.make_job(factories.make_row(), user)
    client.get("/livez")

    found = samples(client)

    assert value(found, "toolbox_audit_forward_behind", place="https://siem.example.com") > 0
    assert value(found, "toolbox_audit_problems") == 0
    assert value(found, "toolbox_scheduler_up") == 0
    job = {"toolkit": "sample", "operation": "hello"}
    assert value(found, "toolbox_jobs_ended_total", state="succeeded", **job) == 1
    assert value(found, "toolbox_job_seconds_count", **job) == 1
    assert value(found, "toolbox_runner_starts_total", toolkit="sample") == 1
    assert value(found, "toolbox_log_bytes_total", toolkit="sample") > 10
    assert value(found, "toolbox_jobs", state="queued") == 1
    assert value(found, "toolbox_queue_depth", queue="default") == 1
    assert value(found, "toolbox_dependency_up", dependency="vault") == 1
    for name, labels in found:
        if not name.endswith(("_total", "_bucket", "_sum", "_count", "_created")):
            assert {label for label, _ in labels} == GAUGES[name], name
    assert {name for name, _ in found} >= set(GAUGES) - {"toolbox_card_age_seconds"}
    request = {"method": "GET", "view": "livez", "status": "200"}
    assert value(found, "toolbox_http_requests_total", **request) >= 1


def test_the_sums_of_several_processes_are_one(valkey):
    metrics.count("toolbox_runner_starts", "alpha")
    metrics.flush()
    # Another process would add to the same sums.
    store._pending["toolbox_runner_starts", ("alpha",), ""] = 2
    metrics.flush()

    assert store.sums()["toolbox_runner_starts", ("alpha",), ""] == 3


def test_nothing_is_lost_while_the_server_is_away(valkey):
    valkey.stop()
    metrics.count("toolbox_runner_starts", "beta")
    assert not metrics.flush()

    valkey.start()

    until(metrics.flush)
    assert store.sums()["toolbox_runner_starts", ("beta",), ""] == 1


def test_it_is_answered_while_the_server_is_away(valkey, openbao, client, db):
    valkey.stop()

    found = samples(client)

    assert value(found, "toolbox_dependency_up", dependency="redis") == 0


def test_strangers_do_not_see_it(valkey, client, db, settings):
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 404

    settings.METRICS_TOKEN = "a-token-for-prometheus"
    assert client.get("/metrics").status_code == 404
    wrong = {"Authorization": "Bearer wrong"}
    assert client.get("/metrics", headers=wrong).status_code == 404


def test_the_token_opens_it(valkey, openbao, client, db, settings):
    settings.METRICS_TOKEN = "a-token-for-prometheus"

    assert samples(client, Authorization="Bearer a-token-for-prometheus")


def test_labels_that_are_not_in_the_catalogue_are_an_error():
    with pytest.raises(ValueError, match="takes the labels"):
        metrics.count("toolbox_runner_starts")


def test_a_database_that_is_away_is_told_and_hides_nothing_else(valkey, client, settings, db):
    def away(*_: object) -> None:
        raise OperationalError("gone")

    # Sessions and other middleware ask nothing of it for this page.
    with connection.execute_wrapper(away):
        found = samples(client)

    assert value(found, "toolbox_dependency_up", dependency="database") == 0
    assert value(found, "toolbox_dependency_up", dependency="redis") == 1
    assert ("toolbox_scheduler_up", ()) not in found
