"""Addresses under ``/api/v1/`` that are about accounts."""

from django.urls import path

from accounts.api import auth

urlpatterns = [
    path("auth/login/", auth.LoginView.as_view(), name="api-login"),
    path("auth/logout/", auth.LogoutView.as_view(), name="api-logout"),
    path("auth/me/", auth.MeView.as_view(), name="api-me"),
]
