"""Records of a collection in the console."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from audit.models import Event
from tests.support.factories import make_row, make_user
from toolkits.models import Record, Toolkit

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "port": {"type": "integer", "minimum": 1, "default": 443},
        "token": {
            "anyOf": [{"type": "string", "x-secret": True}, {"type": "null"}],
            "default": None,
        },
    },
}
LIST = "/toolkits/net/records/targets/"


@pytest.fixture
def kit(db: None) -> Toolkit:
    collection = {
        "name": "targets",
        "title": "Targets",
        "description": "",
        "schema": SCHEMA,
        "secret_fields": ["token"],
    }
    return make_row("net", collections=[collection])


@pytest.fixture
def signed_in(client: Client, user: User, kit: Toolkit) -> Client:
    client.force_login(user)
    return client


def make_record(kit: Toolkit, **data: Any) -> Record:
    return Record.objects.create(toolkit=kit, collection="targets", data={"port": 443, **data})


def test_records_are_listed_and_searched_but_secrets_only_said_to_be_set(
    signed_in: Client, kit: Toolkit
) -> None:
    make_record(kit, name="database", token={"$vault": "toolkits/net/records/targets/1#token"})
    make_record(kit, name="Grüße")
    text = signed_in.get(LIST).content.decode()
    assert "database" in text
    assert "not set" in text
    assert "$vault" not in text
    found = signed_in.get(LIST, {"q": "Grüße"}).context["rows"]
    assert [row["label"] for row in found] == ["Grüße"]
    assert len(signed_in.get(LIST, {"q": "DATA 44"}).context["rows"]) == 1
    # What stands in a secret's place is not searched.
    assert not signed_in.get(LIST, {"q": "vault"}).context["rows"]


def test_a_live_search_answers_with_the_list_alone(signed_in: Client, kit: Toolkit) -> None:
    make_record(kit, name="database")
    text = signed_in.get(LIST, {"q": "data"}, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in text
    assert "database" in text


def test_a_record_is_added(signed_in: Client, user: User) -> None:
    answer = signed_in.post(LIST + "new/", {"name": "db", "port": "5432"})
    assert answer.headers["Location"] == LIST
    record = Record.objects.get()
    assert record.data == {"name": "db", "port": 5432, "token": None}
    assert record.updated_by == user
    assert Event.objects.filter(name="record.created").count() == 1


def test_a_record_that_does_not_fit_is_shown_again_with_what_is_wrong(signed_in: Client) -> None:
    answer = signed_in.post(LIST + "new/", {"name": "db", "port": "0"})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert 'value="db"' in text
    assert "Must be at least 1" in text
    assert not Record.objects.exists()


def test_a_record_changed_by_somebody_else_is_not_overwritten_unseen(
    signed_in: Client, kit: Toolkit
) -> None:
    record = make_record(kit, name="mine")
    Record.objects.update(data={"name": "theirs", "port": 443}, version=2)
    address = f"{LIST}{record.pk}/"
    answer = signed_in.post(address, {"name": "yours", "port": "443", "version": "1"})
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "Somebody else changed this record" in text
    assert "<td>yours</td><td>theirs</td>" in text
    assert 'name="version" value="2"' in text
    # Having seen it, one may.
    answer = signed_in.post(address, {"name": "yours", "port": "443", "version": "2"})
    assert answer.status_code == 302
    record.refresh_from_db()
    assert (record.data["name"], record.version) == ("yours", 3)


def test_a_stored_secret_stays_when_nothing_is_typed(signed_in: Client, kit: Toolkit) -> None:
    reference = {"$vault": "toolkits/net/records/targets/1#token"}
    record = make_record(kit, name="db", token=reference)
    address = f"{LIST}{record.pk}/"
    assert "Set: leave empty to keep it" in signed_in.get(address).content.decode()
    signed_in.post(address, {"name": "db2", "port": "443", "token": "", "version": "1"})
    record.refresh_from_db()
    assert record.data == {"name": "db2", "port": 443, "token": reference}
    signed_in.post(address, {"name": "db2", "token:clear": "on", "version": "2"})
    record.refresh_from_db()
    assert record.data["token"] is None


def test_a_record_is_deleted_at_the_version_that_was_seen(signed_in: Client, kit: Toolkit) -> None:
    record = make_record(kit, name="db")
    Record.objects.update(version=2)
    signed_in.post(f"{LIST}{record.pk}/delete/", {"version": "1"})
    assert Record.objects.exists()
    signed_in.post(f"{LIST}{record.pk}/delete/", {"version": "2"})
    assert not Record.objects.exists()


def test_ticked_records_are_deleted_and_changed_ones_stay(signed_in: Client, kit: Toolkit) -> None:
    gone, stays = make_record(kit, name="a"), make_record(kit, name="b")
    Record.objects.filter(pk=stays.pk).update(version=2)
    ticked = [f"{gone.pk}:1", f"{stays.pk}:1", "nonsense", f"{gone.pk}:x"]
    answer = signed_in.post(LIST + "delete/", {"record": ticked}, follow=True)
    assert list(Record.objects.values_list("pk", flat=True)) == [stays.pk]
    assert "1 record was deleted." in answer.content.decode()
    assert "1 record was changed meanwhile and stays." in answer.content.decode()


def test_records_of_another_collection_or_toolkit_are_not_reached(
    signed_in: Client, kit: Toolkit
) -> None:
    other = make_row("other", collections=kit.collections)
    record = Record.objects.create(toolkit=other, collection="targets", data={"name": "x"})
    assert signed_in.get(f"{LIST}{record.pk}/").status_code == 404
    assert signed_in.post(f"{LIST}{record.pk}/delete/", {"version": "1"}).status_code == 404
    signed_in.post(LIST + "delete/", {"record": [f"{record.pk}:1"]})
    assert Record.objects.count() == 1
    assert signed_in.get("/toolkits/net/records/nothing/").status_code == 404


def test_somebody_who_may_not_use_the_toolkit_sees_no_records(client: Client, kit: Toolkit) -> None:
    record = make_record(kit, name="db")
    client.force_login(make_user("nobody"))
    for address in (
        LIST,
        LIST + "new/",
        LIST + "import/",
        LIST + "export.csv",
        f"{LIST}{record.pk}/",
    ):
        assert client.get(address).status_code == 404, address


def test_an_export_holds_no_secret_and_no_formula(signed_in: Client, kit: Toolkit) -> None:
    make_record(kit, name="=cmd()", token={"$vault": "x#token"})
    answer = signed_in.get(LIST + "export.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="net-targets.csv"'
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert text == "name,port\r\n'=cmd(),443\r\n"
    answer = signed_in.get(LIST + "export.json")
    rows = json.loads(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    assert rows == [{"name": "=cmd()", "port": 443}]
    assert Event.objects.filter(name="record.exported").count() == 2


def upload(text: str, name: str = "records.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode())


def test_a_file_is_imported_whole(signed_in: Client) -> None:
    answer = signed_in.post(LIST + "import/", {"file": upload("name,port\na,80\nb,\n")})
    assert answer.status_code == 302
    assert [record.data for record in Record.objects.order_by("id")] == [
        {"name": "a", "port": 80, "token": None},
        {"name": "b", "port": 443, "token": None},
    ]


def test_a_file_with_one_bad_record_adds_none(signed_in: Client) -> None:
    text = json.dumps([{"name": "a"}, {"name": "b", "port": "x"}])
    answer = signed_in.post(LIST + "import/", {"file": upload(text, "records.json")})
    assert answer.status_code == 422
    assert "Record 2: port" in answer.content.decode()
    assert not Record.objects.exists()


def test_a_check_of_a_file_adds_nothing(signed_in: Client) -> None:
    form = {"file": upload("name\na\nb\n"), "dry_run": "on"}
    answer = signed_in.post(LIST + "import/", form)
    assert "2 records fit" in answer.content.decode()
    assert not Record.objects.exists()


@pytest.mark.parametrize("text", ["[{", "[1]", "\ud800", 'name\n"a', "name\na,b\n"])
def test_a_file_that_cannot_be_read_is_refused_in_words(signed_in: Client, text: str) -> None:
    file = SimpleUploadedFile("x.csv", text.encode("utf-8", "surrogatepass"))
    answer = signed_in.post(LIST + "import/", {"file": file})
    assert answer.status_code == 422
    assert "notice-error" in answer.content.decode()


@pytest.mark.parametrize("rows", [2, 60])
def test_the_list_asks_few_questions_however_many_rows(
    signed_in: Client, kit: Toolkit, django_assert_max_num_queries: Any, rows: int
) -> None:
    for number in range(rows):
        record = make_record(kit, name=f"host {number}")
        record.updated_by = make_user()
        record.save()
    for address in (LIST, f"{LIST}{record.pk}/"):
        with django_assert_max_num_queries(12):
            assert signed_in.get(address).status_code == 200


def test_a_long_list_is_read_page_by_page(signed_in: Client, kit: Toolkit) -> None:
    for number in range(120):
        make_record(kit, name=f"host-{number:03}")
    seen: list[str] = []
    address = LIST
    for _ in range(3):
        answer = signed_in.get(address)
        seen += [row["label"] for row in answer.context["rows"]]
        address = LIST + answer.context["paging"].older
    assert seen == [f"host-{number:03}" for number in range(120)]
    assert answer.context["paging"].older == ""
    back = signed_in.get(LIST + answer.context["paging"].newer)
    assert [row["label"] for row in back.context["rows"]] == seen[50:100]


def ticked(*rows: Record) -> list[str]:
    return [f"{row.pk}:{row.version}" for row in rows]


def test_ticked_fields_are_changed_in_ticked_records_and_nothing_else(
    signed_in: Client, kit: Toolkit
) -> None:
    first, second, third = (make_record(kit, name=name) for name in ("a", "b", "c"))
    page = signed_in.post(LIST + "change/", {"record": ticked(first, second)}).content.decode()
    assert "Change 2 records" in page
    data = {"record": ticked(first, second), "_save": "on", "_change": "port", "port": "8443"}
    signed_in.post(LIST + "change/", {**data, "name": "not ticked"})
    assert [
        (row.data["name"], row.data["port"]) for row in Record.objects.order_by("id")
    ] == [("a", 8443), ("b", 8443), ("c", 443)]
    assert Event.objects.filter(name="record.updated").count() == 2
    assert third.version == 1


def test_records_that_somebody_else_changed_stay_and_what_does_not_fit_is_said(
    signed_in: Client, kit: Toolkit
) -> None:
    row = make_record(kit, name="a")
    data = {"record": ticked(row), "_save": "on", "_change": "port", "port": "0"}
    answer = signed_in.post(LIST + "change/", data)
    assert answer.status_code == 422
    assert "(a)" in answer.content.decode()
    Record.objects.filter(pk=row.pk).update(version=2)
    signed_in.post(LIST + "change/", {**data, "port": "1"})
    assert "1 record was changed by somebody else" in signed_in.get(LIST).content.decode()
    row.refresh_from_db()
    assert row.data["port"] == 443
