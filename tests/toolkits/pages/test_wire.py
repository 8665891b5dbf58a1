"""Inputs that are called what a form of a browser has of its own."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.test import Client

from accounts.models import User
from tests.support.factories import make_row, operation
from toolkits.models import Job
from toolkits.pages import fields, forms
from toolkits.schemas import Schema

SCHEMA: Schema = {
    "type": "object",
    "properties": {
        "method": {"type": "string", "default": "GET"},
        "matches": {"type": "array", "items": {"type": "string"}, "x-widget": "list"},
        "host": {"type": "string"},
        "style": {"type": "object", "x-file": True},
        "title": {"type": "string", "x-show-if": {"field": "method", "values": ["POST"]}},
    },
}


def test_controls_are_not_called_what_a_form_has_of_its_own() -> None:
    made = {field.name: field for field in fields.build(SCHEMA, {})[0]}
    assert {name: field.sent_as for name, field in made.items()} == {
        "method": "method.", "matches": "matches.", "host": "host", "style": "style.",
        "title": "title.",
    }  # fmt: skip
    assert made["title"].show_if == {"field": "method.", "values": ["POST"]}


def test_what_they_send_is_read_under_either_name() -> None:
    for mark in ("", "."):
        data = QueryDict(f"method{mark}=POST&matches{mark}=a&matches{mark}=b&host=edge.")
        upload = SimpleUploadedFile("a.txt", b"text")
        read = forms.read(SCHEMA, data, {f"style{mark}": upload})
        assert read.inputs["method"] == "POST"
        assert read.inputs["matches"] == ["a", "b"]
        assert read.inputs["host"] == "edge."
        assert read.inputs["style"]["name"] == "a.txt"


def test_a_job_gets_them_and_the_form_shows_them_again(client: Client, user: User) -> None:
    inputs = {**SCHEMA, "required": ["host"], "additionalProperties": False}
    make_row("net", operations=[operation("send", inputs=inputs)])
    client.force_login(user)
    typed = {"method.": "PUT", "matches.": ["a", "b"], "title.": "T"}
    again = client.post("/toolkits/net/run/send/", typed)
    assert again.status_code == 422
    assert 'name="method."' in again.content.decode()
    assert 'value="PUT"' in again.content.decode()
    assert client.post("/toolkits/net/run/send/", {**typed, "host": "h"}).status_code == 302
    asked = Job.objects.get().inputs
    assert (asked["method"], asked["matches"], asked["title"]) == ("PUT", ["a", "b"], "T")
