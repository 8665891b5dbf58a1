"""Catalogs on a real web server: fetched safely, compared, installed from, stale when away."""

from __future__ import annotations

import hashlib
import io
import json

import pytest
from django.core.management import call_command
from django.urls import reverse

from accounts.roles import TOOLKIT_CURATOR
from audit.models import Event
from tests.support.factories import make_user
from tests.support.kits import HELLO, install_kit, write_kit
from toolbox.fetching import FetchError, fetch
from toolkits import lifecycle
from toolkits.catalogs import making, offers, refresh
from toolkits.errors import BundleError, NotUsable
from toolkits.models import Catalog, InstallPlan, Toolkit

pytestmark = pytest.mark.usefixtures("storage")


def edit(site, change) -> None:
    path = site.folder / "catalog.json"
    body = json.loads(path.read_text())
    change(body["toolkits"][0])
    path.write_text(json.dumps(body))


def test_what_is_on_offer_is_installed_from_its_site(catalog, curator):
    offer = offers.find("fleet")
    assert offer.problem == ""

    plan = offers.plan_offer(offer, curator, via="api")

    assert (plan.slug, plan.version) == ("fleet", "2.0.0")
    assert plan.digest == offer.newest["digest"]


def test_a_newer_version_is_an_update_unless_the_toolkit_is_pinned(catalog, tmp_path, curator):
    toolkit = install_kit(tmp_path / "old", HELLO, slug="fleet")

    assert [offer.update["version"] for offer in offers.updates()] == ["2.0.0"]
    assert "New." in next(offers.updates()).update["changelog"]

    lifecycle.pin(toolkit, curator, pinned=True)
    assert list(offers.updates()) == []


def test_a_catalog_that_is_away_keeps_its_entries_and_says_why(catalog, site):
    (site.folder / "catalog.json").unlink()

    assert not refresh.refresh(catalog)

    catalog.refresh_from_db()
    assert "answers 404" in catalog.error
    assert offers.find("fleet") is not None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("<html>", "line 1"),
        ('{"toolkits": 5}', "no list of toolkits"),
        ("[" * 5000, "nested deeper"),
        ('{"a": 1, "a": 2}', "twice"),
    ],
)
def test_what_is_no_catalog_is_told_and_changes_nothing(catalog, site, content, said):
    (site.folder / "catalog.json").write_text(content)

    refresh.refresh(catalog)

    catalog.refresh_from_db()
    assert said in catalog.error
    assert len(catalog.entries) == 1


def test_a_bundle_that_is_not_the_one_named_is_refused(catalog, site, curator):
    edit(site, lambda entry: entry["versions"][0].update(digest="0" * 64))
    refresh.refresh(catalog)

    with pytest.raises(BundleError, match="digest is another"):
        offers.plan_offer(offers.find("fleet"), curator, via="api")

    assert not Toolkit.objects.exists()
    assert InstallPlan.objects.get().state == "refused"


def test_an_entry_for_another_runtime_is_shown_and_explained(catalog, site, curator):
    def change(entry):
        entry["manifest"] = {"backend": {"router_attr": "router"}}

    edit(site, change)
    refresh.refresh(catalog)
    offer = offers.find("fleet")

    assert "another runtime" in offer.problem
    with pytest.raises(NotUsable, match="another runtime"):
        offers.plan_offer(offer, curator, via="api")


def test_a_version_for_another_platform_is_no_update(catalog, site, tmp_path):
    install_kit(tmp_path / "old", HELLO, slug="fleet")
    edit(site, lambda entry: entry["versions"][0]["requires"].update(toolbox=">=99"))
    refresh.refresh(catalog)

    assert "another version of the platform: >=99" in offers.find("fleet").problem
    assert list(offers.updates()) == []


def test_private_addresses_are_refused_unless_allowed(catalog, site, settings):
    settings.TOOLKIT_CATALOG_ALLOW_PRIVATE = False

    refresh.refresh(catalog)

    assert "is not https" in catalog.error


def test_a_name_that_leads_to_this_machine_is_refused(tmp_path):
    with pytest.raises(FetchError, match="is a private address"):
        fetch("https://localhost/x", tmp_path / "x", most_bytes=10, most_seconds=5)


def test_a_redirect_is_checked_like_the_first_address(site, tmp_path):
    for place in ("http://169.254.169.254/latest/", "file:///etc/passwd", "ftp://127.0.0.1/x"):
        with pytest.raises(FetchError):
            fetch(
                f"{site.url}/elsewhere?{place}",
                tmp_path / "x",
                most_bytes=1000,
                most_seconds=5,
                allow_private=True,
            )
        assert not (tmp_path / "x").exists()


def test_what_has_no_end_is_cut_off(site, tmp_path):
    with pytest.raises(FetchError, match="larger than the limit"):
        fetch(
            f"{site.url}/endless",
            tmp_path / "x",
            most_bytes=1 << 20,
            most_seconds=10,
            allow_private=True,
        )


def test_catalogs_of_the_settings_come_and_go_with_them(db, settings, tmp_path):
    settings.TOOLKIT_CATALOG_URL = f"file://{tmp_path}/catalog.json"
    making.make([write_kit(tmp_path, HELLO, slug="local")], tmp_path, "local")

    refresh.sync_settings()
    refresh.run_due()

    assert offers.find("local") is not None
    settings.TOOLKIT_CATALOG_URL = ""
    refresh.sync_settings()
    assert not Catalog.objects.exists()


def test_a_catalog_that_people_added_cannot_name_files_of_the_host(db, tmp_path):
    made = Catalog.objects.create(name="sly", url=f"file://{tmp_path}/catalog.json")

    refresh.refresh(made)

    assert "is not https" in made.error


