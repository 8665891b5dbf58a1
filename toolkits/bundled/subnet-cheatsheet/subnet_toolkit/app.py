"""The registry and the plan of named subnets."""

from __future__ import annotations

from pydantic import Field
from toolkit_sdk import Record, Toolkit

toolkit = Toolkit()

_BYTE = r"(25[0-5]|2[0-4]\d|1?\d?\d)"
_FOUR = rf"{_BYTE}(\.{_BYTE}){{3}}\/(3[0-2]|[12]?\d)"
_SIX = r"[0-9A-Fa-f.]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*\/(12[0-8]|1[01]\d|\d?\d)"


@toolkit.collection("subnets", title="Plan of subnets")
class Subnet(Record):
    """A subnet with a name. Subnets may nest; two that are equal collide."""

    name: str = Field(min_length=1, max_length=100)
    cidr: str = Field(
        min_length=1,
        max_length=60,
        pattern=rf"^({_FOUR}|{_SIX})$",
        json_schema_extra={"x-says": "write a network such as 10.20.0.0/24 or 2001:db8:1::/64"},
        description="Like 10.20.0.0/24 or 2001:db8:1::/64",
    )
    parent: bool = Field(
        default=False, description="A block that other subnets are cut from: nesting is meant"
    )
    vlan: int | None = Field(default=None, ge=1, le=4094)
    site: str = Field(default="", max_length=100)
    gateway: str = Field(default="", max_length=60)
    owner: str = Field(default="", max_length=100)
    tags: list[str] = Field(default_factory=list, max_length=20)
    note: str = Field(default="", max_length=500)
