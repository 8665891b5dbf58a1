"""Acts of the admin: installing by a plan, versions, keys."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from tests.audit.acts import NO_ACT, World, act
from toolkits.bundles import signing
from toolkits.models import TrustedKey

_TOOLKIT = "POST /admin/toolkits/toolkit/"
_ONE = f"{_TOOLKIT}<int:pk>/"


def post(w: World, page: str, /, *args: Any, **data: Any) -> Any:
    """Send a form of the admin as a curator."""
    return w.client("curator").post(reverse(f"admin:toolkits_{page}", args=args), data)


@act(f"{_TOOLKIT}plan/<uuid:plan_id>/", "toolkit.installed")
def _confirm(w: World) -> Any:
    plan = w.plan()
    return post(w, "toolkit_plan", plan.pk, digest=plan.digest, consent="on")


act(f"{_ONE}pin/", "toolkit.pinned")(
    lambda w: post(w, "toolkit_pin", w.toolkit.pk, pinned="1")
)


@act(f"{_ONE}uninstall/", "toolkit.uninstalled")
def _uninstall(w: World) -> Any:
    return post(w, "toolkit_uninstall", w.two_versions().pk, confirm="plain")


@act(f"{_ONE}versions/<int:version_pk>/rollback/", "toolkit.rolled_back")
def _roll_back(w: World) -> Any:
    toolkit = w.two_versions()
    return post(w, "toolkit_rollback", toolkit.pk, toolkit.versions.get(version="1.0.0").pk)


@act(f"{_ONE}versions/<int:version_pk>/remove/", "toolkit.version_removed")
def _remove_version(w: World) -> Any:
    toolkit = w.two_versions()
    return post(w, "toolkit_remove_version", toolkit.pk, toolkit.versions.get(version="1.0.0").pk)


def _trust(w: World) -> Any:
    return post(w, "trustedkey_add", name="Release", public_key=signing.new_key()[1])


act("POST /admin/toolkits/trustedkey/add/", "trusted_key.added")(_trust)


@act("POST /admin/toolkits/trustedkey/<path:object_id>/delete/", "trusted_key.removed")
def _distrust(w: World) -> Any:
    _trust(w)
    return post(w, "trustedkey_delete", TrustedKey.objects.get().pk, post="yes")


NO_ACT[f"{_TOOLKIT}upload/"] = "makes a plan, which changes nothing until it is confirmed"
