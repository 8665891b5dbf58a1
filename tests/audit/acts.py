"""Every act that an address of the project offers: how it is done rightly, and its event.

``ACTS`` maps a row of the access table to a function that does the act in a ``World`` and
returns the answer, and the name of the event that must be on record afterwards. ``NO_ACT`` says
of the others why they change nothing that anybody would ask for later.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pyotp
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts import personal_tokens
from accounts.mfa import totp
from accounts.models import Identity, Provider, User, UserSession
from accounts.roles import SYSTEM_ADMIN, TOOLKIT_CURATOR, TOOLKIT_USER
from tests.support import trail
from tests.support.factories import PASSWORD, make_job, make_row, make_user, operation
from toolkits import records
from toolkits.jobs.states import JobState
from toolkits.models import InstallPlan, Record, Toolkit

V1 = "/api/v1/"
FIELDS = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"],
          "additionalProperties": False}  # fmt: skip
SETTINGS = {"type": "object", "properties": {"seconds": {"type": "number", "default": 5}},
            "additionalProperties": False}  # fmt: skip


@dataclass
class World:
    """People, signed in as they would be, and a toolkit with everything that can be changed."""

    people: dict[str, User] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)

    def __post_init__(self) -> None:
        roles = {"user": TOOLKIT_USER, "curator": TOOLKIT_CURATOR, "admin": SYSTEM_ADMIN}
        for name, role in roles.items():
            self.people[name] = make_user(name, roles=[role])
        self.toolkit = make_row(
            "sample",
            operations=[operation("hello"), operation("drop", requires_approval=True)],
            collections=[{"name": "targets", "title": "Targets", "description": "",
                          "secret_fields": [], "schema": FIELDS}],
            settings={"schema": SETTINGS, "secret_fields": []},
        )  # fmt: skip
        approve = Permission.objects.filter(codename="approve_job")
        self.people["curator"].user_permissions.add(*approve)

    def client(self, name: str) -> Client:
        """A client of somebody who signed in with their password a moment ago."""
        if name not in self.clients:
            client = Client()
            given = {"username": name, "password": PASSWORD}
            assert client.post("/account/login/", given).status_code == 302
            self.clients[name] = client
        return self.clients[name]

    def try_password(self, name: str, password: str) -> None:
        """Try to sign in from elsewhere."""
        Client().post("/account/login/", {"username": name, "password": password})

    def send(self, who: str, method: str, path: str, data: Any = None, **options: Any) -> Any:
        """Send JSON to the API as somebody."""
        body = json.dumps({} if data is None else data)
        send = getattr(self.client(who), method)
        return send(V1 + path, body, content_type="application/json", **options)

    def record(self) -> Record:
        """A record of the collection."""
        return records.create(self.toolkit, "targets", {"name": "db"}, self.people["user"])

    def bundle(self, version: str = "1.0.0") -> SimpleUploadedFile:
        """A bundle that needs no runner."""
        manifest = {"manifest_version": 1, "slug": "plain", "name": "Plain", "version": version,
                    "requires": {"toolbox": ">=1.0,<2"}}  # fmt: skip
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("toolkit.json", json.dumps(manifest))
        return SimpleUploadedFile("plain.zip", buffer.getvalue(), content_type="application/zip")

    def upload(self, path: str, version: str = "1.0.0") -> Any:
        """Send a bundle to the API as a curator."""
        return self.client("curator").post(V1 + path, {"bundle": self.bundle(version)})

    def plan(self) -> InstallPlan:
        """A plan that waits for its confirmation."""
        assert self.upload("toolkits/install/?plan=true").status_code == 200
        return InstallPlan.objects.get()

    def two_versions(self) -> Toolkit:
        """A toolkit that was updated once."""
        self.upload("toolkits/install/")
        self.upload("toolkits/install/?allow_downgrade=true", "2.0.0")
        return Toolkit.objects.get(slug="plain")

    def waiting(self) -> dict[str, Any]:
        """A job that waits for approval."""
        return self.send("user", "post", "toolkits/sample/operations/drop/").json()

    def other_session(self) -> UserSession:
        """Another session of the user than the one at hand."""
        Client().post("/account/login/", {"username": "user", "password": PASSWORD})
        self.client("user")
        return UserSession.objects.filter(user=self.people["user"]).order_by("pk")[0]

    def token(self) -> Any:
        """A personal token of the user."""
        spec = personal_tokens.TokenSpec("ci", in_days(5), ("read",))
        return personal_tokens.make(self.people["user"], self.people["user"], spec)[0]

    def app(self) -> pyotp.TOTP:
        """An app that makes the user's second factor."""
        secret = totp.begin(self.people["user"])
        totp.add(self.people["user"], secret, 0)
        return pyotp.TOTP(secret)


