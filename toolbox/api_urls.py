"""Every address under ``/api/``. Each app brings its own in ``<app>/api/urls.py``."""

from django.urls import include, path, re_path

from toolbox import rest

v1 = [
    path("", include("accounts.api.urls")),
    path("", include("audit.api.urls")),
    path("", include("toolkits.api.urls")),
]

urlpatterns = [
    path("v1/", include(v1)),
    path("", include("toolkits.api.openapi.urls")),
    re_path(r"^[\s\S]*$", rest.unknown_address),
]
