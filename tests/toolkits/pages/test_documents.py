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


@pytest.fixture
def files(kit: Toolkit, storage: Path) -> str:
    """Static files and pictures of the toolkit; returns what their addresses begin with."""
    folder = storage / "net" / "1.0.0"
    (folder / "static" / "img").mkdir(parents=True)
    (folder / "docs" / "img").mkdir()
    (folder / "docs" / "usage.md").write_text(
        "# Use\n\n![The page](page.png) ![deep](img/deep.svg) ![logo](../static/img/logo.png) "
        "![outside](../outside.md) ![gone](gone.png) ![far](https://evil.example/track.png) "
        "![up](../../../etc/passwd) ![inline](data:image/svg+xml;base64,PHN2Zz4=)"
    )
    (folder / "docs" / "page.png").write_bytes(b"\x89PNG")
    (folder / "docs" / "img" / "deep.svg").write_text("<svg onload='alert(1)'/>")
    (folder / "docs" / "linked.png").symlink_to("/etc/passwd")
    (folder / "static" / "img" / "logo.png").write_bytes(b"\x89PNG logo")
    (folder / "static" / "app.js").write_text("alert(1)")
    (folder / "static" / "page.html").write_text("<script>alert(1)</script>")
    (folder / "static" / "linked.txt").symlink_to("/etc/passwd")
    assert kit.active_version is not None
    return f"/toolkits/net/files/{kit.active_version.digest[:16]}"


def test_pictures_of_the_bundle_are_shown_in_documents_and_no_others(
    signed_in: Client, files: str
) -> None:
    text = signed_in.get("/toolkits/net/docs/usage/").content.decode()

    for name in ("docs/page.png", "docs/img/deep.svg", "static/img/logo.png"):
        assert f'src="{files}/{name}"' in text
    article = text.partition("<h1 id=\"use\">")[2].partition("</article>")[0]
    assert article.count("<img") == 3
    for left_out in ("evil.example", "etc/passwd", 'src="data:', "outside.md", "gone.png"):
        assert left_out not in article


def test_pictures_of_the_first_page_are_shown_where_it_is_and_beside_the_operations(
    signed_in: Client, files: str, storage: Path
) -> None:
    readme = storage / "net" / "1.0.0" / "docs" / "README.md"
    readme.write_text("# Net\n\n![The page](page.png)\n")

    for page in ("/toolkits/net/docs/", "/toolkits/net/"):
        assert f'src="{files}/docs/page.png"' in signed_in.get(page).content.decode()


def test_files_of_a_bundle_run_no_script(signed_in: Client, files: str) -> None:
    kinds = {}
    for name in ("docs/img/deep.svg", "static/app.js", "static/page.html", "docs/page.png"):
        answer = signed_in.get(f"{files}/{name}")
        assert answer.status_code == 200
        assert answer["X-Content-Type-Options"] == "nosniff"
        policy = answer["Content-Security-Policy"]
        assert policy.startswith("sandbox;")
        assert "allow-scripts" not in policy
        assert "script-src" not in policy
        assert "default-src 'none'" in policy
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
        kinds[name] = answer["Content-Type"], answer.get("Content-Disposition", "")[:10]

    assert kinds == {
        "docs/img/deep.svg": ("image/svg+xml", "inline; fi"),
        "static/app.js": ("text/plain; charset=utf-8", "inline; fi"),
        "static/page.html": ("application/octet-stream", "attachment"),
        "docs/page.png": ("image/png", "inline; fi"),
    }


def test_an_address_holds_the_content_and_is_kept_by_browsers(
    signed_in: Client, files: str
) -> None:
    answer = signed_in.get(f"{files}/docs/page.png")
    assert b"".join(answer) == b"\x89PNG"
    assert answer["Cache-Control"] == "private, max-age=31536000, immutable"

    assert signed_in.get(f"{files[:-1]}x/docs/page.png").status_code == 404
    assert signed_in.get(f"{files[:-8]}/docs/page.png").status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "docs/linked.png", "static/linked.txt", "docs/README.md", "docs/secret.txt", "kit.py",
        "toolkit.json", "outside.md", "static/../toolkit.json", "static/..%2Foutside.md",
        "static%2F..%2F..%2Foutside.md", "docs/%00", "static//img/logo.png",
    ],
)  # fmt: skip
def test_nothing_else_of_a_bundle_is_sent(signed_in: Client, files: str, name: str) -> None:
    assert signed_in.get(f"{files}/{name}").status_code == 404


def test_files_of_a_toolkit_are_for_those_who_see_it(
    kit: Toolkit, files: str, client: Client, user: User
) -> None:
    assert client.get(f"{files}/docs/page.png").status_code == 302
    Toolkit.objects.filter(pk=kit.pk).update(enabled=False)
    client.force_login(user)
    assert client.get(f"{files}/docs/page.png").status_code == 404
