"""Unit tests of the API checker with the SDK's fake context; no server is needed."""

import base64
import json

import pytest
from toolkit_sdk import File, Secret, ToolkitError
from toolkit_sdk.net import Phases, Response
from toolkit_sdk.testing import fake_context

from api_toolkit import asserting, curl, openapi, toolkit
from api_toolkit.app import Config, Environment, SavedRequest
from api_toolkit.parts import Assertion, Extract, Pair
from api_toolkit.prepare import prepare
from api_toolkit.sender import Answer


def answer(body=b"{}", status=200, headers=(("Content-Type", "application/json"),), ms=12.5):
    got = Response(
        url="http://x/", status=status, reason="", version="1.1", headers=tuple(headers), body=body,
        truncated=False, phases=Phases(), address="127.0.0.1",
    )  # fmt: skip
    return Answer(got, (), body, False, ms)


def saved(**fields):
    return SavedRequest(**{"name": "x", "url": "http://h/p", **fields})


def ready(values=None, upload=None, config=None, **fields):
    return prepare(saved(**fields), values or {}, config or Config(), upload)


def holds(body=b"{}", status=200, **assertion):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return asserting.check([Assertion(**assertion)], answer(data, status))[0]


DATA = {"n": 3, "s": "text", "list": [1, "two"], "o": {"k": None}, "t": True}


@pytest.mark.parametrize(
    ("assertion", "wanted"),
    [
        ({"what": "status", "value": "200"}, True),
        ({"what": "status", "value": "2xx"}, True),
        ({"what": "status", "value": "300-399, 404"}, False),
        ({"what": "status", "check": "is not", "value": "5XX"}, True),
        ({"what": "json", "path": "$.n", "value": "3"}, True),
        ({"what": "json", "path": "$.s", "value": "text"}, True),
        ({"what": "json", "path": "$.s", "check": "is not", "value": "other"}, True),
        ({"what": "json", "path": "$.list", "check": "contains", "value": "two"}, True),
        ({"what": "json", "path": "$.list", "check": "contains", "value": "1"}, True),
        ({"what": "json", "path": "$.o", "check": "contains", "value": "k"}, True),
        ({"what": "json", "path": "$.o.k", "value": "null"}, True),
        ({"what": "json", "path": "$.t", "value": "true"}, True),
        ({"what": "json", "path": "$.t", "value": "1"}, False),
        ({"what": "json", "path": "$.list[?@ == 'two']", "check": "exists"}, True),
        ({"what": "json", "path": "$.none", "check": "is absent"}, True),
        ({"what": "json", "path": "$.none", "value": "1"}, False),
        ({"what": "json", "path": "$.n", "check": "is less than", "value": "4"}, True),
        ({"what": "json", "path": "$.n", "check": "is more than", "value": "3"}, False),
        ({"what": "json", "path": "$.s", "check": "matches", "value": "^te.t$"}, True),
        ({"what": "header", "path": "content-type", "check": "contains", "value": "json"}, True),
        ({"what": "header", "path": "X-None", "check": "is absent"}, True),
        ({"what": "body", "check": "contains", "value": '"two"'}, True),
        ({"what": "time", "check": "is less than", "value": "100"}, True),
        (
            {
                "what": "schema",
                "value": '{"required": ["n"], "properties": {"n": {"type": "integer"}}}',
            },
            True,
        ),
        ({"what": "schema", "path": "$.list", "value": '{"items": {"type": "integer"}}'}, False),
    ],
)
def test_assertions_hold_or_fail(assertion, wanted):
    assert holds(DATA, **assertion).holds is wanted


@pytest.mark.parametrize(
    ("assertion", "message"),
    [
        ({"what": "status", "value": "good"}, "'good' is no status"),
        ({"what": "json", "path": "$.[", "value": "1"}, "is not a JSONPath"),
        ({"what": "json", "path": "", "value": "1"}, "needs a path"),
        (
            {"what": "json", "path": "$.s", "check": "is less than", "value": "x"},
            "cannot be compared",
        ),
        ({"what": "body", "check": "matches", "value": "("}, "is not a pattern"),
        ({"what": "schema", "value": "{"}, "the schema is not JSON"),
        ({"what": "schema", "value": '{"type": 5}'}, "not a JSON Schema"),
        (
            {"what": "schema", "value": '{"$ref": "https://example.com/s"}'},
            "refers to what is not in it",
        ),
    ],
)
def test_an_assertion_that_cannot_be_read_says_why(assertion, message):
    verdict = holds(DATA, **assertion)

    assert not verdict.holds
    assert message in verdict.found


def test_a_body_that_is_no_json_is_said_to_be_none():
    verdict = holds(b"<html>", what="json", path="$.a", value="1")

    assert not verdict.holds
    assert "Expecting value" in verdict.found