def in_days(count: int) -> datetime:
    """So many days from now."""
    return timezone.now() + timedelta(days=count)


Act = Callable[[World], Any]
ACTS: dict[str, tuple[Act, str]] = {}


def act(row: str, event: str) -> Callable[[Act], Act]:
    """Declare how the act of a row of the access table is done, and its event."""

    def declare(function: Act) -> Act:
        ACTS[row] = (function, event)
        return function

    return declare


_RECORDS = "/toolkits/<slug:slug>/records/<str:collection>/"
_API_RECORDS = "/api/v1/toolkits/<slug:slug>/records/<slug:collection>/"
_API_RECORD = f"{_API_RECORDS}<uuid:record_id>/"
_ANY = {"HTTP_IF_MATCH": "*"}

SIMPLE: dict[str, tuple[str, Act]] = {
    "POST /api/v1/auth/login/": ("auth.token_issued", lambda w: Client().post(
        f"{V1}auth/login/", json.dumps({"username": "user", "password": PASSWORD}),
        content_type="application/json")),
    "POST /api/v1/auth/logout/": ("auth.signed_out",
                                  lambda w: w.send("user", "post", "auth/logout/")),
    "DELETE /api/v1/auth/sessions/": ("auth.session_ended", lambda w: (
        w.other_session(), w.send("user", "delete", "auth/sessions/"))[1]),
    "DELETE /api/v1/auth/sessions/<uuid:session_id>/": ("auth.session_ended", lambda w: w.send(
        "user", "delete", f"auth/sessions/{w.other_session().pk}/")),
    "POST /api/v1/auth/tokens/": ("token.created", lambda w: w.send(
        "user", "post", "auth/tokens/",
        {"name": "ci", "scopes": ["read"], "expires_at": f"{in_days(5):%FT%TZ}"})),
    "DELETE /api/v1/auth/tokens/<uuid:token_id>/": ("token.revoked", lambda w: w.send(
        "user", "delete", f"auth/tokens/{w.token().pk}/")),
    "POST /api/v1/jobs/<uuid:job_id>/cancel/": ("job.cancel_requested", lambda w: w.send(
        "user", "post", f"jobs/{make_job(w.toolkit, w.people['user']).pk}/cancel/")),
    "POST /api/v1/jobs/<uuid:job_id>/retry/": ("job.requested", lambda w: w.send(
        "user", "post",
        f"jobs/{make_job(w.toolkit, w.people['user'], state=JobState.FAILED).pk}/retry/")),
    "PATCH /api/v1/toolkits/<slug:slug>/": ("toolkit.disabled", lambda w: w.send(
        "curator", "patch", "toolkits/sample/", {"enabled": False})),
    "DELETE /api/v1/toolkits/<slug:slug>/": ("toolkit.uninstalled", lambda w: (
        w.upload("toolkits/install/"), w.send("curator", "delete", "toolkits/plain/"))[1]),
    "POST /api/v1/toolkits/install/": ("toolkit.installed",
                                       lambda w: w.upload("toolkits/install/")),
    "DELETE /api/v1/toolkits/install/<uuid:plan_id>/": ("", lambda w: w.send(
        "curator", "delete", f"toolkits/install/{w.plan().pk}/")),
    "POST /api/v1/toolkits/<slug:slug>/update/": ("toolkit.installed", lambda w: (
        w.upload("toolkits/install/"), w.upload("toolkits/plain/update/", "2.0.0"))[1]),
    "POST /api/v1/toolkits/<slug:slug>/rollback/": ("toolkit.rolled_back", lambda w: (
        w.two_versions(), w.send("curator", "post", "toolkits/plain/rollback/"))[1]),
    "POST /api/v1/toolkits/<slug:slug>/operations/<slug:name>/": ("job.requested", lambda w:
        w.send("user", "post", "toolkits/sample/operations/hello/")),
    "PUT /api/v1/toolkits/<slug:slug>/settings/": ("toolkit.settings_changed", lambda w: w.send(
        "curator", "put", "toolkits/sample/settings/", {"seconds": 7}, **_ANY)),
    "PATCH /api/v1/toolkits/<slug:slug>/settings/": ("toolkit.settings_changed", lambda w:
        w.send("curator", "patch", "toolkits/sample/settings/", {"seconds": 8}, **_ANY)),
    f"POST {_API_RECORDS}": ("record.created", lambda w: w.send(
        "user", "post", "toolkits/sample/records/targets/", {"name": "a"})),
    f"POST {_API_RECORDS}import/": ("record.imported", lambda w: w.send(
        "user", "post", "toolkits/sample/records/targets/import/", [{"name": "a"}])),
    f"PUT {_API_RECORD}": ("record.updated", lambda w: w.send(
        "user", "put", f"toolkits/sample/records/targets/{w.record().pk}/", {"name": "b"}, **_ANY)),
    f"PATCH {_API_RECORD}": ("record.updated", lambda w: w.send(
        "user", "patch", f"toolkits/sample/records/targets/{w.record().pk}/", {"name": "b"},
        **_ANY)),
    f"DELETE {_API_RECORD}": ("record.deleted", lambda w: w.send(
        "user", "delete", f"toolkits/sample/records/targets/{w.record().pk}/", **_ANY)),
    "POST /api/v1/audit/verify/": ("audit.verify_requested", lambda w: w.send(
        "admin", "post", "audit/verify/")),
    "POST /account/login/": ("auth.signed_in", lambda w: Client().post(
        "/account/login/", {"username": "user", "password": PASSWORD})),
    "POST /account/logout/": ("auth.signed_out",
                              lambda w: w.client("user").post("/account/logout/")),
    "POST /account/password/": ("auth.password_changed", lambda w: w.client("user").post(
        "/account/password/", {"present": PASSWORD, "new": "another horse battery",
                               "again": "another horse battery"})),
    "POST /account/sessions/end/": ("auth.session_ended", lambda w: (
        w.other_session(), w.client("user").post("/account/sessions/end/"))[1]),
    "POST /account/sessions/<uuid:session_id>/end/": ("auth.session_ended", lambda w:
        w.client("user").post(f"/account/sessions/{w.other_session().pk}/end/")),
    "POST /account/tokens/new/": ("token.created", lambda w: w.client("user").post(
        "/account/tokens/new/", {"name": "ci", "scopes": ["read"], "days": 30})),
    "POST /account/tokens/<uuid:token_id>/revoke/": ("token.revoked", lambda w:
        w.client("user").post(f"/account/tokens/{w.token().pk}/revoke/")),
    "POST /toolkits/<slug:slug>/run/<str:operation>/": ("job.requested", lambda w:
        w.client("user").post("/toolkits/sample/run/hello/")),
    "POST /jobs/<uuid:job_id>/cancel/": ("job.cancel_requested", lambda w: w.client("user").post(
        f"/jobs/{make_job(w.toolkit, w.people['user']).pk}/cancel/")),
    "POST /account/preferences/": ("user.changed", lambda w: w.client("user").post(
        "/account/preferences/", {"time_zone": "Asia/Tokyo"})),
    "POST /admin/maintenance/": ("platform.maintenance_begun", lambda w: w.client("admin").post(
        "/admin/maintenance/", {"message": "soon"})),
    "POST /jobs/retry/": ("job.requested", lambda w: w.client("user").post("/jobs/retry/", {
        "job": [str(make_job(w.toolkit, w.people["user"], state=JobState.FAILED).pk)]})),
    "POST /toolkits/<slug:slug>/records/<str:collection>/change/": ("record.updated", lambda w:
        w.client("user").post("/toolkits/sample/records/targets/change/", {
            "record": f"{w.record().pk}:1", "_save": "on", "_change": "name", "name": "new"})),
    "POST /jobs/cancel/": ("job.cancel_requested", lambda w: w.client("user").post(
        "/jobs/cancel/", {"job": [str(make_job(w.toolkit, w.people["user"]).pk)]})),
    "POST /toolkits/<slug:slug>/settings/": ("toolkit.settings_changed", lambda w:
        w.client("curator").post("/toolkits/sample/settings/", {"seconds": "7"})),
    f"POST {_RECORDS}new/": ("record.created", lambda w: w.client("user").post(
        "/toolkits/sample/records/targets/new/", {"name": "a"})),
    f"POST {_RECORDS}<uuid:record_id>/": ("record.updated", lambda w: w.client("user").post(
        f"/toolkits/sample/records/targets/{w.record().pk}/", {"name": "b", "version": "1"})),
    f"POST {_RECORDS}<uuid:record_id>/delete/": ("record.deleted", lambda w:
        w.client("user").post(f"/toolkits/sample/records/targets/{w.record().pk}/delete/",
                              {"version": "1"})),
    f"POST {_RECORDS}delete/": ("record.deleted", lambda w: w.client("user").post(
        "/toolkits/sample/records/targets/delete/", {"record": [f"{w.record().pk}:1"]})),
    f"POST {_RECORDS}import/": ("record.imported", lambda w: w.client("user").post(
        "/toolkits/sample/records/targets/import/",
        {"file": SimpleUploadedFile("a.csv", b"name\na\n")})),
    "POST /audit/verify/": ("audit.verify_requested",
                            lambda w: w.client("admin").post("/audit/verify/")),
    "POST /api/v1/audit/evidence/": ("audit.evidence_packed", lambda w: w.send(
        "admin", "post", "audit/evidence/", {"since": "2020-01-01"})),
    "POST /audit/evidence/": ("audit.evidence_packed", lambda w: w.client("admin").post(
        "/audit/evidence/", {"since": "2020-01-01T00:00"})),
    "POST /admin/toolkits/toolkit/<int:pk>/disable/": ("toolkit.disabled", lambda w:
        w.client("curator").post(f"/admin/toolkits/toolkit/{w.toolkit.pk}/disable/")),
    "POST /admin/toolkits/toolkit/<int:pk>/settings/": ("toolkit.settings_changed", lambda w:
        w.client("curator").post(f"/admin/toolkits/toolkit/{w.toolkit.pk}/settings/",
                                 {"seconds": "7"})),
    "POST /admin/system/support-bundle/": ("support.bundle_made", lambda w:
        w.client("admin").post("/admin/system/support-bundle/")),
    "POST /admin/logout/": ("auth.signed_out", lambda w: w.client("admin").post(
        "/admin/logout/", follow=True)),
    "POST /admin/audit/legalhold/add/": ("audit.hold_placed", lambda w: w.client("admin").post(
        "/admin/audit/legalhold/add/", {"reason": "Case 17"})),
    "POST /admin/audit/retentionrule/<path:object_id>/change/": ("retention.changed", lambda w:
        w.client("admin").post(
            f"/admin/audit/retentionrule/{trail.samples(w.people['user'])['retentionrule']}/change/",
            {"days": "45"})),
    # The admin's own actions, by the name that the form sends.
    "ACTION audit.LegalHold release": ("audit.hold_released", lambda w: w.client("admin").post(
        "/admin/audit/legalhold/", {"action": "release", "_selected_action": [
            trail.samples(w.people["user"])["legalhold"]]})),
    "ACTION toolkits.Toolkit disable": ("toolkit.disabled", lambda w: w.client("curator").post(
        "/admin/toolkits/toolkit/", {"action": "disable", "_selected_action": [w.toolkit.pk]})),
}  # fmt: skip
ACTS.update({row: (function, event) for row, (event, function) in SIMPLE.items() if event})


