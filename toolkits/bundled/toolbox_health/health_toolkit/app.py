"""The registry and the settings."""

from __future__ import annotations

from pydantic import Field
from toolkit_sdk import Settings, Toolkit

toolkit = Toolkit()


@toolkit.settings
class Config(Settings):
    """When something counts as a problem, and how long what was found is kept."""

    slow_ms: float = Field(
        default=1000, gt=0, le=60_000, title="Slow from (ms)",
        description="A dependency that takes longer to answer is a problem",
    )  # fmt: skip
    wait_warning_seconds: int = Field(
        default=60, ge=1, le=86_400, description="A job that waits so long is a problem"
    )
    wait_critical_seconds: int = Field(
        default=600, ge=1, le=86_400, description="A job that waits so long is a grave one"
    )
    waiting_warning: int = Field(
        default=1000, ge=1, description="So many jobs that wait in a queue are a problem"
    )
    gap_minutes: int = Field(
        default=10, ge=1, le=10_080,
        description="So long without a check is an incident of its own; set it to more than twice "
        "the time between two scheduled checks",
    )  # fmt: skip
    notify: bool = Field(default=True, description="Tell when something goes down or comes back")
    keep_days: int = Field(default=60, ge=1, le=1000, description="How long checks are kept")
    keep_incidents_days: int = Field(default=730, ge=1, le=3650)
