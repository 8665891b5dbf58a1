"""Addresses under ``/api/v1/`` that are about toolkits and jobs."""

from django.urls import path

from toolkits.api.evidence import EvidenceView
from toolkits.api.jobs.artifacts import ArtifactsView, ArtifactView
from toolkits.api.jobs.comparison import ComparisonView
from toolkits.api.jobs.decisions import ApproveView, RejectView
from toolkits.api.jobs.events import EventsView
from toolkits.api.jobs.logs import LogsView
from toolkits.api.jobs.retry import RetryView
from toolkits.api.jobs.steps import StepsView
from toolkits.api.jobs.views import CancelView, JobsView, JobView
from toolkits.api.operations.views import OperationsView, OperationView
from toolkits.api.records.transfer import ExportView, ImportView
from toolkits.api.records.views import CollectionsView, RecordsView, RecordView
from toolkits.api.schedules.views import (
    PauseView,
    ResumeView,
    RunView,
    SchedulesView,
    ScheduleView,
)
from toolkits.api.toolkits.catalog import CatalogInstallView, CatalogView, UpdatesView
from toolkits.api.toolkits.install import InstallView, PlanView, UpdateView
from toolkits.api.toolkits.lifecycle import RollbackView, VersionsView, VersionView
from toolkits.api.toolkits.processes import ProcessesView
from toolkits.api.toolkits.settings import SettingsView
from toolkits.api.toolkits.views import ToolkitsView, ToolkitView

_TOOLKIT = "toolkits/<slug:slug>/"
_RECORDS = f"{_TOOLKIT}records/<slug:collection>/"
_SCHEDULE = "schedules/<uuid:schedule_id>/"
_JOB = "jobs/<uuid:job_id>/"

urlpatterns = [
    path("toolkits/", ToolkitsView.as_view(), name="api-toolkits"),
    path("toolkits/updates/", UpdatesView.as_view(), name="api-toolkit-updates"),
    path("processes/", ProcessesView.as_view(), name="api-processes"),
    path("catalog/", CatalogView.as_view(), name="api-catalog"),
    path(
        "catalog/<slug:slug>/install/", CatalogInstallView.as_view(), name="api-catalog-install"
    ),
    path("toolkits/install/", InstallView.as_view(), name="api-toolkit-install"),
    path(
        "toolkits/install/<uuid:plan_id>/", PlanView.as_view(), name="api-install-plan"
    ),
    path(_TOOLKIT, ToolkitView.as_view(), name="api-toolkit"),
    path(f"{_TOOLKIT}versions/", VersionsView.as_view(), name="api-toolkit-versions"),
    path(
        f"{_TOOLKIT}versions/<slug:digest>/", VersionView.as_view(), name="api-toolkit-version"
    ),
    path(f"{_TOOLKIT}update/", UpdateView.as_view(), name="api-toolkit-update"),
    path(f"{_TOOLKIT}rollback/", RollbackView.as_view(), name="api-toolkit-rollback"),
    path(f"{_TOOLKIT}settings/", SettingsView.as_view(), name="api-toolkit-settings"),
    path(f"{_TOOLKIT}operations/", OperationsView.as_view(), name="api-operations"),
    path(f"{_TOOLKIT}operations/<slug:name>/", OperationView.as_view(), name="api-operation"),
    path(f"{_TOOLKIT}records/", CollectionsView.as_view(), name="api-collections"),
    path(f"{_RECORDS}", RecordsView.as_view(), name="api-records"),
    path(f"{_RECORDS}import/", ImportView.as_view(), name="api-records-import"),
    path(f"{_RECORDS}export/", ExportView.as_view(), name="api-records-export"),
    path(f"{_RECORDS}<uuid:record_id>/", RecordView.as_view(), name="api-record"),
    path("jobs/", JobsView.as_view(), name="api-jobs"),
    path(_JOB, JobView.as_view(), name="api-job"),
    path(f"{_JOB}logs/", LogsView.as_view(), name="api-job-logs"),
    path(f"{_JOB}events/", EventsView.as_view(), name="api-job-events"),
    path(f"{_JOB}cancel/", CancelView.as_view(), name="api-job-cancel"),
    path(f"{_JOB}retry/", RetryView.as_view(), name="api-job-retry"),
    path(f"{_JOB}approve/", ApproveView.as_view(), name="api-job-approve"),
    path(f"{_JOB}reject/", RejectView.as_view(), name="api-job-reject"),
    path(f"{_JOB}steps/", StepsView.as_view(), name="api-job-steps"),
    path(f"{_JOB}comparison/", ComparisonView.as_view(), name="api-job-comparison"),
    path(f"{_JOB}artifacts/", ArtifactsView.as_view(), name="api-job-artifacts"),
    path(f"{_JOB}artifacts/<str:name>/", ArtifactView.as_view(), name="api-job-artifact"),
    path("audit/evidence/", EvidenceView.as_view(), name="api-audit-evidence"),
    path("schedules/", SchedulesView.as_view(), name="api-schedules"),
    path(_SCHEDULE, ScheduleView.as_view(), name="api-schedule"),
    path(f"{_SCHEDULE}pause/", PauseView.as_view(), name="api-schedule-pause"),
    path(f"{_SCHEDULE}resume/", ResumeView.as_view(), name="api-schedule-resume"),
    path(f"{_SCHEDULE}run/", RunView.as_view(), name="api-schedule-run"),
]
