"""The registry, the settings and the probe templates."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from toolkit_sdk import LongText, Record, Secret, Toolkit
from toolkit_sdk.net import ProbeSettings, Url

toolkit = Toolkit()

Method = Literal["GET", "HEAD", "POST"]
Notify = Literal["never", "always", "breach", "recovery", "breach and recovery"]


#: What is said of a template that was not probed.
NO_SAMPLES = (
    "It has no samples in that time. Run or schedule "
    "[Probe what is due](/toolkits/latency_sleuth/run/run_due/)."
)


@toolkit.settings
class Config(ProbeSettings):
    """How long history is kept, how many probes run at once, which addresses may be reached."""

    workers: int = Field(default=16, ge=1, le=64, description="Probes at the same time")
    keep_samples_days: int = Field(
        default=8, ge=1, le=60, description="How long every single sample is kept"
    )
    keep_hours_days: int = Field(
        default=400, ge=7, le=3650, description="How long the figures of each hour are kept"
    )


class Header(BaseModel):
    """A header that is sent along."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_!#$%&'*+.^`\|~\-]+$",
        json_schema_extra={"x-says": "write the name of a header, such as X-Request-Id"})
    value: str = Field(default="", max_length=5000, pattern=r"^[^\r\n\x00]*$",
        json_schema_extra={"x-says": "write one line"})


@toolkit.collection("templates", title="Probe templates")
class Template(Record):
    """What is probed, how often, and what was promised."""

    name: str = Field(min_length=1, max_length=100)
    url: Url = Field(max_length=2000)
    method: Method = "GET"
    headers: list[Header] = Field(default_factory=list, max_length=50)
    token: Secret | None = Field(default=None, description="Sent as a bearer token; kept in Vault")
    body: LongText = Field(
        default="",
        max_length=100_000,
        description="For POST",
        json_schema_extra={"x-widget": "textarea"},
    )
    expected_status: str = Field(
        default="2xx",
        max_length=60,
        pattern=r"^\s*[1-5](\d\d|[xX]{2})(\s*[\-,]\s*[1-5](\d\d|[xX]{2}))*\s*$",
        description="200, 2xx, 200-204 or 200,304",
        json_schema_extra={"x-says": "write 200, 2xx, 200-204 or 200,304"},
    )
    expected_content: str = Field(
        default="", max_length=500, description="Text that the body must contain"
    )
    sla_ms: float = Field(
        default=500, gt=0, le=300_000, title="SLA in ms", description="No sample may take longer"
    )
    objective: float = Field(
        default=99.0, ge=50, le=99.999, description="Percentage of samples that must be within"
    )
    interval_seconds: int = Field(default=60, ge=5, le=86_400)
    timeout_seconds: float = Field(default=10, ge=0.1, le=120)
    verify_tls: bool = True
    notify: Notify = Field(default="breach and recovery", description="What is told")
    after: int = Field(default=1, ge=1, le=100, description="Breaches in a row before it is told")
    tags: list[str] = Field(default_factory=list, max_length=20)
    enabled: bool = True


def status_fits(status: int, expected: str) -> bool:
    """Whether a status is one of those in ``200,3xx,500-502``. Raises ``ValueError``."""
    for part in expected.replace(" ", "").lower().split(","):
        if not re.fullmatch(r"[1-5](\d\d|xx)(-[1-5](\d\d|xx))?", part):
            raise ValueError(f"{part!r} is no status; write 200, 2xx, 200-204 or 200,304")
        low, _, high = part.partition("-")
        if int(low.replace("xx", "00")) <= status <= int((high or low).replace("xx", "99")):
            return True
    return False


def _expected(value: str) -> str:
    status_fits(0, value)
    return value


Expected = Annotated[
    str, AfterValidator(_expected), Field(max_length=60, description="200, 2xx, 200-204 or 200,304")
]
