"""Acts on accounts, roles, grants, invitations and providers."""

from __future__ import annotations

from typing import Any

from django.test import Client, override_settings

from accounts import invitations
from accounts.models import Factor, Grant, Provider, SignInThrottle
from tests.audit.acts import NO_ACT, Act, World, act, in_days
from tests.support.factories import PASSWORD

_USER = "/api/v1/users/<uuid:user_id>/"
_PROVIDER = "/api/v1/providers/<uuid:provider_id>/"
_DIRECTORY = {
    "slug": "corp", "name": "Corp", "kind": "ldap",
    "settings": {"urls": ["ldaps://localhost:1"], "user_base": "ou=people"},
}  # fmt: skip


def on_user(method: str, tail: str = "", data: Any = None) -> Act:
    """Send something about the user as an administrator."""
    return lambda w: w.send("admin", method, f"users/{w.people['user'].pk}/{tail}", data)


act("POST /api/v1/users/", "user.created")(
    lambda w: w.send("admin", "post", "users/", {"username": "newbie"})
)
act(f"PATCH {_USER}", "user.changed")(on_user("patch", data={"display_name": "Uma"}))
act(f"DELETE {_USER}", "user.deleted")(on_user("delete"))
act(f"POST {_USER}grants/", "grant.given")(
    on_user("post", "grants/", {"role": "toolkit.curator", "toolkit_slug": "sample"})
)
act(f"POST {_USER}password-link/", "auth.password_reset_requested")(
    on_user("post", "password-link/")
)
act("PATCH /api/v1/roles/<str:name>/", "role.changed")(
    lambda w: w.send("admin", "patch", "roles/toolkit.user/", {"requires_mfa": True})
)
act("POST /api/v1/invitations/", "user.invited")(
    lambda w: w.send("admin", "post", "invitations/", {"email": "new@corp.test"})
)
act("POST /api/v1/providers/", "provider.created")(
    lambda w: w.send("admin", "post", "providers/", _DIRECTORY)
)


@act(f"DELETE {_USER}grants/<int:grant_id>/", "grant.taken")
def _take_grant(w: World) -> Any:
    user = w.people["user"]
    grant = Grant.objects.create(user=user, role="toolkit.curator", toolkit_slug="sample")
    return w.send("admin", "delete", f"users/{user.pk}/grants/{grant.pk}/")


@act(f"DELETE {_USER}sessions/", "auth.session_ended")
def _end_sessions(w: World) -> Any:
    w.client("user")
    return on_user("delete", "sessions/")(w)


@act(f"DELETE {_USER}sessions/<uuid:session_id>/", "auth.session_ended")
def _end_session(w: World) -> Any:
    return on_user("delete", f"sessions/{w.other_session().pk}/")(w)


@act(f"DELETE {_USER}tokens/<uuid:token_id>/", "token.revoked")
def _revoke(w: World) -> Any:
    return on_user("delete", f"tokens/{w.token().pk}/")(w)


@act(f"POST {_USER}tokens/", "token.created")
def _make_token(w: World) -> Any:
    given = {"username": "robot", "kind": "service", "roles": ["toolkit.user"]}
    robot = w.send("admin", "post", "users/", given).json()["id"]
    wanted = {"name": "ci", "scopes": ["read"], "expires_at": f"{in_days(5):%FT%TZ}"}
    return w.send("admin", "post", f"users/{robot}/tokens/", wanted)


@act(f"POST {_USER}unlock/", "auth.lockout_cleared")
def _unlock(w: World) -> Any:
    for _ in range(20):
        Client().post("/account/login/", {"username": "user", "password": "wrong"})
    assert SignInThrottle.objects.filter(locked_until__isnull=False).exists()
    # The address is locked as well, and the administrator is at the same one here.
    SignInThrottle.objects.exclude(pk__contains="user").update(locked_until=None)
    client = Client()
    client.force_login(w.people["admin"])
    w.clients["admin"] = client
    return on_user("post", "unlock/")(w)


@act(f"DELETE {_USER}factors/", "auth.mfa_removed")
def _remove_factors(w: World) -> Any:
    Factor.objects.create(user=w.people["user"], kind="passkey", name="Laptop")
    return on_user("delete", "factors/")(w)


def _forgotten(w: World) -> Any:
    with override_settings(EMAIL_URL="smtp://localhost:1"):
        return Client().post("/account/forgotten/", {"email": "uma@corp.test"})


@act("DELETE /api/v1/invitations/<uuid:invitation_id>/", "user.invitation_withdrawn")
def _withdraw(w: World) -> Any:
    row, _ = invitations.invite(w.people["admin"], email="new@corp.test")
    return w.send("admin", "delete", f"invitations/{row.pk}/")


act("POST /account/forgotten/", "auth.password_reset_requested")(_forgotten)


@act("POST /account/invitation/", "user.invitation_accepted")
def _accept(w: World) -> Any:
    _, link = invitations.invite(w.people["admin"], username="newbie")
    client, new = Client(), f"another {PASSWORD}"
    client.get(f"/account/invitation/?{link.partition('?')[2]}")
    return client.post("/account/invitation/", {"new": new, "again": new})


def _provider(w: World) -> str:
    w.send("admin", "post", "providers/", _DIRECTORY)
    return f"providers/{Provider.objects.get(slug='corp').pk}/"


act(f"PATCH {_PROVIDER}", "provider.changed")(
    lambda w: w.send("admin", "patch", _provider(w), {"name": "Directory"})
)
act(f"DELETE {_PROVIDER}", "provider.removed")(lambda w: w.send("admin", "delete", _provider(w)))
act(f"POST {_PROVIDER}test/", "provider.tested")(
    lambda w: w.send("admin", "post", f"{_provider(w)}test/")
)

NO_ACT[f"POST {_PROVIDER}metadata/"] = "reads what a provider says of itself, and keeps a copy"


def _ask_for_device() -> Any:
    """A program asks to be let in; nobody is known yet."""
    given = {"client": "a terminal"}
    return Client().post("/api/v1/auth/device/", given, content_type="application/json")


@act("POST /account/device/", "auth.device_approved")
def _let_device_in(w: World) -> Any:
    code = _ask_for_device().json()["user_code"]
    return w.client("user").post("/account/device/", {"code": code, "decision": "approve"})


@act("POST /api/v1/auth/device/token/", "auth.token_issued")
def _device_comes_in(w: World) -> Any:
    asked = _ask_for_device().json()
    given = {"code": asked["user_code"], "decision": "approve"}
    w.client("user").post("/account/device/", given)
    code = {"device_code": asked["device_code"]}
    return Client().post("/api/v1/auth/device/token/", code, content_type="application/json")
