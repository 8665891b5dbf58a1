from toolkits.models.card import CardState
from toolkits.models.history import ToolkitSample
from toolkits.models.idempotency import IdempotencyKey
from toolkits.models.install_plan import InstallPlan, PlanState
from toolkits.models.job import Job, JobAttempt
from toolkits.models.job_log import JobArtifact, JobLog
from toolkits.models.record import Record
from toolkits.models.scheduler import SchedulerLease
from toolkits.models.settings import ToolkitSettings, ToolkitState
from toolkits.models.toolkit import Toolkit
from toolkits.models.trusted_key import TrustedKey
from toolkits.models.version import ToolkitVersion

__all__ = [
    "CardState",
    "IdempotencyKey",
    "InstallPlan",
    "Job",
    "JobArtifact",
    "JobAttempt",
    "JobLog",
    "PlanState",
    "Record",
    "SchedulerLease",
    "Toolkit",
    "ToolkitSample",
    "ToolkitSettings",
    "ToolkitState",
    "ToolkitVersion",
    "TrustedKey",
]
