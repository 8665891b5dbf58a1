"""Addresses under ``/api/v1/`` that are about accounts."""

from django.urls import path

from accounts.api import auth, device, grants, own, providers, users

_USER = "users/<uuid:user_id>/"
_PROVIDER = "providers/<uuid:provider_id>/"

urlpatterns = [
    path("auth/login/", auth.LoginView.as_view(), name="api-login"),
    path("auth/refresh/", auth.RefreshView.as_view(), name="api-refresh"),
    path("auth/logout/", auth.LogoutView.as_view(), name="api-logout"),
    path("auth/device/", device.DeviceView.as_view(), name="api-device"),
    path("auth/device/token/", device.DeviceTokenView.as_view(), name="api-device-token"),
    path("auth/me/", auth.MeView.as_view(), name="api-me"),
    path("auth/providers/", providers.SignInWaysView.as_view(), name="api-sign-in-ways"),
    path("auth/sessions/", own.SessionListView.as_view(), name="api-sessions"),
    path("auth/sessions/<uuid:session_id>/", own.SessionView.as_view(), name="api-session"),
    path("auth/tokens/", own.TokenListView.as_view(), name="api-tokens"),
    path("auth/tokens/<uuid:token_id>/", own.TokenView.as_view(), name="api-token"),
    path("users/", users.UsersView.as_view(), name="api-users"),
    path(_USER, users.UserView.as_view(), name="api-user"),
    path(_USER + "sessions/", users.UserSessionsView.as_view()),
    path(_USER + "sessions/<uuid:session_id>/", users.UserSessionView.as_view()),
    path(_USER + "tokens/", users.UserTokensView.as_view()),
    path(_USER + "tokens/<uuid:token_id>/", users.UserTokenView.as_view()),
    path(_USER + "grants/", grants.UserGrantsView.as_view()),
    path(_USER + "grants/<int:grant_id>/", grants.UserGrantView.as_view()),
    path(_USER + "unlock/", users.UserUnlockView.as_view()),
    path(_USER + "password-link/", users.UserPasswordLinkView.as_view()),
    path(_USER + "factors/", users.UserFactorsView.as_view()),
    path("invitations/", grants.InvitationsView.as_view(), name="api-invitations"),
    path("invitations/<uuid:invitation_id>/", grants.InvitationView.as_view()),
    path("roles/", grants.RolesView.as_view(), name="api-roles"),
    path("roles/<str:name>/", grants.RoleView.as_view()),
    path("providers/", providers.ProvidersView.as_view(), name="api-providers"),
    path(_PROVIDER, providers.ProviderView.as_view(), name="api-provider"),
    path(_PROVIDER + "test/", providers.ProviderTestView.as_view()),
    path(_PROVIDER + "metadata/", providers.ProviderMetadataView.as_view()),
]