def test_installing_by_the_api(catalog, client, db):
    client.force_login(make_user(roles=[TOOLKIT_CURATOR]))

    listed = client.get("/api/v1/catalog/?q=fleet").json()["results"]
    address, kind = "/api/v1/catalog/fleet/install/", "application/json"
    planned = client.post(f"{address}?plan=true", content_type=kind)
    assert planned.status_code == 200, planned.content
    done = client.post(address, content_type=kind)

    assert listed[0]["newer"] is None
    assert done.status_code == 201, done.content
    assert Toolkit.objects.get().active_version.version == "2.0.0"
    assert client.get("/api/v1/toolkits/updates/").json()["results"] == []


def test_each_fetching_is_on_record_and_a_lasting_failure_once(catalog, site):
    done = Event.objects.get(name="catalog.fetched")
    body = (site.folder / "catalog.json").read_bytes()
    assert done.target_label == "ours"
    assert done.details == {"digest": hashlib.sha256(body).hexdigest(), "entries": 1}

    (site.folder / "catalog.json").unlink()
    refresh.refresh(catalog)
    refresh.refresh(catalog)

    failed = Event.objects.get(name="catalog.fetch_failed")
    assert failed.outcome == "failure"
    assert "answers 404" in failed.details["reason"]


def test_an_administrator_has_it_fetched_now_and_another_address_drops_the_old_offers(
    catalog, client, admin_user
):
    client.force_login(admin_user)
    listed = reverse("admin:toolkits_catalog_changelist")
    client.post(listed, {"action": "fetch_now", "_selected_action": [catalog.pk]})
    catalog.refresh_from_db()
    assert catalog.tried_at is None
    assert offers.find("fleet") is not None

    page = reverse("admin:toolkits_catalog_change", args=[catalog.pk])
    form = {"name": "ours", "url": "https://elsewhere.example/c.json", "enabled": "on"}
    assert client.post(page, form).status_code == 302

    catalog.refresh_from_db()
    assert (catalog.entries, catalog.fetched_at, catalog.tried_at) == ([], None, None)


def test_a_folder_of_toolkits_becomes_one_catalog_with_all_versions(site, tmp_path, db):
    kits = tmp_path / "kits"
    for version in ("1.0.0", "1.10.0", "1.9.0"):
        files = {"docs/README.md": f"# Fleet\n\nOf {version}. ![x](page.png) [More](more.md)\n"}
        write_kit(kits / version, HELLO, slug="fleet", version=version, files=files).rename(
            kits / f"fleet-{version}"
        )
        (kits / version).rmdir()
    write_kit(kits, HELLO, slug="other")
    call_command(
        "toolkit", "pack", str(kits), "--catalog", "Ours", "--output", str(site.folder),
        stdout=io.StringIO(),
    )  # fmt: skip

    made = Catalog.objects.create(name="ours", url=f"{site.url}/catalog.json")
    refresh.refresh(made)

    entry = offers.find("fleet").entry
    assert [each["version"] for each in entry["versions"]] == ["1.10.0", "1.9.0", "1.0.0"]
    assert entry["readme"] == "# Fleet\n\nOf 1.10.0.  More\n"
    assert offers.find("other") is not None
    (tmp_path / "empty").mkdir()
    with pytest.raises(BundleError, match="neither toolkit.json nor"):
        making.make([tmp_path / "empty"], tmp_path / "out", "x")


@pytest.mark.parametrize(
    ("changelog", "told"),
    [
        ("# Changelog\n\n## 2.0.0\n\n- New.\n\n## 1.2.0\n\n- Old.\n", "- New.\n"),
        ("## [2.0.0] - 2026-01-01\n### Added\n- A\n## 1.0\n- B\n", "### Added\n- A\n"),
        ("## 12.0.0\n- B\n## v2.0.0-rc.1\n- C\n", "## 12.0.0\n- B\n## v2.0.0-rc.1\n- C\n"),
        ("Only words.\n", "Only words.\n"),
        ("", ""),
    ],
)
def test_a_version_in_a_catalog_tells_its_own_changes(tmp_path, changelog, told):
    files = {"CHANGELOG.md": changelog}
    source = write_kit(tmp_path, HELLO, slug="fleet", version="2.0.0", files=files)

    making.make([source], tmp_path / "out", "Ours")

    made = json.loads((tmp_path / "out" / "catalog.json").read_text())
    assert made["toolkits"][0]["versions"][0]["changelog"] == told


@pytest.mark.parametrize(
    ("docs", "shown"),
    [
        ("https://docs.example/fleet", "https://docs.example/fleet"),
        ("fleet.html", "{site}/fleet.html"),
        ("javascript:alert(1)", ""),
        ("", ""),
    ],
)
def test_an_entry_leads_to_its_documentation(catalog, site, docs, shown):
    edit(site, lambda entry: entry.update(docs=docs))
    refresh.refresh(catalog)

    assert offers.find("fleet").entry["docs"] == shown.format(site=site.url)


def test_a_catalog_of_the_settings_that_is_far_away_names_no_file_of_the_host(
    catalog, site, tmp_path, curator
):
    Catalog.objects.update(from_settings=True)
    bundle = next(site.folder.glob("*.zip"))
    edit(site, lambda entry: entry["versions"][0].update(url=f"file://{bundle}"))
    catalog.refresh_from_db()
    refresh.refresh(catalog)

    with pytest.raises(FetchError, match="is not https"):
        offers.plan_offer(offers.find("fleet"), curator, via="api")


def test_a_user_sees_no_catalog(catalog, client, user):
    client.force_login(user)

    assert client.get("/api/v1/catalog/").status_code == 404
    assert client.post("/api/v1/catalog/fleet/install/").status_code == 404
