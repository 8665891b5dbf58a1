"""Every address of the project."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("toolbox.health.urls")),
    path("api/", include("toolbox.api_urls")),
    path("account/", include("accounts.pages.urls")),
    path("", include("toolkits.pages.urls")),
]
