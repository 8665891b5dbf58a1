"""Addresses under ``/api/v1/`` that are about accounts."""

from django.urls import path

from accounts.api import auth, own

urlpatterns = [
    path("auth/login/", auth.LoginView.as_view(), name="api-login"),
    path("auth/refresh/", auth.RefreshView.as_view(), name="api-refresh"),
    path("auth/logout/", auth.LogoutView.as_view(), name="api-logout"),
    path("auth/me/", auth.MeView.as_view(), name="api-me"),
    path("auth/sessions/", own.SessionListView.as_view(), name="api-sessions"),
    path("auth/sessions/<uuid:session_id>/", own.SessionView.as_view(), name="api-session"),
    path("auth/tokens/", own.TokenListView.as_view(), name="api-tokens"),
    path("auth/tokens/<uuid:token_id>/", own.TokenView.as_view(), name="api-token"),
]
