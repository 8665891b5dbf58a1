"""Events of signing in, and of users, roles, grants, tokens and providers."""

from __future__ import annotations

from audit.catalogue.types import critical, info, notice, warning

_PROVIDER = "slug of the sign-in provider"
_REASON = "why, in words"
_VIA = "through which door"
_OWNER = "whose it is"
_CLIENT = "what the device calls itself"
_PURPOSE = "invitation, password, forgotten or lockout"

SIGN_IN = [
    info("auth.signed_in", "A user signed in.", provider=_PROVIDER, method="how they proved it"),
    info("auth.signed_out", "A user signed out."),
    warning(
        "auth.sign_in_failed",
        "A sign-in was refused.",
        username="the name as typed",
        provider=_PROVIDER,
        reason=_REASON,
    ),
    warning(
        "auth.locked_out",
        "An account or an address was locked after too many refused sign-ins.",
        username="the name as typed",
        scope="what is locked: account, address, second factor or password reset",
        seconds="for how long",
        failures="how many attempts were refused",
    ),
    notice("auth.lockout_cleared", "An administrator ended a lockout.", scope="what was locked"),
    notice("auth.password_changed", "A user changed their password."),
    notice(
        "auth.password_reset_requested",
        "A link to set a new password was asked for, whether or not anybody has the address.",
        via="by the page for forgotten passwords or by an administrator",
        email="the address as typed",
    ),
    notice("auth.password_set", "A password was set by link, invitation or administrator."),
    notice("auth.mfa_added", "A second factor was added.", kind="totp, passkey or recovery codes"),
    notice("auth.mfa_removed", "A second factor was removed.", kind="which kind"),
    warning("auth.mfa_failed", "A second factor was refused.", kind="which kind", reason=_REASON),
    notice("auth.recovery_code_used", "A recovery code was used.", left="how many are left"),
    info("auth.token_issued", "An API client signed in for an access token.", provider=_PROVIDER),
    info("auth.token_refreshed", "An API client exchanged its refresh token for a new one."),
    critical(
        "auth.token_reused",
        "A spent refresh token was used again: its whole family was revoked.",
        family="id of the family",
    ),
    info("auth.device_asked", "A device asked to be let in by a code.", client=_CLIENT),
    notice(
        "auth.device_approved",
        "A user confirmed a device's code: it may act as them.",
        client=_CLIENT,
        device_address="where the device asked from",
    ),
    notice(
        "auth.device_refused",
        "A user turned a device's code down.",
        client=_CLIENT,
        device_address="where the device asked from",
    ),
    notice(
        "auth.session_ended",
        "Sessions were ended by their user, an administrator or a change of the account.",
        reason=_REASON,
        sessions="how many",
    ),
    warning(
        "access.denied",
        "A signed-in user asked for what they may not see or do, or what is not there.",
        method="HTTP method",
        path="path that was asked for",
        status="HTTP status of the answer",
    ),
]

MAIL = [
    info("mail.sent", "A mail about an account was sent.", purpose=_PURPOSE, to="where to"),
    warning(
        "mail.failed", "A mail about an account could not be sent.",
        purpose=_PURPOSE, to="where to", reason=_REASON,
    ),
]  # fmt: skip

PEOPLE = [
    notice("user.bootstrapped", "The first administrator was created.", roles="core roles given"),
    notice("user.created", "An account was created.", kind="person or service account"),
    notice("user.changed", "An account was changed.", via="through which door"),
    warning("user.roles_changed", "The roles of a user were changed."),
    notice("user.disabled", "An account was disabled; its sessions and tokens ended."),
    notice("user.enabled", "An account was enabled."),
    warning("user.deleted", "An account was deleted."),
    notice("user.invited", "Somebody was invited.", email="where to", roles="roles promised"),
    notice("user.invitation_withdrawn", "An invitation was taken back."),
    notice("user.invitation_accepted", "An invited person set up their account."),
    notice("user.imported", "Users were imported.", created="how many", changed="how many"),
    notice("identity.linked", "An outside identity was linked to a user.", provider=_PROVIDER),
    notice(
        "identity.changed",
        "Asked again, a directory says something else of somebody: their name or groups.",
        provider=_PROVIDER,
    ),
    warning(
        "identity.gone",
        "A directory no longer has somebody: sessions by it ended, roles that it gave went.",
        provider=_PROVIDER,
    ),
    notice("identity.unlinked", "An outside identity was unlinked.", provider=_PROVIDER),
    notice("role.changed", "The permissions of a role were changed."),
    warning("grant.given", "A user was granted a role for a toolkit.", grant="the grant in words"),
    notice("grant.taken", "A grant was taken away.", grant="the grant in words"),
    notice(
        "token.created",
        "A personal token was made.",
        owner=_OWNER,
        scopes="its scopes",
        toolkits="the toolkits that it is for; none: all",
        expires="when",
    ),
    notice("token.revoked", "A personal token was revoked.", owner=_OWNER, reason=_REASON),
    warning("token.refused", "A personal token was refused.", reason=_REASON),
    notice("provider.created", "A sign-in provider was created.", via=_VIA),
    notice("provider.changed", "A sign-in provider was changed.", via=_VIA),
    notice("provider.removed", "A sign-in provider was removed.", via=_VIA),
    info("provider.tested", "The connection to a sign-in provider was tested.", result=_REASON),
]
