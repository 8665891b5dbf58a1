"""The OpenAPI document: valid, and typed by what the reader may use."""

import subprocess
import sys

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from tests.support.factories import make_row, operation
from tests.support.processes import BASE
from tests.toolkits.api.conftest import INPUTS
from toolkits.api.openapi.examples import EXAMPLES
from toolkits.api.openapi.requests import ASKED

RUN = "/api/v1/toolkits/sample/operations/hello/"
ASK = "/api/v1/toolkits/sample/operations/ask/"
RECORDS = "/api/v1/toolkits/sample/records/targets/"


@pytest.fixture
def document(api, user, toolkit):
    response = api(user).get("/api/schema/")
    assert response.status_code == 200
    return response.json()


def references(value):
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from references(item)
    if isinstance(value, list):
        for item in value:
            yield from references(item)


def operations(document):
    return [entry for item in document["paths"].values() for entry in item.values()]


def test_every_reference_leads_somewhere(document):
    for reference in set(references(document)):
        found = document
        for part in reference.removeprefix("#/").split("/"):
            assert part in found, reference
            found = found[part]


def test_every_component_is_a_schema(document):
    assert document["openapi"].startswith("3.1")
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("name", [*EXAMPLES, *ASKED, "Problem"])
def test_examples_are_what_they_are_examples_of(document, name):
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    validator = Draft202012Validator(schema, format_checker=FormatChecker())

    for example in document["components"]["schemas"][name]["examples"]:
        validator.validate(example)
        known = document["components"]["schemas"][name]["properties"]
        assert set(example) <= set(known)


def test_every_operation_has_a_name_of_its_own_and_a_summary(document):
    names = [entry["operationId"] for entry in operations(document)]

    assert len(names) == len(set(names))
    assert all(entry["summary"] for entry in operations(document))


def test_every_operation_declares_its_problems(document):
    for entry in operations(document):
        assert {"400", "429", "503"} <= set(entry["responses"]), entry["operationId"]


def test_an_operation_has_its_own_path_and_schema(document):
    run = document["paths"][RUN]["post"]

    assert run["operationId"] == "sample_hello_run"
    assert run["requestBody"]["content"]["application/json"]["example"] == {
        "name": "world",
        "count": 1,
    }
    inputs = document["components"]["schemas"]["sample_hello_Inputs"]
    assert inputs["properties"] == INPUTS["properties"]


def test_a_dry_run_is_offered_where_there_is_one(document):
    def parameters(path):
        return {entry["name"] for entry in document["paths"][path]["post"]["parameters"]}

    assert "dry_run" in parameters(ASK)
    assert "dry_run" not in parameters(RUN)
    assert "slug" not in parameters(RUN)


def test_records_have_their_own_paths_and_filters(document):
    listing = document["paths"][RECORDS]["get"]

    names = {entry["name"] for entry in listing["parameters"]}
    assert {"filter.host", "filter.port", "cursor", "limit"} <= names
    assert f"{RECORDS}{{record_id}}/" in document["paths"]


def test_settings_are_for_those_who_may_change_them(api, curator, document):
    path = "/api/v1/toolkits/sample/settings/"

    assert path not in document["paths"]
    assert path in api(curator).get("/api/schema/").json()["paths"]


def test_what_the_reader_may_not_use_is_not_described(api, document):
    from accounts.models import Grant
    from tests.support.factories import make_user

    granted = make_user("gina")
    Grant.objects.create(
        user=granted, role="toolkit.user", toolkit_slug="sample", operation="hello"
    )
    paths = api(granted).get("/api/schema/").json()["paths"]

    assert RUN in paths
    assert ASK not in paths
    assert RECORDS not in paths


