"""What a parameter asks of the form: choices from code, and what shows it."""

from typing import Annotated, Any, Literal

import pytest
from toolkit_sdk import Choices, Context, Secret, ShowIf, Toolkit
from toolkit_sdk.describe import describe
from toolkit_sdk.errors import DescribeError


def with_provider(**options: Any) -> Toolkit:
    toolkit = Toolkit()
    given = {"interactive": True, **options}

    @toolkit.operation(**given)
    def zones(ctx: Context, site: str = "a", depth: int = 1) -> list[str]:
        return [site]

    return toolkit


def inputs(toolkit: Toolkit, name: str) -> dict[str, Any]:
    found = describe(toolkit, "1.0.0")["operations"]
    return next(entry["inputs"] for entry in found if entry["name"] == name)


def test_choices_depend_on_the_inputs_that_the_provider_takes() -> None:
    toolkit = with_provider()

    @toolkit.operation()
    def move(
        ctx: Context,
        site: str,
        zone: Annotated[str, Choices("zones")] = "",
        other: Annotated[str | None, Choices("zones")] = None,
    ) -> None: ...

    schema = inputs(toolkit, "move")["properties"]
    assert schema["zone"]["x-choices"] == {"operation": "zones", "depends": ["site"]}
    assert schema["other"]["x-choices"]["depends"] == ["site"]


def test_a_field_says_what_shows_it() -> None:
    toolkit = Toolkit()

    @toolkit.operation()
    def move(
        ctx: Context,
        mode: Literal["all", "some"] = "all",
        names: Annotated[list[str], ShowIf("mode", "some")] = [],
    ) -> None: ...

    names = inputs(toolkit, "move")["properties"]["names"]
    assert names["x-show-if"] == {"field": "mode", "values": ["some"]}
    assert names["type"] == "array"


def wrong(toolkit: Toolkit, hint: Any, default: Any = "") -> str:
    def move(ctx: Context, site: str = "", zone: str = "") -> None: ...

    move.__annotations__["zone"] = hint
    move.__defaults__ = ("", default) if default is not ... else None
    toolkit.operation()(move)
    with pytest.raises(DescribeError) as refused:
        describe(toolkit, "1.0.0")
    return str(refused.value)


@pytest.mark.parametrize(
    ("hint", "text"),
    [
        (Annotated[str, Choices("nowhere")], "no operation 'nowhere'"),
        (Annotated[int, Choices("zones")], "choices are for str"),
        (Annotated[str, ShowIf("nothing")], "no input"),
        (Annotated[str, ShowIf("zone")], "no input"),
    ],
)
def test_what_does_not_fit_is_refused(hint: Any, text: str) -> None:
    assert text in wrong(with_provider(), hint)


def test_a_provider_that_changes_something_is_refused() -> None:
    assert "only reads" in wrong(with_provider(effect="change"), Annotated[str, Choices("zones")])
    slow = with_provider(interactive=False)
    assert "is interactive" in wrong(slow, Annotated[str, Choices("zones")])


def test_what_can_be_hidden_needs_a_default() -> None:
    text = wrong(with_provider(), Annotated[str, ShowIf("site", "a")], default=...)
    assert "needs a default" in text


def test_choices_depend_on_no_secret() -> None:
    toolkit = Toolkit()

    @toolkit.operation(interactive=True)
    def zones(ctx: Context, token: str) -> list[str]:
        return []

    @toolkit.operation()
    def move(
        ctx: Context, token: Secret | None = None, zone: Annotated[str, Choices("zones")] = ""
    ) -> None: ...

    with pytest.raises(DescribeError, match="which is secret"):
        describe(toolkit, "1.0.0")
