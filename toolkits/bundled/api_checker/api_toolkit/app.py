"""The registry, the settings, environments and saved requests."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator
from toolkit_sdk import LongText, Record, Secret, Toolkit
from toolkit_sdk.net import ProbeSettings

from api_toolkit.parts import Assertion, AuthKind, BodyKind, Extract, Method, Pair

toolkit = Toolkit()
BODY_CHARS = 500_000


@toolkit.settings
class Config(ProbeSettings):
    """Limits, proxies, and which addresses may be reached."""

    timeout_seconds: float = Field(default=30, ge=0.1, le=300, description="Unless a request says")
    body_limit_kib: int = Field(
        default=1024, ge=1, le=16_384, description="How much of a response's body is read"
    )
    shown_kib: int = Field(default=64, ge=1, le=512, description="How much of it a result shows")
    max_redirects: int = Field(default=10, ge=0, le=50)
    proxies: list[str] = Field(
        default_factory=list,
        max_length=20,
        description="Proxies that requests may choose, like http://proxy.example.com:3128",
    )
    keep_days: int = Field(default=90, ge=1, le=3650, description="How long history is kept")

    @field_validator("proxies")
    @classmethod
    def _urls(cls, value: list[str]) -> list[str]:
        for entry in value:
            if not entry.startswith(("http://", "https://")):
                raise ValueError(f"{entry!r} is not a URL of a proxy")
        return value


@toolkit.collection("environments", title="Environments")
class Environment(Record):
    """Values for the variables of requests: one for test, one for production."""

    name: str = Field(min_length=1, max_length=100)
    variables: list[Pair] = Field(
        default_factory=list, max_length=100, description="Used as {{name}}; base_url for one"
    )
    username: str = Field(default="", max_length=200, description="Used as {{username}}")
    password: Secret | None = Field(default=None, description="Used as {{password}}")
    token: Secret | None = Field(default=None, description="Used as {{token}}")
    api_key: Secret | None = Field(default=None, description="Used as {{api_key}}")

    def values(self) -> dict[str, str]:
        """All variables with their values, those from Vault among them."""
        found = {pair.name: pair.value for pair in self.variables}
        if self.username:
            found["username"] = self.username
        for name in ("password", "token", "api_key"):
            secret: Secret | None = getattr(self, name)
            if secret is not None:
                found[name] = secret.reveal()
        return found


@toolkit.collection("requests", title="Saved requests")
class SavedRequest(Record):
    """A request to send again, by itself or with its collection."""

    name: str = Field(min_length=1, max_length=200)
    collection: str = Field(default="", max_length=100, description="Requests run together by it")
    position: int = Field(default=0, ge=0, le=10_000, description="Order in the collection")
    method: Method = "GET"
    url: str = Field(min_length=1, max_length=4000, description="{{base_url}}/users/{{id}}")
    query: list[Pair] = Field(default_factory=list, max_length=100)
    headers: list[Pair] = Field(default_factory=list, max_length=100)
    auth: AuthKind = "none"
    username: str = Field(default="", max_length=200, description="For basic")
    secret: Secret | None = Field(
        default=None, description="The token, password or key, kept in Vault"
    )
    key_name: str = Field(
        default="X-API-Key", max_length=100, description="For an API key: ?name for a query's"
    )
    body_kind: BodyKind = "none"
    body: LongText = Field(
        default="", max_length=BODY_CHARS, json_schema_extra={"x-widget": "textarea"}
    )
    form: list[Pair] = Field(default_factory=list, max_length=200)
    content_type: str = Field(default="", max_length=200, description="For a text or a file")
    follow_redirects: bool = True
    verify_tls: bool = True
    timeout_seconds: float | None = Field(default=None, ge=0.1, le=300)
    proxy: str = Field(default="", max_length=300, description="One of those in the settings")
    assertions: list[Assertion] = Field(default_factory=list, max_length=50)
    extracts: list[Extract] = Field(default_factory=list, max_length=20)
    tags: list[str] = Field(default_factory=list, max_length=20)
    note: str = Field(default="", max_length=1000)


Assertions = Annotated[
    list[Assertion], Field(max_length=50, description="What the response must be")
]
Variables = Annotated[
    list[Pair],
    Field(max_length=100, description="Values of {{variables}}, before the environment's"),
]
