"""A bare Django REST Framework view of the rows that ``/api/v1/jobs/`` lists, and nothing else."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.bare_settings"
application = get_wsgi_application()

from django.urls import path  # noqa: E402  (Django must be set up first)
from rest_framework import generics, serializers  # noqa: E402

from accounts.models import User  # noqa: E402
from toolkits.models import Job  # noqa: E402


class _Person(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ("id", "username")


class _Job(serializers.ModelSerializer):
    requested_by = _Person()

    class Meta:
        model = Job
        fields = (
            "id", "toolkit_slug", "version_label", "kind", "operation", "title", "state", "reason",
            "dry_run", "queue", "progress_done", "progress_total", "progress_label",
            "requested_by", "requested_via", "requester", "schedule", "scheduled_for", "parent",
            "rerun_of", "not_before", "waits_for", "created_at", "started_at", "finished_at",
            "timeout_seconds", "attempt", "worker", "cancel_requested_at", "log_lines",
            "log_bytes", "log_truncated",
        )  # fmt: skip


class _Jobs(generics.ListAPIView):
    serializer_class = _Job
    pagination_class = None

    def get_queryset(self):
        return Job.objects.select_related("requested_by").order_by("-id")[:50]


urlpatterns = [path("jobs/", _Jobs.as_view())]