def test_variables_are_taken_from_a_response():
    extracts = [Extract(variable="id", path="$.n"), Extract(variable="s", path="$.s")]

    assert asserting.extract(extracts, answer(json.dumps(DATA).encode())) == {
        "id": "3",
        "s": "text",
    }
    with pytest.raises(asserting.Wrong, match="nothing at"):
        asserting.extract([Extract(variable="x", path="$.zzz")], answer())


def test_variables_are_filled_in_everywhere():
    values = {"base_url": "http://h:1", "id": "7", "t": "secret", "q": "a b"}
    made = ready(
        values, url="{{base_url}}/u/{{ id }}", query=[Pair(name="q", value="{{q}}")],
        headers=[Pair(name="X-Id", value="{{id}}")], auth="bearer", secret=Secret("{{t}}"),
        body_kind="json", body='{"id": {{id}}}', method="POST",
    ).request  # fmt: skip

    assert made.url == "http://h:1/u/7?q=a+b"
    assert dict(made.headers) == {
        "X-Id": "7", "Authorization": "Bearer secret", "Content-Type": "application/json",
    }  # fmt: skip
    assert made.body == b'{"id": 7}'
    assert len(ready(body_kind="text", body="{{$uuid}}").request.body) == 36


def test_authentication_in_each_way():
    assert (
        dict(ready(auth="basic", username="a", secret=Secret("b")).request.headers)["Authorization"]
        == "Basic " + base64.b64encode(b"a:b").decode()
    )
    assert dict(ready(auth="api key", secret=Secret("k")).request.headers) == {"X-API-Key": "k"}
    assert (
        ready(auth="api key", key_name="?key", secret=Secret("k/1")).request.url
        == "http://h/p?key=k%2F1"
    )
    env = Environment(name="e", username="u", password=Secret("p"), token=Secret("t")).values()
    assert dict(ready(env, auth="bearer").request.headers)["Authorization"] == "Bearer t"
    assert dict(ready(env, auth="basic").request.headers)["Authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"url": "{{nope}}/x"}, "url: there is no value for {{nope}}"),
        ({"url": "example.com"}, "does not start with http"),
        ({"url": "http://h:99999/"}, "url: 'http://h:99999/' is not a URL"),
        ({"url": "gopher://h/"}, "url: 'gopher://h/' is not a URL"),
        ({"url": "http://a:b@h/"}, "put the user and password into the authentication"),
        ({"headers": [Pair(name="X Y", value="1")]}, "headers: 'X Y' is not the name of a header"),
        ({"headers": [Pair(name="X", value="a\r\nEvil: 1")]}, "no line breaks"),
        ({"auth": "bearer"}, "secret: bearer needs one"),
        ({"body_kind": "json", "body": "{"}, "body: it is not JSON"),
        ({"body_kind": "file"}, "needs a file"),
        ({"proxy": "http://evil:1"}, "is not in the settings"),
    ],
)
def test_what_cannot_be_sent_is_explained_by_field(fields, message):
    with pytest.raises(ToolkitError) as caught:
        ready(**fields)

    assert message in str(caught.value)


def test_bodies_of_each_kind():
    upload = File(name='a".txt', content=base64.b64encode(b"data"))
    form = [Pair(name="a b", value="ü&")]

    assert ready(body_kind="form", form=form).request.body == b"a+b=%C3%BC%26"
    assert ready(upload=upload, body_kind="file").request.body == b"data"
    multipart = ready(upload=upload, body_kind="multipart", form=form).request
    kind = dict(multipart.headers)["Content-Type"]
    assert kind.startswith("multipart/form-data; boundary=")
    assert b'filename="a%22.txt"' in multipart.body
    assert multipart.body.endswith(b"--" + kind.partition("=")[2].encode() + b"--\r\n")


CURL = """curl 'https://api.example.com/v1/users?x=1' \\
  -X POST -H 'Content-Type: application/json' -H 'Authorization: Bearer abc.def' \\
  --data-raw '{"name": "Ann"}' -L -k --max-time 12 -s"""