@act("POST /api/v1/jobs/<uuid:job_id>/approve/", "job.approved")
def _approve(w: World) -> Any:
    job = w.waiting()
    return w.send("curator", "post", f"jobs/{job['id']}/approve/",
                  {"digest": job["approval"]["digest"]})  # fmt: skip


@act("POST /api/v1/jobs/<uuid:job_id>/reject/", "job.rejected")
def _reject(w: World) -> Any:
    return w.send("curator", "post", f"jobs/{w.waiting()['id']}/reject/", {"comment": "no"})


@act("POST /api/v1/toolkits/install/<uuid:plan_id>/", "toolkit.installed")
def _confirm_plan(w: World) -> Any:
    plan = w.plan()
    given = {"digest": plan.digest, "consent": True}
    return w.send("curator", "post", f"toolkits/install/{plan.pk}/", given)


@act("DELETE /api/v1/toolkits/<slug:slug>/versions/<slug:digest>/", "toolkit.version_removed")
def _remove_version(w: World) -> Any:
    old = w.two_versions().versions.get(version="1.0.0")
    return w.send("curator", "delete", f"toolkits/plain/versions/{old.digest}/")


def _switch_on(w: World, send: Act) -> Any:
    Toolkit.objects.filter(pk=w.toolkit.pk).update(enabled=False)
    return send(w)


