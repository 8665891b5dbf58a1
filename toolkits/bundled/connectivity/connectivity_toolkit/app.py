"""The registry, the settings and the targets."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from toolkit_sdk import Record, Toolkit
from toolkit_sdk.net import Ports, ProbeSettings

toolkit = Toolkit()

Protocol = Literal["tcp", "udp", "tls"]
Expected = Literal["open", "closed"]
# What ``expand.hosts`` reads: names, addresses and networks, and a note behind them.
_ONE = r"[^\s,#\/!\x22'\(\)\{\}<>\|\\@&?=;$*^`~+]+(\/\d{1,3})?"
Hosts = Annotated[
    str,
    Field(
        pattern=rf"^\s*({_ONE}([,\s]+{_ONE})*\s*(#.*)?|#.*)$",
        json_schema_extra={"x-says": "write a name, an address, or a network such as 10.0.0.0/28"},
    ),
]


#: What is said while there are no targets.
NO_TARGETS = (
    "There are no targets yet. Add some under [Targets](/toolkits/connectivity/records/targets/), "
    "or take them from a file with [Import targets](/toolkits/connectivity/run/import_targets/)."
)
NEVER_CHECKED = (
    "No check has seen it in that time. Run or schedule "
    "[Check all targets](/toolkits/connectivity/run/check_targets/)."
)


@toolkit.settings
class Config(ProbeSettings):
    """How targets are checked, when a target counts as flapping, which addresses may be reached."""

    timeout_seconds: float = Field(default=3, ge=0.1, le=30, description="For each connection")
    concurrency: int = Field(default=256, ge=1, le=1024, description="Connections at the same time")
    confirm: int = Field(
        default=1, ge=1, le=20, description="Checks that a change must last before it is told"
    )
    flap_changes: int = Field(
        default=4, ge=2, le=100, description="Changes within the time below that are flapping"
    )
    flap_minutes: int = Field(default=60, ge=1, le=1440)
    keep_days: int = Field(default=90, ge=1, le=1000, description="How long history is kept")


@toolkit.collection("targets", title="Targets")
class Target(Record):
    """Hosts and ports that should answer, or should not."""

    name: str = Field(min_length=1, max_length=100)
    hosts: list[Hosts] = Field(
        min_length=1, max_length=500, description="Names, addresses, or networks like 10.0.0.0/28"
    )
    ports: Ports = Field(
        default="443", max_length=500, description="443 or 80,443,8000-8010"
    )
    protocol: Protocol = "tcp"
    expect: Expected = Field(default="open", description="closed: nothing may answer there")
    max_ms: float | None = Field(
        default=None, gt=0, le=60_000, description="Slower than this counts as a failure"
    )
    at_least: int = Field(
        default=100, ge=1, le=100, description="Percentage that must be as expected"
    )
    tags: list[str] = Field(default_factory=list, max_length=20)
    owner: str = Field(default="", max_length=100)
    note: str = Field(default="", max_length=500)
    enabled: bool = Field(default=True, description="Part of the scheduled check")
