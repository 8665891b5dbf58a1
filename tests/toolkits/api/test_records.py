"""Records: list, create, read, change, delete, with nobody's change overwritten."""

import uuid

import pytest

from tests.support.api import places, problem
from tests.support.factories import make_row
from tests.toolkits.api.conftest import TARGETS
from toolkits import records
from toolkits.models import Record

URL = "toolkits/sample/records/targets/"


@pytest.fixture
def record(toolkit, user):
    return records.create(toolkit, "targets", {"host": "db1"}, user)


def test_collections_are_listed_with_their_schema(api, user, toolkit):
    (found,) = api(user).get("toolkits/sample/records/").json()["results"]

    assert found["name"] == "targets"
    assert found["schema"] == TARGETS["schema"]


def test_a_record_is_made_with_its_defaults(api, user, toolkit):
    response = api(user).post(URL, {"host": "db1"})

    body = response.json()
    assert response.status_code == 201
    assert response["Location"] == body["url"]
    assert response["ETag"] == '"1"'
    assert body["data"] == {"host": "db1", "port": 443, "tags": []}
    assert body["updated_by"]["username"] == user.username
    assert api(user).get(body["url"]).json() == body


@pytest.mark.parametrize(
    ("data", "place"), [({}, ["host"]), ({"host": ""}, ["host"]), ({"host": "a", "x": 1}, ["x"])]
)
def test_data_that_does_not_fit_names_its_place(api, user, toolkit, data, place):
    assert places(problem(api(user).post(URL, data), 422)) == [place]
    assert not Record.objects.exists()


def test_a_change_of_the_version_that_was_seen_is_taken(api, user, record):
    tag = api(user).get(f"{URL}{record.pk}/")["ETag"]

    response = api(user).patch(f"{URL}{record.pk}/", {"port": 5432}, if_match=tag)

    assert response.json()["data"] == {"host": "db1", "port": 5432, "tags": []}
    assert response["ETag"] == '"2"'


def test_a_replacement_goes_back_to_defaults(api, user, record):
    api(user).patch(f"{URL}{record.pk}/", {"port": 1}, if_match="*")

    response = api(user).put(f"{URL}{record.pk}/", {"host": "db2"}, if_match='"2"')

    assert response.json()["data"] == {"host": "db2", "port": 443, "tags": []}


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_change_of_a_version_that_is_gone_is_refused(api, user, record, method):
    change = {} if method == "delete" else {"data": {"host": "mine"}}
    records.update(record, {"host": "theirs"}, 1, user)

    problem(getattr(api(user), method)(f"{URL}{record.pk}/", if_match='"1"', **change), 412)

    assert Record.objects.get().data["host"] == "theirs"


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_change_must_say_what_it_is_of(api, user, record, method):
    problem(getattr(api(user), method)(f"{URL}{record.pk}/"), 428)


@pytest.mark.parametrize("tag", ["", "1", "W/\"1\"", '"2", "3"', "x"])
def test_a_tag_that_is_not_the_present_one_is_refused(api, user, record, tag):
    problem(api(user).patch(f"{URL}{record.pk}/", {"port": 1}, if_match=tag), 412)


def test_one_of_several_tags_may_fit(api, user, record):
    response = api(user).patch(f"{URL}{record.pk}/", {"port": 1}, if_match='"7", "1"')

    assert response.status_code == 200


def test_a_record_is_deleted(api, user, record):
    assert api(user).delete(f"{URL}{record.pk}/", if_match='"1"').status_code == 204
    problem(api(user).get(f"{URL}{record.pk}/"), 404)
    problem(api(user).delete(f"{URL}{record.pk}/", if_match="*"), 404)


def test_the_record_of_another_collection_is_not_there(api, user, record):
    make_row("other", collections=[TARGETS])

    problem(api(user).get(f"toolkits/other/records/targets/{record.pk}/"), 404)
    problem(api(user).get(f"{URL}{uuid.uuid4()}/"), 404)
    problem(api(user).get("toolkits/sample/records/other/"), 404)


def test_records_are_paged_and_filtered(api, user, toolkit):
    for number in range(5):
        records.create(toolkit, "targets", {"host": f"db{number}", "port": 1 + number % 2}, user)
    client = api(user)

    page = client.get(URL, {"limit": 2, "filter.port": 1}).json()
    following = client.get(page["next"]).json()

    found = [row["data"]["host"] for row in page["results"] + following["results"]]
    assert found == ["db0", "db2", "db4"]
    assert following["next"] is None


@pytest.mark.parametrize("query", ["filter.port=x", "filter.other=1", "port=1", "filter.tags=a"])
def test_a_filter_that_makes_no_sense_is_refused(api, user, toolkit, query):
    problem(api(user).get(f"{URL}?{query}"), 400)


def test_a_list_costs_the_same_queries_whatever_its_length(
    api, user, toolkit, django_assert_max_num_queries
):
    for number in range(30):
        records.create(toolkit, "targets", {"host": f"db{number}"}, user)
    client = api(user)

    with django_assert_max_num_queries(8):
        assert len(client.get(URL).json()["results"]) == 30


def test_a_secret_goes_to_vault_and_never_comes_back(api, user, openbao, django_db_blocker):
    secret = {
        "name": "keys",
        "title": "Keys",
        "secret_fields": ["token"],
        "schema": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "token": {"type": "string", "writeOnly": True, "x-secret": True},
            },
            "required": ["name", "token"],
            "additionalProperties": False,
        },
    }
    make_row("safe", collections=[secret])
    url = "toolkits/safe/records/keys/"

    made = api(user).post(url, {"name": "a", "token": "hunter2hunter2"})
    assert made.status_code == 201, made.content
    assert made.json()["data"] == {"name": "a", "token": "••••"}
    assert "hunter2" not in str(Record.objects.get().data)

    changed = api(user).put(made.json()["url"], {"name": "b"}, if_match='"1"')
    assert changed.json()["data"] == {"name": "b", "token": "••••"}
    problem(api(user).get(f"{url}?filter.token=h"), 400)
    exported = b"".join(api(user).get(f"{url}export/").streaming_content)
    assert b"hunter2" not in exported
    assert b"token" not in exported
