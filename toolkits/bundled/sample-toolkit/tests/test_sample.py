"""Unit tests of the sample. They need the SDK alone: ``pytest`` from the bundle's folder."""

import base64

import pytest
from toolkit_sdk import Cancelled, ToolkitError, views
from toolkit_sdk.testing import InvalidInputs, fake_context

from sample_toolkit import toolkit
from sample_toolkit.app import Service


def test_hello_uses_the_greeting_of_the_settings():
    ctx = fake_context(toolkit, settings={"greeting": "Moin"})

    assert ctx.run("hello", name="Ada") == views.Text(text="Moin, Ada!")
    assert ctx.logs == ["greeting Ada"]


def test_every_input_has_a_default():
    shown = {item.label: item.value for item in fake_context(toolkit).run("every_input").items}

    assert shown["colours"] == "red"
    assert shown["secret"] == "not given"


def test_a_wrong_ticket_is_refused_at_its_field():
    with pytest.raises(InvalidInputs) as caught:
        fake_context(toolkit).run("every_input", ticket="123")

    assert caught.value.errors == {"ticket": "'123' is not a ticket; write it like OPS-123"}


def test_words_are_counted_in_text_and_in_a_file():
    ctx = fake_context(toolkit)
    upload = {"name": "a.txt", "content": base64.b64encode(b"b a b").decode()}

    assert ctx.run("count_words", text="One two, one").rows[0] == {"word": "one", "count": 2}
    assert ctx.run("count_words", upload=upload).rows[0] == {"word": "b", "count": 2}
    with pytest.raises(ToolkitError, match="no text to count"):
        ctx.run("count_words")


def test_a_slow_run_reports_progress_and_can_be_cancelled():
    ctx = fake_context(toolkit, settings={"pause_seconds": 0})
    assert ctx.run("slow", steps=3).value == 3
    assert ctx.platform.reports[-1] == (3, 3, "Working")

    ctx.cancel()
    with pytest.raises(Cancelled):
        ctx.run("slow", steps=3)


def test_a_note_is_counted_and_remembered():
    ctx = fake_context(toolkit)
    service = ctx.add(Service(name="mail"))

    ctx.run("take_note", service=service, note="rebooted")

    assert ctx.records(Service).list()[0].notes == 1
    assert "Last: mail: rebooted" in ctx.card("notes_this_week").detail
    assert ctx.run("notes_by_day").bars[0].value == 1


def test_a_dry_run_changes_nothing():
    dry, wet = fake_context(toolkit, dry_run=True), fake_context(toolkit)
    for ctx in (dry, wet):
        ctx.add(Service(name="mail", notes=3))
        assert ctx.run("forget_notes").rows == [{"service": "mail", "forgotten": 3}]

    assert dry.records(Service).list()[0].notes == 3
    assert wet.records(Service).list()[0].notes == 0


def test_services_are_exported_as_a_file():
    ctx = fake_context(toolkit)
    ctx.add(Service(name="mail", owner="ops", tags=["a", "b"]))

    ctx.run("export_services")

    lines = ctx.platform.artifacts["services.csv"].decode().splitlines()
    assert lines == ["name,owner,tier,tags,notes", "mail,ops,standard,a b,0"]


def test_another_operation_can_be_run():
    assert fake_context(toolkit).run("compose", names=["Ada"])[0]["text"] == "Hello, Ada!"


def test_steps_that_are_done_are_not_done_again():
    ctx = fake_context(toolkit, settings={"pause_seconds": 0})
    with pytest.raises(ToolkitError, match="web-2 does not answer"):
        ctx.run("roll_out", fail_at="web-2")
    assert ctx.logs == ["web-1 is done"]

    table = ctx.run("roll_out")

    assert ctx.logs == ["web-1 is done", "web-2 is done", "web-3 is done"]
    assert [row["done in"] for row in table.rows] == ["attempt 1"] * 3


def test_services_are_looked_after_in_threads_and_people_are_told():
    ctx = fake_context(toolkit)
    for name, owner in (("mail", "ops"), ("wiki", ""), ("shop", "web")):
        ctx.add(Service(name=name, owner=owner))

    table = ctx.run("look_after", team="ops", seconds=0)

    assert {row["service"] for row in table.rows} == {"mail", "wiki"}
    assert ctx.platform.notices[0]["title"] == "ops looked after 2 services"
    with pytest.raises(ToolkitError, match="no service belongs to db"):
        fake_context(toolkit).run("look_after", team="db")


def test_what_is_not_given_is_said():
    ctx = fake_context(toolkit)
    ctx.platform.told = {}

    said = {item.label: item.value for item in ctx.run("not_given").items}

    assert said["secret"].startswith("not_found")
    assert said["health"].startswith("forbidden")


def test_many_are_greeted_each_by_a_child():
    table = fake_context(toolkit).run("greet_many", names=["Ada", ""])

    assert [row["state"]["text"] for row in table.rows] == ["succeeded", "failed"]


def test_the_gallery_shows_every_view():
    shown = {view.view for view in fake_context(toolkit).run("gallery").views}

    assert len(shown) == 11


def test_cards_tell_what_to_do_when_there_is_nothing():
    ctx = fake_context(toolkit)

    assert "No services yet" in ctx.card("tiers").text
    assert "to begin" in ctx.card("notes_this_week").detail
