"""Addresses of the audit trail in the console."""

from django.urls import path

from audit.pages import views

urlpatterns = [
    path("audit/", views.event_list, name="audit-list"),
    path("audit/export/", views.event_export, name="audit-export"),
    path("audit/verify/", views.verify_trail, name="audit-verify"),
    path("audit/<uuid:event_id>/", views.event_detail, name="audit-detail"),
]
