"""The registry, the settings and the collections."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator
from toolkit_sdk import Record, Secret, Toolkit
from toolkit_sdk.net import ProbeSettings

toolkit = Toolkit()


# Settings are one record that a curator edits. Every field needs a default: the toolkit must
# work, or say what it lacks, on the day that it is installed. Derive from ``Settings``, or, for a
# toolkit that reaches what people name, from ``ProbeSettings``: an administrator can then say
# which addresses may be reached, and ``ctx.http`` keeps to it.
@toolkit.settings
class Config(ProbeSettings):
    """How the sample behaves."""

    greeting: str = Field(default="Hello", min_length=1, max_length=40)
    pause_seconds: float = Field(
        default=0.2, ge=0, le=5, description="How long each step of a slow run takes"
    )
    # A Secret is kept in Vault. It never comes back in a response, and a log line that holds
    # it is redacted. ``ctx.settings.api_token.reveal()`` gives the value to your code.
    api_token: Secret | None = None
    api_host: str = Field(
        default="", max_length=253, description="The only host that the token is sent to"
    )


# A collection is a table of records that people edit in the console and over the API. Its class
# name is the type by which operations refer to a record.
@toolkit.collection("services", title="Services")
class Service(Record):
    """A service that the team looks after."""

    name: str = Field(min_length=1, max_length=60, description="What people call it")
    owner: str = Field(default="", max_length=60)
    tier: Literal["critical", "standard", "best effort"] = "standard"
    tags: list[str] = Field(default_factory=list, max_length=20)
    notes: int = Field(
        default=0, ge=0, description="How many notes were taken; kept by the toolkit"
    )
    token: Secret | None = Field(default=None, description="Kept in Vault, like every secret")

    # The platform checks a record by its JSON Schema before it is stored. Validators like this
    # one run when your code reads or writes it.
    @field_validator("name")
    @classmethod
    def _trimmed(cls, value: str) -> str:
        return value.strip()
