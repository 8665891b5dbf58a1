"""The catalog in the console: found, installed with one click, updated together, held back."""

from __future__ import annotations

import json

import pytest

from tests.support.kits import install_kit, write_kit
from toolkits.catalogs import making, refresh
from toolkits.jobs.states import JobState
from toolkits.models import InstallPlan, Job, PlanState, Toolkit
from toolkits.runtime.execute import run_job

pytestmark = pytest.mark.usefixtures("storage")


@pytest.fixture
def shop(catalog, site, tmp_path):
    """A catalog with ``fleet`` 2.0.0, ``other`` 3.0.0 and one entry for another runtime."""
    sources = [
        write_kit(
            tmp_path / "offered",
            slug="fleet",
            version="2.0.0",
            categories=["Hosts"],
            files={"CHANGELOG.md": "## 2.0.0\n- Counts **better**. <script>alert(1)</script>\n"},
        ),
        write_kit(tmp_path / "offered", slug="other", version="3.0.0", categories=["Networks"]),
    ]
    making.make(sources, site.folder, "ours")
    path = site.folder / "catalog.json"
    body = json.loads(path.read_text())
    foreign = {"slug": "foreign", "name": "Foreign", "version": "1.0.0", "bundle_url": "x.zip"}
    body["toolkits"].append({**foreign, "backend": {"router_attr": "router"}})
    path.write_text(json.dumps(body))
    refresh.refresh(catalog)
    return catalog


@pytest.fixture
def signed_in(client, curator):
    client.force_login(curator)
    return client


def run_all() -> list[Job]:
    jobs = list(Job.objects.order_by("id"))
    for job in jobs:
        run_job(str(job.pk))
        job.refresh_from_db()
    return jobs


def test_offers_are_found_by_words_and_category(shop, signed_in):
    everything = signed_in.get("/catalog/").text
    found = signed_in.get("/catalog/", {"q": "other"}).text
    hosts = signed_in.get("/catalog/", {"category": "Hosts"}).text

    assert all(slug in everything for slug in ("fleet", "other", "foreign"))
    assert "<code>other</code>" in found
    assert "<code>fleet</code>" not in found
    assert "<code>fleet</code>" in hosts
    assert "<code>other</code>" not in hosts


def test_what_cannot_be_installed_says_why_and_has_no_button(shop, signed_in):
    text = signed_in.get("/catalog/", {"q": "foreign"}).text

    assert "another runtime" in text
    assert "/catalog/foreign/install/" not in text
    answer = signed_in.post("/catalog/foreign/install/", follow=True)
    assert "another runtime" in answer.text
    assert not Job.objects.exists()


