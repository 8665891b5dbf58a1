"""The registry, the settings and the hosts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator
from toolkit_sdk import LongText, Record, Toolkit
from toolkit_sdk.net import Host as Address
from toolkit_sdk.net import ProbeSettings

toolkit = Toolkit()

Protocol = Literal["tls", "smtp", "imap", "pop3", "ftp", "ldap", "postgresql"]
PORTS: dict[str, int] = {
    "tls": 443, "smtp": 25, "imap": 143, "pop3": 110, "ftp": 21, "ldap": 389, "postgresql": 5432,
}  # fmt: skip


#: What is said while there is nothing to look at.
NO_HOSTS = (
    "There is nothing to watch yet. Add servers under "
    "[Hosts](/toolkits/tls-watchtower/records/hosts/), many at once with "
    "[Add hosts](/toolkits/tls-watchtower/run/add_hosts/), or certificates under "
    "[Certificate files](/toolkits/tls-watchtower/records/certificates/)."
)
NO_SWEEP = (
    "No sweep has seen anything yet. Run or schedule "
    "[Sweep all hosts](/toolkits/tls-watchtower/run/sweep/)."
)


@toolkit.settings
class Config(ProbeSettings):
    """Thresholds, limits, and which addresses may be reached."""

    warning_days: int = Field(default=30, ge=1, le=365, description="Warn from this many days left")
    critical_days: int = Field(default=7, ge=0, le=365, description="Critical from this many")
    timeout_seconds: float = Field(default=10, ge=0.5, le=60, description="For each handshake")
    retries: int = Field(default=1, ge=0, le=5, description="More tries where none came about")
    workers: int = Field(default=16, ge=1, le=64, description="Handshakes at the same time")
    trusted: LongText = Field(
        default="",
        max_length=500_000,
        title="Trusted authorities",
        description="PEM of your own authorities, trusted beside those of the system",
        json_schema_extra={"x-widget": "textarea"},
    )
    keep_days: int = Field(default=400, ge=7, le=3650, description="How long history is kept")

    @model_validator(mode="after")
    def _ordered(self) -> Config:
        if self.critical_days > self.warning_days:
            raise ValueError("critical_days must not be more than warning_days")
        return self


@toolkit.collection("hosts", title="Hosts")
class Host(Record):
    """A server whose certificate is watched."""

    host: Address = Field(min_length=1, max_length=253, description="Name or address")
    port: int | None = Field(
        default=None, ge=1, le=65535, description="Empty: the usual port of the protocol"
    )
    protocol: Protocol = Field(
        default="tls", description="tls: TLS from the first byte; the others ask by STARTTLS"
    )
    server_name: str = Field(
        default="", max_length=253, description="Name to ask for (SNI), where it is another one"
    )
    warning_days: int | None = Field(default=None, ge=1, le=365)
    critical_days: int | None = Field(default=None, ge=0, le=365)
    owner: str = Field(default="", max_length=100)
    tags: list[str] = Field(default_factory=list, max_length=20)
    note: str = Field(default="", max_length=500)
    enabled: bool = Field(default=True, description="Part of the sweep")

    @property
    def label(self) -> str:
        """How it is shown."""
        address = f"[{self.host}]" if ":" in self.host else self.host
        name = f" as {self.server_name}" if self.server_name else ""
        return f"{address}:{self.port or PORTS[self.protocol]}{name}"


@toolkit.collection("certificates", title="Certificate files")
class Certificate(Record):
    """A certificate that no host shows, such as a client's or a signer's, watched by the sweep."""

    name: str = Field(min_length=1, max_length=100)
    # Not checked by a validator: one that cannot be read must not hide the others from the sweep.
    pem: LongText = Field(
        min_length=1,
        max_length=100_000,
        title="PEM",
        description="The certificate, then its chain; no private key",
        json_schema_extra={"x-widget": "textarea"},
    )
    host: str = Field(
        default="", max_length=253, description="A host name that it should be good for"
    )
    warning_days: int | None = Field(default=None, ge=1, le=365)
    critical_days: int | None = Field(default=None, ge=0, le=365)
    owner: str = Field(default="", max_length=100)
    tags: list[str] = Field(default_factory=list, max_length=20)
    note: str = Field(default="", max_length=500)
    enabled: bool = Field(default=True, description="Part of the sweep")

    @property
    def label(self) -> str:
        """How it is shown."""
        return self.name
