"""Addresses of the pages about signing in and one's own account."""

from django.urls import path

from accounts.pages import (
    account,
    confirm,
    device,
    forgotten,
    invitation,
    oidc,
    second_factor,
    sign_in,
)

urlpatterns = [
    path("login/", sign_in.login, name="login"),
    path("logout/", sign_in.logout_page, name="logout"),
    path("oidc/<slug:provider>/", oidc.begin, name="oidc-begin"),
    path("oidc/<slug:provider>/callback/", oidc.callback, name="oidc-callback"),
    path("identities/<slug:provider>/link/", oidc.link, name="account-link"),
    path("identities/<uuid:identity_id>/unlink/", account.identity_unlink, name="account-unlink"),
    path("second-factor/", second_factor.challenge, name="second-factor"),
    path("second-factor/add/", second_factor.add, name="second-factor-add"),
    path("second-factor/recovery/", second_factor.recovery_renew, name="recovery-renew"),
    path(
        "second-factor/<uuid:factor_id>/remove/", second_factor.remove, name="second-factor-remove"
    ),
    path("forgotten/", forgotten.forgotten, name="password-forgotten"),
    path("invitation/", invitation.invitation, name="invitation"),
    path("device/", device.device, name="account-device"),
    path("confirm/", confirm.confirm, name="account-confirm"),
    path("", account.account, name="account"),
    path("preferences/", account.preferences, name="account-preferences"),
    path("password/", account.password, name="account-password"),
    path("sessions/end/", account.sessions_end_others, name="account-sessions-end"),
    path("sessions/<uuid:session_id>/end/", account.session_end, name="account-session-end"),
    path("tokens/new/", account.token_new, name="account-token-new"),
    path("tokens/<uuid:token_id>/revoke/", account.token_revoke, name="account-token-revoke"),
]
