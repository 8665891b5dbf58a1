"""The parts that a request is made of, as forms and records have them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
AuthKind = Literal["none", "bearer", "basic", "api key"]
BodyKind = Literal["none", "json", "text", "form", "multipart", "file"]


class Pair(BaseModel):
    """A name and a value, for queries, headers and forms."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=200)
    value: str = Field(default="", max_length=10_000)


class Assertion(BaseModel):
    """Something that the response must be."""

    model_config = ConfigDict(extra="forbid")
    what: Literal["status", "header", "json", "body", "time", "schema"] = Field(
        default="status", description="Which part of the response is looked at"
    )
    path: str = Field(
        default="",
        max_length=500,
        description="A header's name, or a JSONPath like $.items[0].id",
    )
    check: Literal[
        "is", "is not", "contains", "matches", "exists", "is absent", "is less than", "is more than"
    ] = "is"
    value: str = Field(
        default="",
        max_length=100_000,
        description="Status: 200, 2xx or 200-204. Time: milliseconds. Schema: a JSON Schema",
    )


class Extract(BaseModel):
    """A variable that is taken from a response for the requests that follow."""

    model_config = ConfigDict(extra="forbid")
    variable: str = Field(pattern=r"^[A-Za-z_][\w.\-]{0,99}$")
    path: str = Field(min_length=1, max_length=500, description="A JSONPath like $.token")