def test_a_new_toolkit_is_fetched_by_a_job_and_what_it_asks_for_is_confirmed(
    valkey, openbao, shop, signed_in
):
    answer = signed_in.post("/catalog/other/install/", {"catalog": "ours"})

    job = Job.objects.get()
    assert answer["Location"] == job.get_absolute_url()
    assert "Under way" in signed_in.get("/catalog/", {"q": "other"}).text
    run_job(str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, job.reason
    assert not Toolkit.objects.exists()
    plan = InstallPlan.objects.get(pk=job.inputs["plan"])
    address = f"/admin/toolkits/toolkit/plan/{plan.pk}/"
    assert address in signed_in.get(job.get_absolute_url()).text
    signed_in.post(address, {"digest": plan.digest, "consent": "1"})
    assert Toolkit.objects.get(slug="other").active_version.version == "3.0.0"


def test_one_click_updates_what_asks_for_no_more(valkey, openbao, shop, signed_in, tmp_path):
    install_kit(tmp_path / "mine", slug="fleet")

    signed_in.post("/catalog/fleet/install/", {"catalog": "ours"})
    (job,) = run_all()

    assert job.state == JobState.SUCCEEDED, job.reason
    assert Toolkit.objects.get().active_version.version == "2.0.0"


def test_updates_come_with_their_changelog_sanitised(shop, signed_in, tmp_path):
    install_kit(tmp_path / "mine", slug="fleet")

    text = signed_in.get("/catalog/", {"show": "updates"}).text

    assert "<strong>better</strong>" in text
    assert "<script>alert" not in text
    assert "<code>other</code>" not in text
    assert "Update 1 toolkit" in text


def test_all_updates_begin_together_and_what_is_held_stays(
    valkey, openbao, shop, signed_in, tmp_path
):
    for slug in ("fleet", "other"):
        install_kit(tmp_path / "mine", slug=slug)
    signed_in.post("/toolkits/other/pin/", {"pin": "1"})

    answer = signed_in.post("/catalog/update/", {"all": "1"}, follow=True)
    again = signed_in.post("/catalog/update/", {"all": "1"}, follow=True)
    run_all()

    assert "1 update has begun" in answer.text
    assert "nothing to update" in again.text
    versions = {one.slug: one.active_version.version for one in Toolkit.objects.all()}
    assert versions == {"fleet": "2.0.0", "other": "1.0.0"}
    signed_in.post("/toolkits/other/pin/", {"unpin": "1"})
    assert "Update 1 toolkit" in signed_in.get("/catalog/").text


def test_the_admin_updates_what_is_ticked(valkey, openbao, shop, signed_in, tmp_path):
    for slug in ("fleet", "other"):
        install_kit(tmp_path / "mine", slug=slug)
    ticked = [str(pk) for pk in Toolkit.objects.values_list("pk", flat=True)]

    answer = signed_in.post(
        "/admin/toolkits/toolkit/", {"action": "update", "_selected_action": ticked}, follow=True
    )
    run_all()

    assert "2 updates have begun" in answer.text
    versions = {one.slug: one.active_version.version for one in Toolkit.objects.all()}
    assert versions == {"fleet": "2.0.0", "other": "3.0.0"}


def test_an_update_that_asks_for_more_waits_to_be_confirmed(
    valkey, openbao, catalog, site, signed_in, tmp_path
):
    install_kit(tmp_path / "mine", slug="fleet", permissions={"network": False})
    more = {"permissions": {"network": False, "vault": ["other/place"]}}
    source = write_kit(tmp_path / "offered", slug="fleet", version="2.0.0", **more)
    making.make([source], site.folder, "ours")
    refresh.refresh(catalog)

    signed_in.post("/catalog/update/", {"slug": ["fleet"]})
    (job,) = run_all()

    assert job.state == JobState.SUCCEEDED, job.reason
    assert Toolkit.objects.get().active_version.version == "1.0.0"
    plan = InstallPlan.objects.get(pk=job.inputs["plan"])
    assert plan.state == PlanState.READY
    text = signed_in.get("/catalog/").text
    assert "2.0.0 waits to be confirmed" in text
    assert f"/admin/toolkits/toolkit/plan/{plan.pk}/" in text
    assert "Update 1 toolkit" not in text
    assert "nothing to update" in signed_in.post("/catalog/update/", {"all": "1"}, follow=True).text


def test_an_update_that_failed_says_why_where_it_was_begun(
    valkey, openbao, catalog, site, signed_in, tmp_path
):
    install_kit(tmp_path / "mine", slug="fleet")
    next(site.folder.glob("*.zip")).unlink()

    signed_in.post("/catalog/update/", {"all": "1"})
    (job,) = run_all()

    text = signed_in.get("/catalog/").text
    assert job.state == JobState.FAILED
    assert "The last try failed:" in text
    assert "answers 404" in text
    assert job.get_absolute_url() in text
    assert "Update 1 toolkit" in text


def test_a_catalog_that_is_away_is_shown_as_it_was_and_said_to_be_stale(shop, site, signed_in):
    (site.folder / "catalog.json").unlink()
    refresh.refresh(shop)

    text = signed_in.get("/catalog/").text

    assert "<code>fleet</code>" in text
    assert "may be out of date" in text


def test_without_a_catalog_the_page_says_where_one_comes_from(db, signed_in):
    assert "TOOLKIT_CATALOG_URL" in signed_in.get("/catalog/").text


def test_the_page_is_for_those_who_install(shop, client, user):
    client.force_login(user)
    for method, url in (
        (client.get, "/catalog/"),
        (client.post, "/catalog/update/"),
        (client.post, "/catalog/other/install/"),
    ):
        assert method(url).status_code == 404
