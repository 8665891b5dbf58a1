"""Acts of the admin on accounts, providers and catalogs, and its actions on lists."""

from __future__ import annotations

import functools
import http.server
import json
import tempfile
import threading
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group
from django.test import override_settings
from django.urls import reverse

from accounts import invitations, sessions
from accounts.models import Factor, Identity, Provider, SessionKind, User, UserKind
from accounts.roles import TOOLKIT_USER
from tests.audit.acts import Act, World, act
from tests.support.factories import make_job, make_token, make_user
from toolkits.catalogs import making, refresh
from toolkits.jobs import approvals
from toolkits.jobs.states import JobState
from toolkits.models import Catalog, NotificationRule

_USER = "POST /admin/accounts/user/"
_PROVIDER = "POST /admin/accounts/provider/"
_CATALOG = "POST /admin/toolkits/catalog/"
_RULE = "POST /admin/toolkits/notificationrule/"
_OIDC = {
    "name": "SSO", "slug": "sso", "enabled": "on", "position": "10", "mappings": "",
    "settings-issuer": "http://localhost:1", "settings-client_id": "toolbox",
    "settings-scopes": "openid", "settings-token_auth": "none",
    "settings-algorithms": ["RS256"], "settings-username_claim": "preferred_username",
    "settings-name_claim": "name", "settings-email_claim": "email",
    "settings-groups_claim": "groups", "settings-logout": "on",
}  # fmt: skip


def post(w: World, page: str, /, *args: Any, query: str = "", **data: Any) -> Any:
    """Send a form of the admin as an administrator."""
    return w.client("admin").post(reverse(f"admin:{page}", args=args) + query, data)


def user_form(user: User | None = None, **changes: Any) -> dict[str, Any]:
    """The form of an account, with its inlines."""
    data: dict[str, Any] = {
        "username": user.username if user else "new", "email": "", "display_name": "",
        "account_kind": "person", "is_active": "on", "roles": [TOOLKIT_USER], **changes,
    }  # fmt: skip
    for name in ("grants", "identities", "sessions", "personal_tokens", "factors"):
        data |= {f"{name}-TOTAL_FORMS": "0", f"{name}-INITIAL_FORMS": "0"}
    return data


def changing(**changes: Any) -> Act:
    """Change the account of the user by its form."""

    def send(w: World) -> Any:
        user = w.people["user"]
        return post(w, "accounts_user_change", user.pk, **user_form(user, **changes))

    return send


act(f"{_USER}add/", "user.created")(
    lambda w: post(w, "accounts_user_add", **user_form())
)
act(f"{_USER}<path:object_id>/change/", "user.roles_changed")(changing(roles=["toolkit.curator"]))
act(f"{_USER}<path:object_id>/delete/", "user.deleted")(
    lambda w: post(w, "accounts_user_delete", w.people["user"].pk, post="yes")
)
act("POST /admin/accounts/invitation/add/", "user.invited")(
    lambda w: post(w, "accounts_invitation_add", email="new@corp.test", username="")
)


@act("POST /admin/accounts/personaltoken/add/", "token.created")
def _service_token(w: World) -> Any:
    robot = make_user("robot", kind=UserKind.SERVICE)
    return post(
        w, "accounts_personaltoken_add", user=robot.pk, name="ci", scopes=["read"], days=30
    )


act("POST /admin/accounts/role/<path:object_id>/change/", "role.changed")(
    lambda w: post(w, "accounts_role_change", Group.objects.get(name=TOOLKIT_USER).pk,
                   requires_mfa="on")
)  # fmt: skip
act(f"{_PROVIDER}add/", "provider.created")(
    lambda w: post(w, "accounts_provider_add", query="?kind=oidc", **_OIDC)
)


@act(f"{_PROVIDER}<path:object_id>/change/", "provider.changed")
def _change_provider(w: World) -> Any:
    post(w, "accounts_provider_add", query="?kind=oidc", **_OIDC)
    row = Provider.objects.get(slug="sso")
    return post(w, "accounts_provider_change", row.pk, **{**_OIDC, "name": "Renamed"})


def _add_catalog(w: World) -> Any:
    return post(w, "toolkits_catalog_add", name="Ours", url="https://kits.example/c.json",
                enabled="on")  # fmt: skip


act(f"{_CATALOG}add/", "catalog.created")(_add_catalog)


def _rule(w: World, page: str, *args: Any, **changes: Any) -> Any:
    """Send the form of a rule of notifications as a curator."""
    data = {"name": "Chat", "enabled": "on", "outcomes": ["failed"], "channel": "webhook",
            "url": "https://chat.example.com/x", **changes}  # fmt: skip
    url = reverse(f"admin:toolkits_notificationrule_{page}", args=args)
    return w.client("curator").post(url, data)


act(f"{_RULE}add/", "notification.created")(lambda w: _rule(w, "add"))


@act(f"{_RULE}<path:object_id>/change/", "notification.changed")
def _change_rule(w: World) -> Any:
    _rule(w, "add")
    return _rule(w, "change", NotificationRule.objects.get().pk, name="Renamed")


@act(f"{_RULE}<path:object_id>/delete/", "notification.removed")
def _remove_rule(w: World) -> Any:
    _rule(w, "add")
    return _rule(w, "delete", NotificationRule.objects.get().pk, post="yes")


