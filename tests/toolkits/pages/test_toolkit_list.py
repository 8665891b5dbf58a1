"""The page of toolkits: search, categories, and pages of it however many there are."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.support.factories import make_row, operation
from toolkits.models import Toolkit
from toolkits.pages.views import toolkits as views


@pytest.fixture
def signed_in(client: Client, curator: User) -> Client:
    client.force_login(curator)
    return client


def shown(client: Client, query: str = "") -> list[str]:
    found = client.get(f"/toolkits/{query}").context["toolkits"]
    return [entry["toolkit"].slug for entry in found]


def test_a_search_looks_at_names_tags_and_operations(signed_in: Client) -> None:
    make_row("net", name="Networks", tags=["TCP"], categories=["Networking", "Checks"])
    make_row("dns", operations=[operation("lookup", title="Größe einer Zone")])
    make_row("web", description="Percent 100%", categories=["Checks"])
    for query, expected in {
        "": ["dns", "net", "web"],
        "?q=NETWORKS tcp": ["net"],
        "?q=grösse": ["dns"],  # as ß is folded
        "?q=GRÖSSE": ["dns"],
        "?q=lookup": ["dns"],
        "?q=100%25": ["web"],
        "?q=%25": ["web"],
        "?q=object": [],
        "?q=%00": ["dns", "net", "web"],
        "?category=Checks": ["net", "web"],
        "?category=Checks&q=net": ["net"],
        "?category=Check": [],
    }.items():
        assert shown(signed_in, query) == expected, query
    page = signed_in.get("/toolkits/").context
    assert page["categories"] == ["Checks", "Networking"]
    part = signed_in.get("/toolkits/?q=net", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "Networks" in part


def test_what_a_version_can_do_is_found_once_it_is_active(signed_in: Client) -> None:
    kit = make_row("net", operations=[operation("old")])
    assert shown(signed_in, "?q=fresh") == []
    assert kit.active_version is not None
    kit.active_version.description["operations"] = [operation("fresh")]
    kit.active_version.save()
    kit.save()
    assert shown(signed_in, "?q=fresh") == ["net"]


def test_pages_go_down_and_up_again_by_name(
    signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "PAGE_SIZE", 4)
    for number in range(10):
        # Names need not be unique, and do not stand in the order of slugs.
        make_row(f"kit-{number}", name=f"Kit {(9 - number) // 3}", categories=["a"])
    every = list(Toolkit.objects.order_by("name", "slug").values_list("slug", flat=True))
    found, address = [], "?category=a"
    while address:
        page = signed_in.get(f"/toolkits/{address}")
        found += [entry["toolkit"].slug for entry in page.context["toolkits"]]
        address = page.context["paging"].older
    assert found == every
    assert "category=a" in page.context["paging"].newer
    assert shown(signed_in, page.context["paging"].newer) == every[4:8]
    assert shown(signed_in, "?before=nobody") == every[:4]


def test_many_toolkits_are_asked_about_no_more_than_few(
    signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "PAGE_SIZE", 4)

    def questions() -> int:
        with CaptureQueriesContext(connection) as asked:
            for path in ("/toolkits/", "/", "/jobs/"):
                assert signed_in.get(path).status_code == 200
        return len(asked)

    for _ in range(3):
        make_row()
    questions()
    few = questions()
    for _ in range(20):
        make_row()
    assert questions() == few