@act("POST /admin/toolkits/toolkit/<int:pk>/enable/", "toolkit.enabled")
def _enable(w: World) -> Any:
    path = f"/admin/toolkits/toolkit/{w.toolkit.pk}/enable/"
    return _switch_on(w, lambda w: w.client("curator").post(path))


@act("ACTION toolkits.Toolkit enable", "toolkit.enabled")
def _enable_many(w: World) -> Any:
    given = {"action": "enable", "_selected_action": [w.toolkit.pk]}
    return _switch_on(w, lambda w: w.client("curator").post("/admin/toolkits/toolkit/", given))


@act("POST /account/identities/<uuid:identity_id>/unlink/", "identity.unlinked")
def _unlink(w: World) -> Any:
    provider = Provider.objects.create(slug="corp", name="Corp", kind="oidc")
    identity = Identity.objects.create(
        user=w.people["user"], provider=provider, issuer="https://id.example", subject="1"
    )
    return w.client("user").post(f"/account/identities/{identity.pk}/unlink/")


# The acts that follow need Vault, where second factors are kept.
@act("POST /account/second-factor/add/", "auth.mfa_added")
def _add_factor(w: World) -> Any:
    page = w.client("user").get("/account/second-factor/add/").content.decode()
    found = re.search(r"secret=([A-Z2-7]+)", page) or re.search(r"\b([A-Z2-7]{32})\b", page)
    assert found, page
    return w.client("user").post(
        "/account/second-factor/add/", {"code": pyotp.TOTP(found[1]).now()}
    )


