"""Toolkits in the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.roles import SYSTEM_ADMIN
from audit.models import Event
from tests.support.factories import make_row, make_user
from toolkits.models import Toolkit

LIST = "/admin/toolkits/toolkit/"


@pytest.fixture
def signed_in(client: Client, curator: User) -> Client:
    client.force_login(curator)
    return client


def act(client: Client, action: str, *toolkits: Toolkit) -> Any:
    chosen = {"action": action, "_selected_action": [toolkit.pk for toolkit in toolkits]}
    return client.post(LIST, chosen, follow=True)


def test_the_list_shows_version_state_and_origin(signed_in: Client) -> None:
    make_row("alpha", version="3.2.1", enabled=False, bundled=True)
    page = signed_in.get(LIST).content.decode()
    assert "3.2.1" in page
    assert "disabled" in page
    assert "bundled" in page


def test_the_list_asks_as_much_whatever_the_number_of_toolkits(
    signed_in: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        make_row(f"kit-{number}")
    with django_assert_max_num_queries(12):
        assert signed_in.get(LIST).status_code == 200


def test_several_toolkits_are_disabled_at_once_and_each_is_recorded(signed_in: Client) -> None:
    toolkits = [make_row("alpha"), make_row("beta")]
    response = act(signed_in, "disable", *toolkits)
    assert "2 toolkits are disabled." in response.content.decode()
    assert not Toolkit.objects.filter(enabled=True).exists()
    assert Event.objects.filter(name="toolkit.disabled", actor_label="carl").count() == 2


def test_a_toolkit_is_enabled_from_its_page(signed_in: Client) -> None:
    toolkit = make_row("alpha", enabled=False)
    response = signed_in.post(reverse("admin:toolkits_toolkit_enable", args=[toolkit.pk]))
    assert response["Location"] == reverse("admin:toolkits_toolkit_change", args=[toolkit.pk])
    toolkit.refresh_from_db()
    assert toolkit.enabled
    assert Event.objects.filter(name="toolkit.enabled").count() == 1


def test_enabling_is_not_for_system_administrators_who_are_no_curators(
    client: Client, db: None
) -> None:
    toolkit = make_row("alpha")
    client.force_login(make_user("sys", roles=[SYSTEM_ADMIN]))
    url = reverse("admin:toolkits_toolkit_disable", args=[toolkit.pk])
    assert client.post(url).status_code == 404
    act(client, "disable", toolkit)
    toolkit.refresh_from_db()
    assert toolkit.enabled


def test_enabling_by_a_link_is_refused(signed_in: Client) -> None:
    toolkit = make_row("alpha", enabled=False)
    url = reverse("admin:toolkits_toolkit_enable", args=[toolkit.pk])
    assert signed_in.get(url).status_code == 405


def test_the_page_of_a_toolkit_shows_operations_digest_and_manifest(signed_in: Client) -> None:
    toolkit = make_row("alpha")
    page = signed_in.get(reverse("admin:toolkits_toolkit_change", args=[toolkit.pk]))
    text = page.content.decode()
    assert toolkit.active_version is not None
    assert toolkit.active_version.digest in text
    assert toolkit.operations[0]["name"] in text


def test_a_toolkit_is_neither_added_changed_nor_deleted_by_a_form(signed_in: Client) -> None:
    toolkit = make_row("alpha")
    change = reverse("admin:toolkits_toolkit_change", args=[toolkit.pk])
    assert signed_in.post(change, {"name": "other"}).status_code == 403
    assert signed_in.get("/admin/toolkits/toolkit/add/").status_code == 403
    delete = reverse("admin:toolkits_toolkit_delete", args=[toolkit.pk])
    assert signed_in.post(delete, {"post": "yes"}).status_code == 403
    toolkit.refresh_from_db()
    assert toolkit.name == "Alpha"


def test_an_absent_toolkit_and_a_forbidden_one_look_alike(client: Client, db: None) -> None:
    hidden = make_row("alpha", enabled=False)
    client.force_login(make_user("sys", roles=[SYSTEM_ADMIN]))
    for pk in (hidden.pk, 999_999):
        url = reverse("admin:toolkits_toolkit_change", args=[pk])
        assert client.get(url).status_code == 404


def test_the_history_of_a_toolkit_is_the_audit_trails(signed_in: Client) -> None:
    toolkit = make_row("alpha")
    signed_in.post(reverse("admin:toolkits_toolkit_disable", args=[toolkit.pk]))
    page = signed_in.get(reverse("admin:toolkits_toolkit_history", args=[toolkit.pk]))
    text = page.content.decode()
    assert "toolkit.disabled" in text
    assert "carl" in text
