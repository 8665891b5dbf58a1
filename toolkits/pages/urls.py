"""Addresses of the console."""

from django.urls import path

from toolkits.pages.views import (
    dashboard,
    docs,
    evidence,
    form_parts,
    job_compare,
    job_decisions,
    job_files,
    job_lists,
    jobs,
    personal,
    platform,
    record_files,
    records,
    run,
    schedule_edit,
    schedules,
    search,
    settings,
    toolkits,
)

_RECORDS = "toolkits/<slug:slug>/records/<str:collection>/"

urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("platform/", platform.platform, name="platform"),
    path("search/", search.search_page, name="search"),
    path("search/palette/", search.palette, name="palette"),
    path("arrange/", personal.arrange, name="dashboard-arrange"),
    path("toolkits/", toolkits.toolkit_list, name="toolkit-list"),
    path("toolkits/<slug:slug>/", toolkits.toolkit_detail, name="toolkit-detail"),
    path("toolkits/<slug:slug>/run/<str:operation>/", run.run, name="operation-run"),
    path(
        "toolkits/<slug:slug>/run/<str:operation>/favourite/", personal.favourite, name="favourite"
    ),
    path(
        "toolkits/<slug:slug>/run/<str:operation>/records/<str:name>/",
        form_parts.operation_records,
        name="operation-records",
    ),
    path(
        "toolkits/<slug:slug>/run/<str:operation>/choices/<str:name>/",
        form_parts.operation_choices,
        name="operation-choices",
    ),
    path(
        "toolkits/<slug:slug>/run/<str:operation>/schedule/",
        schedule_edit.schedule_new,
        name="schedule-new",
    ),
    path("schedules/", schedules.schedule_list, name="schedule-list"),
    path("schedules/<uuid:schedule_id>/", schedule_edit.schedule_edit, name="schedule-edit"),
    path("schedules/<uuid:schedule_id>/pause/", schedules.schedule_pause, name="schedule-pause"),
    path("schedules/<uuid:schedule_id>/resume/", schedules.schedule_resume, name="schedule-resume"),
    path("schedules/<uuid:schedule_id>/delete/", schedules.schedule_delete, name="schedule-delete"),
    path("schedules/<uuid:schedule_id>/run/", schedules.schedule_run, name="schedule-run"),
    path("presets/<uuid:preset_id>/delete/", personal.preset_delete, name="preset-delete"),
    path(
        "toolkits/<slug:slug>/changelog/", toolkits.toolkit_changelog, name="toolkit-changelog"
    ),
    path("toolkits/<slug:slug>/settings/", settings.toolkit_settings, name="toolkit-settings"),
    path("toolkits/<slug:slug>/docs/", docs.toolkit_docs, name="toolkit-docs"),
    path(
        "toolkits/<slug:slug>/files/<str:digest>/<path:name>",
        docs.toolkit_file,
        name="toolkit-file",
    ),
    path("toolkits/<slug:slug>/docs/<str:page_name>/", docs.toolkit_docs, name="toolkit-docs"),
    path(_RECORDS, records.record_list, name="record-list"),
    path(_RECORDS + "new/", records.record_new, name="record-new"),
    path(_RECORDS + "delete/", records.record_bulk_delete, name="record-bulk-delete"),
    path(_RECORDS + "import/", record_files.record_import, name="record-import"),
    path(
        _RECORDS + "export.csv",
        record_files.record_download,
        {"form": "csv"},
        name="record-export-csv",
    ),
    path(
        _RECORDS + "export.json",
        record_files.record_download,
        {"form": "json"},
        name="record-export-json",
    ),
    path(_RECORDS + "<uuid:record_id>/", records.record_edit, name="record-edit"),
    path(_RECORDS + "<uuid:record_id>/delete/", records.record_delete, name="record-delete"),
    path("audit/evidence/", evidence.evidence_new, name="evidence-new"),
    path("jobs/", jobs.job_list, name="job-list"),
    path("jobs/filters/", personal.filter_save, name="job-filter-save"),
    path("jobs/filters/drop/", personal.filter_drop, name="job-filter-drop"),
    path("jobs/export.csv", job_lists.job_export, name="job-export"),
    path("jobs/cancel/", job_lists.job_bulk_cancel, name="job-bulk-cancel"),
    path("jobs/<uuid:job_id>/", jobs.job_detail, name="job-detail"),
    path("jobs/<uuid:job_id>/live/", jobs.job_live, name="job-live"),
    path("jobs/<uuid:job_id>/result/", jobs.job_result_part, name="job-result-part"),
    path("jobs/<uuid:job_id>/cancel/", job_decisions.job_cancel, name="job-cancel"),
    path("jobs/<uuid:job_id>/decide/", job_decisions.job_decide, name="job-decide"),
    path("jobs/<uuid:job_id>/compare/", job_compare.job_compare, name="job-compare"),
    path("jobs/<uuid:job_id>/log.txt", job_files.log_text, name="job-log-text"),
    path("jobs/<uuid:job_id>/result.json", job_files.result_json, name="job-result-json"),
    path("jobs/<uuid:job_id>/files/<str:name>", job_files.artifact, name="job-artifact"),
    path("docs/", docs.docs_index, name="docs-index"),
    path("docs/<str:page_name>/", docs.docs_index, name="docs-page"),
]
