"""The search page and the command palette find what one may see, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tests.support.factories import make_job, make_row, make_user, operation
from toolkits.jobs.states import JobState
from toolkits.models import Record, Toolkit
from toolkits.pages import handbook

COLLECTION = {
    "name": "targets",
    "title": "Targets",
    "description": "",
    "schema": {"properties": {"name": {"type": "string"}, "token": {"type": "string"}}},
    "secret_fields": ["token"],
}


@pytest.fixture
def kit(db: None, storage: Path) -> Toolkit:
    kit = make_row(
        "net",
        name="Network things",
        operations=[operation("drain_node", title="Drain a node")],
        collections=[COLLECTION],
    )
    folder = storage / "net" / "1.0.0" / "docs"
    folder.mkdir(parents=True)
    (folder / "README.md").write_text("# Networks\n\nHow to cordon a zebra first.")
    return kit


@pytest.fixture(autouse=True)
def _no_handbook(tmp_path: Path, settings: Any) -> Iterator[None]:
    settings.BASE_DIR = tmp_path
    handbook._texts.cache_clear()
    yield
    handbook._texts.cache_clear()


def found(client: Client, words: str, address: str = "/search/") -> dict[str, list[str]]:
    kinds = client.get(address, {"q": words}).context["found"]
    return {kind.label: [hit.title for hit in kind.hits] for kind in kinds}


def test_each_kind_is_found_by_its_words(client: Client, kit: Toolkit, user: User) -> None:
    job = make_job(kit, user, title="Nightly drain", state=JobState.FAILED, reason="Disk full.")
    Record.objects.create(toolkit=kit, collection="targets", data={"name": "Übersee node 7"})
    client.force_login(user)
    assert found(client, "DRAIN node") == {"Operations": ["Drain a node"]}
    assert found(client, "things")["Toolkits"] == ["Network things"]
    assert found(client, "disk FULL") == {"Jobs": ["Nightly drain"]}
    assert found(client, str(job.pk)) == {"Jobs": ["Nightly drain"]}
    assert found(client, "übersee") == {"Records": ["Übersee node 7"]}
    assert found(client, "zebra") == {"Documentation": ["Networks"]}
    assert found(client, "nothing like this") == {}
    assert found(client, "  ") == {}
    assert found(client, "\0") == {}


def test_what_one_may_not_see_is_not_found(
    client: Client, kit: Toolkit, user: User, curator: User
) -> None:
    make_job(kit, curator, title="Nightly drain")
    Record.objects.create(toolkit=kit, collection="targets", data={"name": "node"})
    client.force_login(user)
    assert "Jobs" not in found(client, "nightly")
    kit.enabled = False
    kit.save()
    for words in ("drain", "node", "network", "zebra"):
        assert found(client, words) == {}, words
    client.force_login(make_user("nobody"))
    assert found(client, "network") == {}


def test_secrets_and_their_places_are_not_searched(
    client: Client, kit: Toolkit, user: User
) -> None:
    reference = {"$vault": "toolkits/net/records#token"}
    data = {"name": "n1", "token": reference}
    Record.objects.create(toolkit=kit, collection="targets", data=data)
    client.force_login(user)
    for words in ("vault", "token", "records#"):
        assert "Records" not in found(client, words), words


def test_admin_pages_are_found_by_those_who_may_open_them(
    client: Client, kit: Toolkit, user: User, admin_user: User
) -> None:
    client.force_login(user)
    assert "Administration" not in found(client, "jobs")
    client.force_login(admin_user)
    assert "Administration" in found(client, "jobs")


def test_the_palette_answers_with_a_part(client: Client, kit: Toolkit, user: User) -> None:
    client.force_login(user)
    text = client.get("/search/palette/", {"q": "drain"}).content.decode()
    assert "<html" not in text
    assert 'href="/toolkits/net/run/drain_node/"' in text
    assert 'href="/jobs/"' in client.get("/search/palette/").content.decode()
    client.logout()
    answer = client.get("/search/palette/", headers={"HX-Request": "true"})
    assert answer.headers["HX-Refresh"] == "true"


@pytest.mark.parametrize("rows", [2, 40])
def test_a_search_asks_few_questions(
    client: Client, curator: User, storage: Path, django_assert_max_num_queries: Any, rows: int
) -> None:
    for number in range(rows):
        kit = make_row(f"net{number}", collections=[COLLECTION])
        make_job(kit, curator)
        Record.objects.create(toolkit=kit, collection="targets", data={"name": "hello"})
    client.force_login(curator)
    with django_assert_max_num_queries(14):
        assert found(client, "hello")["Records"]
