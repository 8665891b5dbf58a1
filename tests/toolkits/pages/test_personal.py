"""What people keep for themselves: favourites, saved inputs and filters, their dashboard."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.http import QueryDict
from django.test import Client

from accounts.models import User
from tests.support.factories import make_job, make_row, make_user, operation
from toolkits import console
from toolkits.jobs.states import JobState
from toolkits.models import Job, RunPreset, Toolkit
from toolkits.pages import forms, snippets

RUN = "/toolkits/net/run/hello/"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["host"],
    "properties": {
        "host": {"type": "string", "minLength": 1},
        "count": {"type": "integer", "default": 1},
        "loud": {"type": "boolean", "default": True},
        "ports": {"type": "array", "items": {"type": "integer"}, "default": [443]},
        "rules": {
            "type": "array",
            "items": {"type": "object", "properties": {"name": {"type": "string"}}},
            "default": [],
        },
        "limits": {
            "type": "object",
            "properties": {"most": {"type": "integer", "default": 5}},
            "default": {"most": 5},
        },
        "token": {"type": "string", "x-secret": True, "default": ""},
    },
}
INPUTS = {
    "host": "it's a host",
    "count": 2,
    "loud": False,
    "ports": [],
    "rules": [{"name": "a"}, {"name": "b"}],
    "limits": {"most": 7},
}


@pytest.fixture
def kit(db: None) -> Toolkit:
    return make_row(
        "net",
        operations=[operation("hello", inputs=SCHEMA)],
        cards=[
            {"name": "one", "title": "First card", "refresh": 60},
            {"name": "two", "title": "Second card", "refresh": 60},
        ],
    )


@pytest.fixture
def signed_in(client: Client, user: User, kit: Toolkit) -> Client:
    client.force_login(user)
    return client


def test_inputs_are_kept_under_a_name_without_secrets(signed_in: Client, user: User) -> None:
    typed = {"host": "db1", "count": "3", "token": "s3cret", "_save": "on", "_name": "The usual"}
    answer = signed_in.post(RUN, typed)
    preset = RunPreset.objects.get()
    assert answer.headers["Location"] == f"{RUN}?_preset={preset.pk}"
    assert "token" not in preset.inputs
    assert preset.inputs["host"] == "db1"
    assert not Job.objects.exists()
    text = signed_in.get(answer.headers["Location"]).content.decode()
    assert 'value="db1"' in text
    assert "The usual" in text
    assert "s3cret" not in text


def test_saved_inputs_of_others_are_seen_only_when_they_are_shared(
    signed_in: Client, kit: Toolkit, curator: User
) -> None:
    described = kit.operations[0]
    inputs = {"host": "h"}
    own = console.save_preset(curator, kit, described, "Secret plan", inputs, shared=False)
    console.save_preset(curator, kit, described, "For all", inputs, shared=True)
    text = signed_in.get(RUN).content.decode()
    assert "For all" in text
    assert "Secret plan" not in text
    assert 'value="h"' not in signed_in.get(f"{RUN}?_preset={own.pk}").content.decode()
    assert signed_in.post(f"/presets/{own.pk}/delete/").status_code == 404
    assert RunPreset.objects.count() == 2


def test_what_was_run_last_can_be_filled_in_again(
    signed_in: Client, kit: Toolkit, user: User
) -> None:
    job = make_job(kit, user, state=JobState.SUCCEEDED, inputs={"host": "last"})
    assert f"?_from={job.pk}" in signed_in.get(RUN).content.decode()


def test_a_favourite_stands_on_the_dashboard_until_it_is_none(signed_in: Client) -> None:
    signed_in.post(RUN + "favourite/")
    assert "favourites" in signed_in.get("/").content.decode()
    part = signed_in.post(RUN + "favourite/", headers={"HX-Request": "true"}).content.decode()
    assert 'aria-pressed="false"' in part
    assert 'class="favourites"' not in signed_in.get("/").content.decode()


def test_a_favourite_that_one_may_no_longer_run_is_not_shown(
    signed_in: Client, kit: Toolkit
) -> None:
    signed_in.post(RUN + "favourite/")
    kit.enabled = False
    kit.save()
    assert 'class="favourites"' not in signed_in.get("/").content.decode()


def test_the_dashboard_is_arranged_by_each_person_for_themselves(
    signed_in: Client, curator: User
) -> None:
    form = {
        "card": ["net.one", "net.two"],
        "shown": ["net.two"],
        "place:net.one": "2",
        "place:net.two": "1",
    }
    signed_in.post("/arrange/", form)
    text = signed_in.get("/").content.decode()
    assert "Second card" in text
    assert "First card" not in text
    again = signed_in.get("/arrange/").context["cards"]
    assert [(card["key"], card["hidden"]) for card in again] == [
        ("net.two", False),
        ("net.one", True),
    ]
    signed_in.force_login(curator)
    assert "First card" in signed_in.get("/").content.decode()


def test_a_filter_of_jobs_is_kept_and_forgotten(signed_in: Client) -> None:
    form = {"name": "My <problems>", "query": "state=problems&before=1"}
    answer = signed_in.post("/jobs/filters/", form)
    assert answer.headers["Location"] == "/jobs/?state=problems"
    text = signed_in.get("/jobs/").content.decode()
    assert "My &lt;problems&gt;" in text
    signed_in.post("/jobs/filters/drop/", {"name": "My <problems>"})
    assert "problems&gt;" not in signed_in.get("/jobs/").content.decode()


def test_a_link_fills_in_the_form_as_it_was(kit: Toolkit) -> None:
    made = snippets.of(kit, kit.operations[0], INPUTS)
    read = forms.read(SCHEMA, QueryDict(urlsplit(made.link).query), partial=True)
    assert read.inputs == INPUTS
    assert not read.errors


def test_texts_to_copy_are_quoted_and_hold_no_secret(kit: Toolkit) -> None:
    made = snippets.of(kit, kit.operations[0], {**INPUTS, "token": "s3cret"})
    assert "s3cret" not in made.json + made.curl + made.cli + made.link
    assert made.left_out == ["token"]
    assert '\'{"host": "it\'"\'"\'s a host"' in made.curl
    plain = snippets.of(kit, kit.operations[0], {"host": "a b", "ports": [1, 2], "loud": True})
    assert re.sub(r" \\\n +", " ", plain.cli) == (
        "manage.py toolkit run net hello --input 'host=a b' --input ports=1 --input ports=2"
        " --input loud=true"
    )


def test_what_is_typed_is_made_into_texts_and_not_run(signed_in: Client) -> None:
    form = {"host": "typed-host", "_copy": "on"}
    part = signed_in.post(RUN, form, headers={"HX-Request": "true"}).content.decode()
    assert "host=typed-host" in part
    assert "<html" not in part
    assert 'value="typed-host"' in signed_in.post(RUN, form).content.decode()
    assert not Job.objects.exists()


def test_an_empty_name_keeps_nothing(signed_in: Client) -> None:
    answer = signed_in.post(RUN, {"host": "a", "_save": "on", "_name": " "})
    assert answer.status_code == 422
    assert not RunPreset.objects.exists()


def test_personal_things_stay_with_their_person(signed_in: Client, kit: Toolkit) -> None:
    other = make_user()
    console.toggle_favourite(other, "net.hello")
    console.save_filter(other, "theirs", "state=failed")
    assert 'class="favourites"' not in signed_in.get("/").content.decode()
    assert "theirs" not in signed_in.get("/jobs/").content.decode()
