"""Addresses under ``/api/v1/`` that are about the audit trail."""

from django.urls import path

from audit.api.views import EventsView, EventView, ExportView, VerifyView

urlpatterns = [
    path("audit/", EventsView.as_view(), name="api-audit"),
    path("audit/export/", ExportView.as_view(), name="api-audit-export"),
    path("audit/verify/", VerifyView.as_view(), name="api-audit-verify"),
    path("audit/<uuid:event_id>/", EventView.as_view(), name="api-audit-event"),
]
