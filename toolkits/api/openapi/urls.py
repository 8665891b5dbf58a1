"""Addresses under ``/api/`` that describe the API."""

from django.urls import path

from toolkits.api.openapi.views import SchemaView, docs

urlpatterns = [
    path("schema/", SchemaView.as_view(), name="api-schema"),
    path("docs/", docs, name="api-docs"),
]