@act("POST /account/second-factor/", "auth.signed_in")
def _second_factor(w: World) -> Any:
    app, client = w.app(), Client()
    client.post("/account/login/", {"username": "user", "password": PASSWORD})
    return client.post("/account/second-factor/", {"code": app.now()})


@act("POST /account/second-factor/<uuid:factor_id>/remove/", "auth.mfa_removed")
def _remove_factor(w: World) -> Any:
    client = w.client("user")
    w.app()
    factor = w.people["user"].factors.get(kind="totp")
    return client.post(f"/account/second-factor/{factor.pk}/remove/")


@act("POST /account/second-factor/recovery/", "auth.mfa_added")
def _renew_recovery(w: World) -> Any:
    client = w.client("user")
    w.app()
    return client.post("/account/second-factor/recovery/")


NEEDS_VAULT = {row for row in ACTS if "second-factor" in row}

NO_ACT: dict[str, str] = {
    "POST /api/v1/auth/device/": "nobody acts yet: test_device_grants.py watches its event",
    "POST /health": "tells how things stand",
    "POST /livez": "tells how things stand",
    "POST /metrics": "tells how things stand",
    r"POST /api/^[\s\S]*$": "nothing is there",
    "POST /account/confirm/": "proves again who one is; a failure is auth.sign_in_failed",
    "POST /account/identities/<slug:provider>/link/": "goes to the provider; linking comes after",
    "DELETE /api/v1/toolkits/install/<uuid:plan_id>/": "gives a plan up, which had changed nothing",
    "POST /admin/": "an index",
    "POST /admin/<slug:app_label>/": "an index",
    "POST /admin/(?P<url>.*)$": "nothing is there",
    "POST /admin/autocomplete/": "GET alone",
    "POST /admin/jsi18n/": "GET alone",
    "POST /admin/login/": "leads to the console's sign-in",
    "POST /admin/password_change/": "leads to the account page",
    "POST /admin/queues/": "a page of figures",
    "POST /admin/system/": "a page of figures",
    "POST /admin/audit/legalhold/<path:object_id>/change/": "changes nothing of a hold that stands",
    "POST /toolkits/<slug:slug>/run/<str:operation>/choices/<str:name>/": "an ordinary run",
    "POST /tour/dismiss/": "puts one's own first steps away",
    "POST /arrange/": "arranges one's own dashboard",
    "POST /jobs/filters/": "keeps a filter of one's own",
    "POST /jobs/filters/drop/": "drops a filter of one's own",
    "POST /presets/<uuid:preset_id>/delete/": "drops a preset of one's own",
    "POST /toolkits/<slug:slug>/run/<str:operation>/favourite/": "marks one's own favourite",
    "POST /audit/": "GET alone",
    "POST /audit/export/": "GET alone",
    "POST /audit/<uuid:event_id>/": "GET alone",
}

