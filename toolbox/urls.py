"""Every address of the project."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

handler500 = "toolbox.error_pages.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("toolbox.health.urls")),
    path("api/", include("toolbox.api_urls")),
    path("account/", include("accounts.pages.urls")),
    path("admin/", admin.site.urls),
    path("", include("audit.pages.urls")),
    path("", include("toolkits.pages.urls")),
]