def test_a_curl_command_becomes_a_request():
    made, dropped = curl.read(CURL)

    assert (made.name, made.method, made.url) == (
        "POST /v1/users",
        "POST",
        "https://api.example.com/v1/users?x=1",
    )
    assert (made.auth, made.secret.reveal()) == ("bearer", "abc.def")
    assert (made.body_kind, made.body, made.headers) == ("json", '{"name": "Ann"}', [])
    assert (made.follow_redirects, made.verify_tls, made.timeout_seconds) == (True, False, 12.0)
    assert dropped == []


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("curl example.com", {"method": "GET", "url": "http://example.com", "body_kind": "none"}),
        ("curl -u ann:pw https://h/", {"auth": "basic", "username": "ann"}),
        ("curl https://ann:pw@h:8/x", {"auth": "basic", "url": "https://h:8/x"}),
        ("curl -d a=1 -d b=2 https://h/", {"method": "POST", "body_kind": "form"}),
        ("curl -G -d a=1 https://h/", {"method": "GET", "url": "https://h/?a=1"}),
        ("curl -I https://h/", {"method": "HEAD"}),
        ("curl -XPUT --json '{}' https://h/", {"method": "PUT", "body_kind": "json"}),
        ("curl -H 'X-API-Key: k' https://h/", {"auth": "api key", "key_name": "X-API-Key"}),
        ("curl --data-binary $'a\\nb' -H 'Content-Type: text/csv' https://h/", {"body": "a\nb"}),
        ("curl -F a=1 -F f=@x.txt https://h/", {"body_kind": "multipart"}),
        ("curl -sSLk https://h/", {"follow_redirects": True, "verify_tls": False}),
    ],
)  # fmt: skip
def test_the_usual_options_of_curl_are_read(command, wanted):
    made, _ = curl.read(command)

    assert {name: getattr(made, name) for name in wanted} == wanted


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("wget x", "does not begin with curl"), ("curl 'x", "quotes do not match"),
        ("curl -s", "names no URL"), ("curl --frob x", "--frob is not known"),
        ("curl -X BREW http://h/", "method BREW is not known"),
    ],
)  # fmt: skip
def test_what_is_no_curl_command_is_explained(command, message):
    with pytest.raises(ToolkitError, match=message):
        curl.read(command)


def test_a_request_written_as_curl_is_read_back_the_same():
    made, _ = curl.read(CURL)
    text = curl.write(made)

    assert "abc.def" not in text
    again, _ = curl.read(text)
    for name in ("method", "url", "auth", "body_kind", "body", "follow_redirects", "verify_tls"):
        assert getattr(again, name) == getattr(made, name)


SPEC = """
openapi: 3.0.3
info: {title: Shop, version: "1"}
servers: [{url: "https://{zone}.example.com/api/", variables: {zone: {default: eu}}}]
components:
  securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}
  schemas:
    Pet:
      type: object
      required: [id, name]
      properties:
        id: {type: integer, example: 7}
        name: {type: string, nullable: true}
        parent: {$ref: '#/components/schemas/Pet'}
security: [{key: []}]
paths:
  /pets/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    get:
      operationId: getPet
      parameters: [{name: verbose, in: query, required: true, schema: {type: boolean, default: true}}]
      responses:
        "200": {content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
    put:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
      responses: {"204": {description: done}}
"""


def test_an_openapi_document_becomes_requests():
    ctx = fake_context(toolkit)

    section = ctx.run("import_openapi", collection="shop", text=SPEC, schemas=True)

    get, put = ctx.records(SavedRequest).list()
    assert section.views[0].value == 2
    assert (get.name, get.url) == ("getPet", "{{base_url}}/pets/{{id}}")
    assert (get.auth, get.key_name) == ("api key", "X-Key")
    assert get.query == [Pair(name="verbose", value="true")]
    assert json.loads(put.body) == {"id": 7, "name": "text"}
    assert put.assertions[0].value == "204"
    environment = ctx.records(Environment).list()[0]
    assert environment.values() == {"base_url": "https://eu.example.com/api"}
    schema = get.assertions[1]
    assert asserting.check([schema], answer(b'{"id": 1, "name": null}'))[0].holds
    assert not asserting.check([schema], answer(b'{"id": "x", "name": null}'))[0].holds
    assert ctx.run("import_openapi", collection="shop", text=SPEC).views[0].value == 0


def test_swagger_2_is_read_too():
    document = {
        "swagger": "2.0", "host": "h", "basePath": "/v1", "schemes": ["http"],
        "paths": {"/x": {"post": {"parameters": [
            {"in": "body", "name": "b", "schema": {"type": "object", "properties": {"a": {"type": "string"}}}}
        ], "responses": {"201": {}}}}},
    }  # fmt: skip
    made = openapi.requests(openapi.load(json.dumps(document)), "c", schemas=False)[0]

    assert openapi.base_url(document) == "http://h/v1"
    assert (made.name, json.loads(made.body)) == ("POST /x", {"a": "text"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read"),
        ("a: [", "cannot be read"),
        ("a: 1", "no paths"),
        ("paths: {}", "of no version"),
    ],
)
def test_what_is_no_openapi_document_is_explained(text, message):
    with pytest.raises(ToolkitError, match=message):
        fake_context(toolkit).run("import_openapi", collection="c", text=text)


def test_a_dry_run_of_an_import_saves_nothing():
    ctx = fake_context(toolkit, dry_run=True)

    ctx.run("import_curl", command=CURL)
    ctx.run("import_openapi", collection="shop", text=SPEC)

    assert ctx.records(SavedRequest).list() == []
    assert ctx.records(Environment).list() == []


def test_empty_states_say_what_to_do():
    ctx = fake_context(toolkit)

    assert "run it" in ctx.card("collections").detail
    with pytest.raises(ToolkitError, match="no saved requests"):
        ctx.run("run_collection", collection="none")
    with pytest.raises(ToolkitError, match="paste it, give a file"):
        ctx.run("import_openapi", collection="c")