#: Acts of whoever comes: their events name nobody but the address.
ANONYMOUS = {"POST /account/forgotten/"}

#: Command lines of management commands, and the event of each.
COMMANDS: dict[str, str] = {
    "audit prune": "audit.pruned",
    "audit export": "audit.exported",
    "audit verify": "audit.verified",
    "bootstrap_admin": "user.bootstrapped",
    "import_users {folder}/users.csv": "user.imported",
    "evidence --since 2020-01-01 --output {folder}/pack.zip": "audit.evidence_packed",
    "toolkit install {folder}/plain.zip": "toolkit.installed",
    "toolkit disable sample": "toolkit.disabled",
    "toolkit enable off": "toolkit.enabled",
    "toolkit rollback plain": "toolkit.rolled_back",
    "toolkit uninstall plain": "toolkit.uninstalled",
    "toolkit pin plain": "toolkit.pinned",
    "toolkit unpin pinned": "toolkit.unpinned",
}
#: Commands that change nothing which the trail is about, and why.
NO_COMMANDS: dict[str, str] = {
    "audit catalogue": "writes the page",
    "audit key": "shows the public key",
    "audit seal": "seals what waits, as the scheduler does all the time",
    "toolkit list": "shows",
    "toolkit store": "puts back what the storage lacks of what was installed",
    "toolkit new": "writes files for an author",
    "toolkit check": "reads files of an author",
    "toolkit pack": "writes files for an author",
    "toolkit keygen": "writes a key for an author",
    "toolkit sign": "writes a signature for an author",
    "toolkit run": "needs a worker: its own tests have the event, which is the job's",
    "bootstrap_vault": "needs a Vault: its own tests have its events",
    "devstack": "starts processes",
    "preflight": "checks",
    "backup": "needs the bundles of every version: its own tests have the event",
    "restore": "needs an empty database: its own tests have the event",
    "notifications list": "shows",
    "notifications test": "sends a message of a rule that is there",
    "notifications add": "its own tests have the event",
    "notifications remove": "its own tests have the event",
    "rqworker": "runs jobs, whose events the jobs have",
    "scheduler": "does what is due, whose events the services have",
}
