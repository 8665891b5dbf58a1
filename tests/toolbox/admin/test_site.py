"""Who gets into the admin, and what its frame shows."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.contrib import admin
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse

from accounts.models import PersonalToken, User
from accounts.roles import SYSTEM_ADMIN
from tests.support.factories import make_row, make_token, make_user
from toolkits.models import JobLog

INLINE = re.compile(
    r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)", re.IGNORECASE
)


def test_a_stranger_is_sent_to_the_consoles_sign_in_and_back(client: Client, db: None) -> None:
    response = client.get("/admin/toolkits/job/?state__exact=failed")
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("login") + "?next=/admin/toolkits/job/")


def test_the_admins_own_sign_in_leads_to_the_consoles(client: Client, db: None) -> None:
    response = client.get("/admin/login/?next=/admin/queues/")
    assert response["Location"] == f"{reverse('login')}?next=/admin/queues/"


def test_the_admins_sign_in_takes_no_password(client: Client, curator: User) -> None:
    client.post("/admin/login/", {"username": "carl", "password": "correct horse battery"})
    assert "_auth_user_id" not in client.session


def test_the_sign_in_leads_to_no_other_host(client: Client, db: None) -> None:
    response = client.get("/admin/login/?next=https://evil.example/")
    assert "evil" not in response["Location"]


def test_for_people_without_a_role_the_admin_is_not_there(client: Client, user: User) -> None:
    client.force_login(user)
    for path in ("/admin/", "/admin/toolkits/job/", "/admin/jsi18n/", "/admin/nothing/"):
        assert client.get(path).status_code == 404


def test_the_navigation_holds_what_the_user_may_open(client: Client, curator: User) -> None:
    client.force_login(curator)
    page = client.get("/admin/").content.decode()
    assert reverse("admin:toolkits_toolkit_upload") in page
    client.force_login(make_user("sys", roles=[SYSTEM_ADMIN]))
    page = client.get("/admin/").content.decode()
    assert reverse("admin:toolkits_job_changelist") in page
    assert reverse("admin:toolkits_toolkit_upload") not in page
    assert reverse("admin:toolkits_record_changelist") not in page


def test_what_libraries_register_is_left_out() -> None:
    labels = {model._meta.label for model in admin.site._registry}
    assert not {label for label in labels if label.startswith(("token_blacklist.", "django_rq."))}


def test_an_admin_of_the_projects_own_must_derive_from_the_base_class() -> None:
    class Loose(admin.ModelAdmin):  # type: ignore[type-arg]
        pass

    with pytest.raises(ImproperlyConfigured):
        admin.site.register(JobLog, Loose)


def test_no_page_has_an_inline_script_or_style(client: Client, admin_user: User) -> None:
    toolkit = make_row("sample")
    client.force_login(admin_user)
    paths = [
        "/admin/", "/admin/toolkits/", "/admin/toolkits/toolkit/", "/admin/toolkits/job/",
        "/admin/toolkits/record/", "/admin/toolkits/cardstate/", "/admin/queues/",
        reverse("admin:toolkits_toolkit_upload"),
        reverse("admin:toolkits_toolkit_change", args=[toolkit.pk]),
        reverse("admin:toolkits_toolkit_history", args=[toolkit.pk]),
    ]  # fmt: skip
    for path in paths:
        response = client.get(path)
        assert response.status_code == 200, path
        assert not INLINE.findall(response.content.decode()), path


def test_times_in_lists_are_relative_with_the_exact_one_on_hover(
    client: Client, admin_user: User
) -> None:
    admin_user.time_zone = "Europe/Berlin"
    admin_user.save()
    token, _text = make_token(admin_user)
    when = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    PersonalToken.objects.filter(pk=token.pk).update(expires_at=when)
    client.force_login(admin_user)
    page = client.get("/admin/accounts/personaltoken/").content.decode()
    time = 'datetime="2030-01-02T03:04:05+00:00" title="2030-01-02 04:04:05 CET" data-relative'
    assert time in page
    assert client.get("/admin/accounts/personaltoken/?o=6").status_code == 200
    one = client.get(f"/admin/accounts/personaltoken/{token.pk}/change/").content.decode()
    assert "2030-01-02 04:04:05 CET" in one