@act(f"{_CATALOG}<path:object_id>/change/", "catalog.changed")
def _change_catalog(w: World) -> Any:
    _add_catalog(w)
    row = Catalog.objects.get()
    return post(w, "toolkits_catalog_change", row.pk, name="Theirs", url=row.url, enabled="on")


@act(f"{_CATALOG}<path:object_id>/delete/", "catalog.removed")
def _remove_catalog(w: World) -> Any:
    _add_catalog(w)
    return post(w, "toolkits_catalog_delete", Catalog.objects.get().pk, post="yes")


class _Site(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, and says nothing about it."""

    def log_message(self, *args: Any) -> None:
        return


@act("ACTION toolkits.Catalog fetch_now", "catalog.fetch_asked")
def _fetch_catalog(w: World) -> Any:
    _add_catalog(w)
    given = {"action": "fetch_now", "_selected_action": [Catalog.objects.get().pk]}
    return w.client("admin").post(reverse("admin:toolkits_catalog_changelist"), given)


@act("POST /api/v1/catalog/<slug:slug>/install/", "toolkit.installed")
def _install_from_catalog(w: World) -> Any:
    with tempfile.TemporaryDirectory() as name, override_settings(
        TOOLKIT_CATALOG_ALLOW_PRIVATE=True
    ):
        folder = Path(name)
        (folder / "kit").mkdir()
        manifest = {"manifest_version": 1, "slug": "plain", "name": "Plain", "version": "1.0.0",
                    "requires": {"toolbox": ">=1.0,<2"}}  # fmt: skip
        (folder / "kit/toolkit.json").write_text(json.dumps(manifest))
        making.make([folder / "kit"], folder, "ours")
        site = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(_Site, directory=name)
        )
        threading.Thread(target=site.serve_forever, daemon=True).start()
        try:
            url = f"http://127.0.0.1:{site.server_port}/catalog.json"
            refresh.refresh(Catalog.objects.create(name="ours", url=url))
            return w.send("curator", "post", "catalog/plain/install/")
        finally:
            site.shutdown()
            site.server_close()


@act("POST /jobs/<uuid:job_id>/decide/", "job.rejected")
def _decide(w: World) -> Any:
    job = make_job(w.toolkit, w.people["user"], state=JobState.AWAITING_APPROVAL)
    approvals.open_request(job)
    form = {"decision": "reject", "comment": "no"}
    return w.client("curator").post(f"/jobs/{job.pk}/decide/", form)


# Actions on lists.


def send_action(w: World, who: str, page: str, name: str, row: Any) -> Any:
    """Pick a row of a list of the admin, and send the action."""
    form = {"action": name, "_selected_action": [str(row.pk)]}
    return w.client(who).post(reverse(f"admin:accounts_{page}_changelist"), form)


def target() -> User:
    """Somebody who is none of those who act."""
    return make_user("target", email="target@corp.test")


def _disabled(w: World) -> User:
    return make_user("target", is_active=False)


def _with_session(w: World) -> User:
    user = target()
    sessions.begin(user, SessionKind.BROWSER, seconds=600)
    return user


def _with_failures(w: World) -> User:
    user = target()
    for _ in range(5):
        w.try_password("target", "wrong password!")
    return user


def _with_factor(w: World) -> User:
    user = target()
    Factor.objects.create(user=user, kind="passkey", name="Lost phone", credential="x")
    return user


def _identity(w: World) -> Identity:
    local = Provider.objects.get(slug="local")
    return Identity.objects.create(
        user=target(), provider=local, issuer="i", subject="s", name="u"
    )


#: What each action is sent for, and its event.
ACTIONS: dict[str, tuple[Any, str]] = {
    "User enable": (_disabled, "user.enabled"),
    "User disable": (lambda w: target(), "user.disabled"),
    "User end_sessions": (_with_session, "auth.session_ended"),
    "User unlock": (_with_failures, "auth.lockout_cleared"),
    "User password_link": (lambda w: target(), "auth.password_reset_requested"),
    "User mail_password_link": (lambda w: target(), "auth.password_reset_requested"),
    "User drop_factors": (_with_factor, "auth.mfa_removed"),
    "Invitation withdraw": (
        lambda w: invitations.invite(w.people["admin"], username="newbie")[0],
        "user.invitation_withdrawn",
    ),
    "Identity unlink": (_identity, "identity.unlinked"),
    "UserSession end": (
        lambda w: sessions.begin(target(), SessionKind.BROWSER, seconds=600),
        "auth.session_ended",
    ),
    "PersonalToken revoke": (lambda w: make_token(target())[0], "token.revoked"),
}


def do_action(w: World, who: str, which: str) -> Any:
    """Do one of the actions as somebody."""
    model, name = which.split()
    with override_settings(EMAIL_URL="smtp://localhost:1"):
        row = ACTIONS[which][0](w)
        return send_action(w, who, model.lower(), name, row)


def _as_admin(which: str) -> Act:
    return lambda w: do_action(w, "admin", which)


for _which, (_row, _event) in ACTIONS.items():
    act(f"ACTION accounts.{_which}", _event)(_as_admin(_which))
