from toolkits.models.approval import ApprovalState, JobApproval
from toolkits.models.card import CardState
from toolkits.models.catalog import Catalog
from toolkits.models.console import ConsolePreferences, Maintenance, RunPreset
from toolkits.models.history import ToolkitSample
from toolkits.models.idempotency import IdempotencyKey
from toolkits.models.install_plan import InstallPlan, PlanState
from toolkits.models.job import Job
from toolkits.models.job_attempt import JobAttempt
from toolkits.models.job_lock import JobLock
from toolkits.models.job_log import JobArtifact, JobLog
from toolkits.models.job_step import JobStep, StepState
from toolkits.models.notice import Notice
from toolkits.models.notification import (
    DeliveryState,
    NotificationChannel,
    NotificationDelivery,
    NotificationRule,
)
from toolkits.models.record import Record
from toolkits.models.schedule import MissedPolicy, OverlapPolicy, Schedule, ScheduleKind
from toolkits.models.scheduler import SchedulerLease
from toolkits.models.settings import ToolkitSettings, ToolkitState
from toolkits.models.toolkit import Toolkit
from toolkits.models.trusted_key import TrustedKey
from toolkits.models.version import ToolkitVersion

__all__ = [
    "ApprovalState",
    "CardState",
    "Catalog",
    "ConsolePreferences",
    "DeliveryState",
    "IdempotencyKey",
    "InstallPlan",
    "Job",
    "JobApproval",
    "JobArtifact",
    "JobAttempt",
    "JobLock",
    "JobLog",
    "JobStep",
    "Maintenance",
    "MissedPolicy",
    "Notice",
    "NotificationChannel",
    "NotificationDelivery",
    "NotificationRule",
    "OverlapPolicy",
    "PlanState",
    "Record",
    "RunPreset",
    "Schedule",
    "ScheduleKind",
    "SchedulerLease",
    "StepState",
    "Toolkit",
    "ToolkitSample",
    "ToolkitSettings",
    "ToolkitState",
    "ToolkitVersion",
    "TrustedKey",
]
