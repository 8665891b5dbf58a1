"""Documents of toolkits and the handbook."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tests.support.factories import make_row
from toolkits.models import Toolkit
from toolkits.pages import handbook


@pytest.fixture
def kit(db: None, storage: Path) -> Toolkit:
    kit = make_row("net")
    folder = storage / "net" / "1.0.0" / "docs"
    folder.mkdir(parents=True)
    (folder / "README.md").write_text(
        "# The net\n\n<script>alert(1)</script> [x](javascript:alert(1)) [use](usage.md#top)"
    )
    (folder / "usage.md").write_text("# How to use it\n\nLike so.")
    (folder / "secret.txt").write_text("not a document")
    (storage / "net" / "1.0.0" / "outside.md").write_text("outside")
    (folder / "link.md").symlink_to("/etc/passwd")
    return kit


@pytest.fixture
def signed_in(client: Client, user: User, kit: Toolkit) -> Client:
    client.force_login(user)
    return client


def test_documents_are_shown_without_what_could_run(signed_in: Client) -> None:
    text = signed_in.get("/toolkits/net/docs/").content.decode()
    assert "The net" in text
    assert "How to use it" in text
    assert "<script>alert" not in text
    assert 'href="javascript:' not in text
    assert 'href="/toolkits/net/docs/usage/#top"' in text


def test_only_documents_that_are_listed_are_served(signed_in: Client) -> None:
    assert signed_in.get("/toolkits/net/docs/usage/").status_code == 200
    for name in (
        "link",
        "secret.txt",
        "..%2Foutside",
        "%2e%2e%2foutside",
        "..%252foutside",
        "usage.md",
        "README",
        "",
        "%00",
        "....%2f%2foutside",
    ):
        answer = signed_in.get(f"/toolkits/net/docs/{name}/")
        assert answer.status_code == 404, name


def test_a_toolkit_page_names_its_documents(signed_in: Client) -> None:
    text = signed_in.get("/toolkits/net/").content.decode()
    assert "/toolkits/net/docs/usage/" in text
    assert "link.md" not in text


def test_documents_of_a_toolkit_that_is_not_visible_are_not_there(
    client: Client, user: User, kit: Toolkit
) -> None:
    kit.enabled = False
    kit.save()
    client.force_login(user)
    assert client.get("/toolkits/net/docs/").status_code == 404


@pytest.fixture
def guides(tmp_path: Path, settings: Any) -> Iterator[Path]:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "README.md").write_text("# Handbook\n\nWelcome.")
    (tmp_path / "docs" / "operators.md").write_text(
        "# For operators\n\nHow to drain a **worker** before an upgrade."
    )
    settings.BASE_DIR = tmp_path
    handbook._texts.cache_clear()
    yield tmp_path
    handbook._texts.cache_clear()


def test_the_handbook_is_read_and_searched(signed_in: Client, guides: Path) -> None:
    assert "Welcome." in signed_in.get("/docs/").content.decode()
    assert "drain a" in signed_in.get("/docs/operators/").content.decode()
    found = signed_in.get("/docs/", {"q": "WORKER upgrade"}).content.decode()
    assert "How to drain a worker before an upgrade" in found
    assert "Handbook" not in found.split("search-hits")[1].split("</ul>")[0]
    assert signed_in.get("/docs/nothing/").status_code == 404
    assert signed_in.get("/docs/..%2Fmanage/").status_code == 404


def test_the_handbook_asks_for_sign_in(client: Client, db: None) -> None:
    assert client.get("/docs/").status_code == 302


def test_pictures_beside_the_documents_are_shown_and_nothing_else(
    signed_in: Client, storage: Path
) -> None:
    folder = storage / "net" / "1.0.0" / "docs"
    (folder / "usage.md").write_text("# Use\n\n![The page](page.png) ![x](../outside.png)")
    (folder / "page.png").write_bytes(b"\x89PNG")
    (folder / "drawing.svg").write_text("<svg onload='alert(1)'/>")
    (folder / "linked.png").symlink_to("/etc/passwd")

    text = signed_in.get("/toolkits/net/docs/usage/").content.decode()
    assert 'src="/toolkits/net/docs/pictures/page.png"' in text
    answer = signed_in.get("/toolkits/net/docs/pictures/page.png")
    assert b"".join(answer) == b"\x89PNG"
    assert answer["Content-Type"] == "image/png"
    assert answer["X-Content-Type-Options"] == "nosniff"
    for name in ("drawing.svg", "linked.png", "README.md", "..%2Fpage.png", "secret.txt"):
        assert signed_in.get(f"/toolkits/net/docs/pictures/{name}").status_code == 404


def test_pictures_of_a_toolkit_are_for_those_who_see_it(kit: Toolkit, client: Client) -> None:
    assert client.get("/toolkits/net/docs/pictures/page.png").status_code in (302, 404)
