"""Addresses of the console."""

from django.urls import path

from toolkits.pages.views import dashboard, job_files, jobs, run, toolkits

urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("toolkits/", toolkits.toolkit_list, name="toolkit-list"),
    path("toolkits/<slug:slug>/", toolkits.toolkit_detail, name="toolkit-detail"),
    path("toolkits/<slug:slug>/run/<str:operation>/", run.run, name="operation-run"),
    path("jobs/", jobs.job_list, name="job-list"),
    path("jobs/<uuid:job_id>/", jobs.job_detail, name="job-detail"),
    path("jobs/<uuid:job_id>/live/", jobs.job_live, name="job-live"),
    path("jobs/<uuid:job_id>/result/", jobs.job_result_part, name="job-result-part"),
    path("jobs/<uuid:job_id>/cancel/", jobs.job_cancel, name="job-cancel"),
    path("jobs/<uuid:job_id>/log.txt", job_files.log_text, name="job-log-text"),
    path("jobs/<uuid:job_id>/result.json", job_files.result_json, name="job-result-json"),
    path("jobs/<uuid:job_id>/files/<str:name>", job_files.artifact, name="job-artifact"),
]
