"""Parameters that refer to records: one, perhaps one, or several."""

from typing import Annotated

import pytest
from pydantic import Field
from toolkit_sdk import Context, Record, Toolkit
from toolkit_sdk.describe import describe
from toolkit_sdk.testing import InvalidInputs, fake_context

toolkit = Toolkit()


@toolkit.collection("hosts")
class Host(Record):
    name: str


@toolkit.operation()
def one(ctx: Context, host: Annotated[Host, Field(description="Which")]) -> str:
    return host.name


@toolkit.operation()
def perhaps(ctx: Context, host: Host | None = None) -> str:
    return host.name if host else "none"


@toolkit.operation()
def several(ctx: Context, hosts: list[Host] = []) -> list[str]:
    return [host.name for host in hosts]


def test_each_shape_is_described_with_its_collection():
    described = {
        entry["name"]: entry["inputs"]["properties"]
        for entry in describe(toolkit, "1")["operations"]
    }

    assert described["one"]["host"]["x-record"] == "hosts"
    assert described["one"]["host"]["description"] == "Which"
    assert described["perhaps"]["host"]["anyOf"][0]["x-record"] == "hosts"
    assert described["several"]["hosts"]["items"]["x-record"] == "hosts"


def test_the_function_is_given_the_records():
    ctx = fake_context(toolkit)
    ada, bob = ctx.add(Host(name="ada")), ctx.add(Host(name="bob"))

    assert ctx.run("one", host=ada) == "ada"
    assert ctx.run("perhaps") == "none"
    assert ctx.run("perhaps", host=bob) == "bob"
    assert ctx.run("several", hosts=[bob, ada]) == ["bob", "ada"]


def test_inputs_that_do_not_fit_are_named_by_place():
    with pytest.raises(InvalidInputs) as caught:
        fake_context(toolkit).run("several", hosts=["x", 3])

    assert list(caught.value.errors) == ["hosts.1"]
