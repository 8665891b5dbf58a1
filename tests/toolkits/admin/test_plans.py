"""Planning, confirming and undoing installs in the admin."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.roles import SYSTEM_ADMIN
from audit.models import Event
from tests.support.factories import make_user
from tests.toolkits.admin.test_upload import install, manifest, send, zipped
from toolkits.bundles import signing, trust
from toolkits.bundles.pack import pack
from toolkits.models import InstallPlan, PlanState, Record, Toolkit, TrustedKey
from toolkits.runtime import kernel


@pytest.fixture
def signed_in(client: Client, curator: User) -> Client:
    client.force_login(curator)
    return client


@pytest.fixture
def plain(signed_in: Client, storage: Path) -> Toolkit:
    """A toolkit with two installed versions."""
    for version in ("1.0.0", "1.1.0"):
        install(signed_in, zipped({"toolkit.json": manifest(version=version)}))
    return Toolkit.objects.get(slug="plain")


def planned(client: Client, **fields: Any) -> tuple[str, InstallPlan]:
    """The address of the plan of an upload, and the plan."""
    url = send(client, zipped({"toolkit.json": manifest(**fields)}))["Location"]
    return url, InstallPlan.objects.latest("id")


def act(client: Client, name: str, *args: Any, **data: Any) -> str:
    response = client.post(reverse(f"admin:toolkits_toolkit_{name}", args=args), data, follow=True)
    return str(response.content.decode())


def test_nothing_is_installed_before_it_is_confirmed(signed_in: Client, storage: Path) -> None:
    url, _ = planned(signed_in)
    assert not Toolkit.objects.exists()
    assert "A new toolkit" in signed_in.get(url).content.decode()


@pytest.mark.parametrize(
    ("version", "said"),
    [
        (7, ["Enforced:", "Whatever else it tries is refused, but for network protocols"]),
        (2, ["Only declared:", "would need Landlock 4, and has 2", "but for the network"]),
        (0, ["Only declared:", "would need Landlock 1, and has 0", "this kernel has no Landlock"]),
    ],
)
def test_a_plan_says_what_this_kernel_does_not_hold_code_to(
    signed_in: Client, storage: Path, monkeypatch: pytest.MonkeyPatch, version: int, said: list[str]
) -> None:
    monkeypatch.setattr(kernel, "landlock", lambda: version)
    asks = {"network": True, "filesystem": {"read": ["/srv"]}}

    page = signed_in.get(planned(signed_in, permissions=asks)[0]).content.decode()

    for text in said:
        assert text in page


def test_the_plan_says_what_an_update_changes(
    signed_in: Client, make_toolkit: Callable[..., Path], storage: Path, tmp_path: Path
) -> None:
    code = '@toolkit.operation(title="{}")\ndef {}(ctx: Context) -> views.Text:\n    "It."\n'
    for version, name in (("1.0.0", "old"), ("2.0.0", "fresh")):
        folder = make_toolkit(code.format(name.title(), name), version=version)
        with pack(folder, tmp_path / f"{version}.zip").open("rb") as stream:
            page = signed_in.get(send(signed_in, stream)["Location"])
        text = page.content.decode()
        seen = {"digest": page.context["plan"].digest, "consent": "on"}
        signed_in.post(page.request["PATH_INFO"], seen)
    assert "+ fresh" in text
    assert "− old" in text


def test_new_permissions_need_consent(signed_in: Client, storage: Path) -> None:
    url, plan = planned(signed_in, permissions={"vault": ["shared/snmp"]})
    assert "I allow what it newly asks for." in signed_in.get(url).content.decode()
    refused = signed_in.post(url, {"digest": plan.digest})
    assert refused.status_code == 409
    assert not Toolkit.objects.exists()
    signed_in.post(url, {"digest": plan.digest, "consent": "on"})
    assert Event.objects.filter(name="toolkit.consented", actor_label="carl").exists()


def test_another_digest_than_that_of_the_plan_is_refused(signed_in: Client, storage: Path) -> None:
    url, _ = planned(signed_in)
    assert signed_in.post(url, {"digest": "0" * 64}).status_code == 409
    assert not Toolkit.objects.exists()


def test_a_plan_is_given_up(signed_in: Client, storage: Path) -> None:
    url, plan = planned(signed_in)
    signed_in.post(url, {"discard": "1"})
    plan.refresh_from_db()
    assert plan.state == PlanState.DISCARDED
    assert not plan.folder.exists()
    assert signed_in.post(url, {"digest": plan.digest}).status_code == 409


def test_plans_are_hidden_from_who_may_not_install(
    signed_in: Client, client: Client, storage: Path
) -> None:
    url, plan = planned(signed_in)
    client.force_login(make_user("sys", roles=[SYSTEM_ADMIN]))
    assert client.get(url).status_code == 404
    assert client.post(url, {"digest": plan.digest}).status_code == 404


def test_a_kept_version_is_gone_back_to_and_then_deleted(
    signed_in: Client, plain: Toolkit
) -> None:
    old, new = plain.versions.order_by("pk")
    assert "1.0.0 is active again." in act(signed_in, "rollback", plain.pk, old.pk)
    plain.refresh_from_db()
    assert plain.active_version == old
    assert "1.1.0 is deleted." in act(signed_in, "remove_version", plain.pk, new.pk)
    assert list(plain.versions.all()) == [old]
    assert Event.objects.filter(name="toolkit.rolled_back", actor_label="carl").exists()


def test_the_active_version_is_not_deleted(signed_in: Client, plain: Toolkit) -> None:
    text = act(signed_in, "remove_version", plain.pk, plain.active_version_id)
    assert "1.1.0 is active." in text
    assert plain.versions.count() == 2


def test_a_version_of_another_toolkit_is_not_found(signed_in: Client, plain: Toolkit) -> None:
    install(signed_in, zipped({"toolkit.json": manifest(slug="other")}))
    other = Toolkit.objects.get(slug="other")
    url = reverse(
        "admin:toolkits_toolkit_rollback", args=[other.pk, plain.versions.first().pk]
    )
    assert signed_in.post(url).status_code == 404


def test_updates_are_switched_off_and_on(signed_in: Client, plain: Toolkit) -> None:
    act(signed_in, "pin", plain.pk, pinned="1")
    plain.refresh_from_db()
    assert plain.pinned
    act(signed_in, "pin", plain.pk, pinned="0")
    plain.refresh_from_db()
    assert not plain.pinned


def test_removing_needs_the_identifier_and_keeps_what_is_not_ticked(
    signed_in: Client, plain: Toolkit
) -> None:
    Record.objects.create(toolkit=plain, collection="things")
    assert "Type plain to confirm." in act(signed_in, "uninstall", plain.pk, confirm="plane")
    act(signed_in, "uninstall", plain.pk, confirm="plain", purge=["settings"])
    plain.refresh_from_db()
    assert plain.removed_at is not None
    assert Record.objects.count() == 1


def test_removing_is_not_for_system_administrators(
    signed_in: Client, client: Client, plain: Toolkit
) -> None:
    client.force_login(make_user("sys", roles=[SYSTEM_ADMIN]))
    for name in ("uninstall", "pin"):
        url = reverse(f"admin:toolkits_toolkit_{name}", args=[plain.pk])
        assert client.post(url, {"confirm": "plain", "pinned": "1"}).status_code == 404
    plain.refresh_from_db()
    assert plain.removed_at is None
    assert not plain.pinned


def test_a_key_is_trusted_and_trusted_no_longer(signed_in: Client) -> None:
    _, public = signing.new_key()
    add = "/admin/toolkits/trustedkey/add/"
    assert signed_in.post(add, {"name": "Release", "public_key": public}).status_code == 302
    key = TrustedKey.objects.get()
    assert trust.trusted_keys() == {public: "Release"}
    again = signed_in.post(add, {"name": "Again", "public_key": public})
    assert "trusted already" in again.content.decode()
    delete = reverse("admin:toolkits_trustedkey_delete", args=[key.pk])
    signed_in.post(delete, {"post": "yes"})
    assert not TrustedKey.objects.exists()
    names = set(Event.objects.values_list("name", flat=True))
    assert {"trusted_key.added", "trusted_key.removed"} <= names


def test_what_is_no_key_is_refused_at_its_field(signed_in: Client) -> None:
    response = signed_in.post(
        "/admin/toolkits/trustedkey/add/", {"name": "x", "public_key": "not base64"}
    )
    assert "not an Ed25519 public key" in response.content.decode()
    assert not TrustedKey.objects.exists()
