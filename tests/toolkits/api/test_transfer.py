"""Importing and exporting a collection."""

import json

import pytest

from audit.models import Event
from tests.support.api import places, problem
from toolkits import records
from toolkits.models import Record

URL = "toolkits/sample/records/targets/"


def hosts():
    return list(Record.objects.order_by("id").values_list("data__host", flat=True))


def text(response):
    assert response.status_code == 200
    return b"".join(response.streaming_content).decode()


def send_csv(client, body, query=""):
    return client.post(f"{URL}import/{query}", body.encode(), content_type="text/csv")


def test_a_list_is_imported(api, user, toolkit):
    response = api(user).post(f"{URL}import/", [{"host": "a"}, {"host": "b", "port": 1}])

    assert response.json() == {"created": 2, "dry_run": False}
    assert hosts() == ["a", "b"]
    assert Event.objects.get(name="record.imported").details["created"] == 2


def test_a_table_is_imported(api, user, toolkit):
    response = send_csv(api(user), 'host,port,tags\r\na,1,"[""x"", ""y""]"\r\nb,,\r\n')

    assert response.json()["created"] == 2
    assert [row.data for row in Record.objects.order_by("id")] == [
        {"host": "a", "port": 1, "tags": ["x", "y"]},
        {"host": "b", "port": 443, "tags": []},
    ]


def test_one_bad_row_means_none_are_made(api, user, toolkit):
    body = [{"host": "a"}, {"host": ""}, {"host": "c", "port": 0}]

    found = problem(api(user).post(f"{URL}import/", body), 422)

    assert places(found) == [[1, "host"], [2, "port"]]
    assert hosts() == []


def test_a_dry_run_makes_nothing(api, user, toolkit):
    response = api(user).post(f"{URL}import/?dry_run=true", [{"host": "a"}])

    assert response.json() == {"created": 1, "dry_run": True}
    assert hosts() == []


@pytest.mark.parametrize("body", [{}, [1], "x", None])
def test_a_body_that_is_no_list_of_objects_is_refused(api, user, toolkit, body):
    problem(
        api(user).post(f"{URL}import/", json.dumps(body), content_type="application/json"), 400
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"host\n\xff\n", 400), (b'host\n"a\n', 400), (b"host\na,b\n", 422), (b"host\na\x00\n", 400)],
)
def test_a_table_that_is_none_is_refused(api, user, toolkit, body, status):
    problem(api(user).post(f"{URL}import/", body, content_type="text/csv"), status)


def test_an_empty_table_makes_nothing(api, user, toolkit):
    assert send_csv(api(user), "host\n").json()["created"] == 0
    problem(send_csv(api(user), ""), 400)


def test_more_than_can_be_taken_is_refused(api, user, toolkit, monkeypatch):
    monkeypatch.setattr(records, "_MOST", 2)

    found = problem(api(user).post(f"{URL}import/", [{"host": "a"}] * 3), 422)

    assert "at most 2" in found["detail"]


def test_what_is_exported_can_be_imported_again(api, user, toolkit):
    for row in ({"host": "a", "tags": ["x", "ü"]}, {"host": 'b"c', "port": 1}):
        records.create(toolkit, "targets", row, user)
    before = [record.data for record in Record.objects.order_by("id")]

    exported = text(api(user).get(f"{URL}export/"))
    table = text(api(user).get(f"{URL}export/", accept="text/csv"))
    Record.objects.all().delete()

    assert json.loads(exported) == before
    send_csv(api(user), table)
    assert [record.data for record in Record.objects.order_by("id")] == before


def test_no_cell_is_a_formula(api, user, toolkit):
    records.create(toolkit, "targets", {"host": "=HYPERLINK(1)"}, user)

    table = text(api(user).get(f"{URL}export/", {"format": "csv"}))

    assert table.splitlines()[1].startswith("'=HYPERLINK(1)")


def test_an_export_is_audited(api, user, toolkit):
    records.create(toolkit, "targets", {"host": "a"}, user)

    text(api(user).get(f"{URL}export/"))

    details = Event.objects.get(name="record.exported").details
    assert (details["rows"], details["format"], details["collection"]) == (1, "json", "targets")