def test_definitions_within_a_schema_become_components(api, user):
    nested = {
        "type": "object",
        "$defs": {
            "Node": {
                "type": "object",
                "properties": {"next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]}},
            }
        },
        "properties": {"node": {"$ref": "#/$defs/Node"}},
    }
    make_row("my-kit", operations=[operation("walk", inputs=nested, returns="table")])
    found = api(user).get("/api/schema/").json()["components"]["schemas"]

    assert found["my_kit_walk_Inputs"]["properties"]["node"] == {
        "$ref": "#/components/schemas/my_kit_walk_Inputs_Node"
    }
    options = found["my_kit_walk_Inputs_Node"]["properties"]["next"]["anyOf"]
    assert options[0] == {"$ref": "#/components/schemas/my_kit_walk_Inputs_Node"}
    result = found["my_kit_walk_Job"]["allOf"][1]["properties"]["result"]
    assert {"$ref": "#/components/schemas/View_Table"} in result["anyOf"]


def test_a_reader_who_has_it_gets_304(api, user, toolkit):
    tag = api(user).get("/api/schema/")["ETag"]

    assert api(user).get("/api/schema/", if_none_match=tag).status_code == 304


def test_it_comes_as_yaml_too(api, user, toolkit):
    response = api(user).get("/api/schema/", {"format": "yaml"})

    assert response.content.startswith(b"openapi: 3.1")


def test_the_views_are_those_of_the_sdk():
    done = subprocess.run(
        [sys.executable, "scripts/write_view_schemas.py", "--check"],
        cwd=BASE, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr


def test_its_page_has_nothing_inline(api, user, toolkit):
    response = api(user).get("/api/docs/")
    page = response.content.decode()

    assert "api-docs.js" in page
    assert "unsafe-inline" not in response["Content-Security-Policy"]
    assert "<style" not in page
    assert all("src=" in tag for tag in page.split("<script")[1:])


def test_names_that_read_alike_do_not_share_a_schema(api, curator):
    def schema(name):
        return {"type": "object", "properties": {name: {"type": "string"}}}

    targets = {"name": "c", "title": "C", "description": "", "schema": schema("four"), "key": None}
    settings = {"schema": schema("five")}
    make_row("a-b", operations=[operation("c", inputs=schema("one"))], collections=[targets])
    make_row("a_b", operations=[operation("c", inputs=schema("two"))])
    make_row("a", operations=[operation("b_c", inputs=schema("three"))])
    for slug in ("a_b_c", "jobs", "toolkits"):
        make_row(slug, operations=[], settings=settings)
    document = api(curator).get("/api/schema/").json()

    names = [entry["operationId"] for entry in operations(document)]
    assert len(names) == len(set(names))
    for path, field in {
        "a-b/operations/c/": "one", "a_b/operations/c/": "two", "a/operations/b_c/": "three",
        "a-b/records/c/": "four",
    }.items():  # fmt: skip
        body = document["paths"][f"/api/v1/toolkits/{path}"]["post"]["requestBody"]
        found = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        assert list(document["components"]["schemas"][found]["properties"]) == [field], path


def test_no_component_of_a_toolkit_has_a_title_that_another_may_have(api, user):
    node = {"title": "Node", "type": "object", "properties": {"a": {"title": "A"}}}
    inputs = {"title": "Inputs", "type": "object", "$defs": {"Node": node}, "properties": {}}
    make_row("kit", operations=[operation("walk", inputs=inputs)])
    components = api(user).get("/api/schema/").json()["components"]["schemas"]

    assert "title" not in components["kit_walk_Inputs"]
    assert components["kit_walk_Inputs_Node"] == {
        "type": "object", "properties": {"a": {"title": "A"}},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "fields"),
    [("toolkits/", "slug,version"), ("jobs/", "id,state"), ("schedules/", "id,name"),
     ("users/", "id,username"), ("audit/", "id,name")],
)  # fmt: skip
def test_lists_answer_with_the_fields_that_were_asked_for(api, admin_user, path, fields):
    from tests.support.factories import make_job

    kit = make_row("kit")
    make_job(kit, admin_user)
    client = api(admin_user)
    rows = client.get(path, {"fields": fields}).json()["results"]
    assert rows or path == "schedules/"
    assert all(set(row) == set(fields.split(",")) for row in rows)
    assert client.get(path, {"fields": "id,nothing"}).status_code == 400

    document = client.get("/api/schema/").json()
    listing = document["paths"][f"/api/v1/{path}"]["get"]
    reference = listing["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    page = document["components"]["schemas"][reference.rpartition("/")[2]]
    listed = page["properties"]["results"]["items"]["$ref"].rpartition("/")[2]
    assert "required" not in document["components"]["schemas"][listed]
