"""The registry, the settings, and the Zabbix instances."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator
from toolkit_sdk import LongText, Record, Secret, Toolkit
from toolkit_sdk.net import ProbeSettings

toolkit = Toolkit()

PEM: dict[str, Any] = {"x-widget": "textarea"}
URL = r"^https?://[^\s@?#]+$"
_EXAMPLE = "https://zabbix.example.com/zabbix"
PROXY = r"^$|^https?://[^\s@?#]+$"


@toolkit.settings
class Config(ProbeSettings):
    """Limits, and which addresses may be reached."""

    timeout_seconds: float = Field(
        default=30, ge=0.5, le=300, description="For each call of an API"
    )
    answer_limit_mib: int = Field(
        default=32, ge=1, le=256, description="The largest answer of an API that is read"
    )
    page_size: int = Field(
        default=200, ge=10, le=2000, description="Objects that are asked for at a time"
    )
    lock_seconds: float = Field(
        default=5, ge=0.1, le=300, description="How long a database statement waits for a lock"
    )
    statement_seconds: float = Field(
        default=600, ge=1, le=14_400, description="How long a database statement may run"
    )
    batch_rows: int = Field(
        default=10_000, ge=100, le=1_000_000, description="Rows that are deleted at a time"
    )


@toolkit.collection("instances", title="Instances")
class Instance(Record):
    """A Zabbix frontend whose API is used, with the token of a user of it."""

    name: str = Field(min_length=1, max_length=100)
    url: str = Field(
        min_length=1,
        max_length=1000,
        pattern=URL,
        json_schema_extra={"x-says": f"write a URL such as {_EXAMPLE}, without a user or a query"},
        title="URL",
        description=f"Of the frontend, like {_EXAMPLE}",
    )
    token: Secret | None = Field(
        default=None, description="An API token of Zabbix (Users, API tokens); kept in Vault"
    )
    verify_tls: bool = Field(default=True, title="Verify TLS")
    ca: LongText = Field(
        default="",
        max_length=100_000,
        title="Trusted authorities",
        description="PEM of your own authorities, trusted beside those of the system",
        json_schema_extra=PEM,
    )
    proxy: str = Field(
        default="",
        max_length=500,
        pattern=PROXY,
        json_schema_extra={"x-says": "write a URL such as http://proxy.example.com:3128"},
        description="HTTP proxy on the way there, like http://proxy.example.com:3128",
    )
    owner: str = Field(default="", max_length=100)
    note: str = Field(default="", max_length=1000)
    watched: bool = Field(default=True, description="Part of the card on the dashboard")

    @field_validator("url", "proxy")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        return value.strip().rstrip("/")
