"""Installing as a job: built by a worker, with its log, and to be cancelled like any other."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile

from audit.models import Event
from tests.support import until
from tests.support.factories import make_token
from tests.support.kits import install_kit, run_here, write_kit
from tests.support.wheels import write_wheel
from toolkits import installs
from toolkits.bundles import installer, pack, planning, progress
from toolkits.bundles.install import install_bundle
from toolkits.bundles.planning import PlanOptions
from toolkits.errors import BundleError
from toolkits.installs import Wanted
from toolkits.jobs import logs
from toolkits.jobs.cancel import request_cancel
from toolkits.jobs.states import JobState
from toolkits.models import InstallPlan, Job, PlanState, Toolkit
from toolkits.runtime.execute import run_job

CODE = '''
@toolkit.operation()
def hello(ctx: Context) -> str:
    import small_package
    return small_package.WORD
'''


@pytest.fixture
def zipped(tmp_path):
    """Make a zip: ``zipped(word, version=…, **manifest)`` with a wheel that holds the word."""

    def make(word="from the wheel", wheel="1.0.0", requirements="", **manifest):
        folder = tmp_path / f"{word}-{wheel}".replace(" ", "-")
        wanted = requirements or f"small-package=={wheel}\n"
        given = {"slug": "fleet", **manifest}
        source = write_kit(folder, CODE, files={"requirements.txt": wanted}, **given)
        write_wheel(source / "wheels", word, wheel)
        return pack.pack(source, folder / "bundle.zip")

    return make


@pytest.fixture
def api(client, curator):
    _, text = make_token(curator)

    def post(url, **data):
        return client.post(url, data, headers={"authorization": f"Bearer {text}"})

    return post


def submitted(source, user, **wanted):
    seen, plan = installs.looked_at(source, user=user, via="api", options=PlanOptions())
    return installs.submit_upload(plan, source, seen, user=user, wanted=Wanted(**wanted))


def done(job):
    run_job(str(job.pk))
    job.refresh_from_db()
    return job


def text_of(job):
    return "\n".join(line.text for line in logs.read(job).lines)


def test_an_upload_that_needs_an_environment_is_built_by_a_job_with_its_log(
    valkey, openbao, storage, zipped, api, curator
):
    source = zipped("from the job")
    answer = api(
        "/api/v1/toolkits/install/",
        bundle=SimpleUploadedFile("fleet.zip", source.read_bytes()),
    )

    assert answer.status_code == 202, answer.content
    job = Job.objects.get(pk=answer.json()["id"])
    assert answer["Location"].endswith(f"/jobs/{job.pk}/")
    assert not Toolkit.objects.exists()

    done(job)

    assert job.state == JobState.SUCCEEDED, job.reason
    toolkit = Toolkit.objects.select_related("active_version").get()
    assert toolkit.active_version.version == "1.0.0"
    log = text_of(job)
    assert "fleet 1.0.0" in log
    assert "small-package" in log
    assert "It is the active version." in log
    assert run_here(toolkit, curator).result["data"] == "from the job"
    assert not list((storage / ".bundles" / "uploads").glob("*"))


def test_an_upload_without_requirements_is_answered_at_once_unless_a_job_is_asked_for(
    valkey, openbao, storage, tmp_path, api
):
    first = pack.pack(write_kit(tmp_path / "a", slug="fleet"), tmp_path / "a.zip")
    second = pack.pack(write_kit(tmp_path / "b", slug="fleet", version="1.1.0"), tmp_path / "b.zip")

    at_once = api("/api/v1/toolkits/install/", bundle=io.BytesIO(first.read_bytes()))
    later = api(
        "/api/v1/toolkits/fleet/update/?background=true&plan=true",
        bundle=SimpleUploadedFile("b.zip", second.read_bytes()),
    )

    assert at_once.status_code == 201
    assert later.status_code == 202
    job = done(Job.objects.get(pk=later.json()["id"]))
    assert job.state == JobState.SUCCEEDED, job.reason
    assert InstallPlan.objects.get(pk=job.inputs["plan"]).state == PlanState.READY
    assert Toolkit.objects.get().active_version.version == "1.0.0"


def test_a_job_that_is_refused_says_why_and_leaves_nothing(
    valkey, openbao, storage, zipped, curator
):
    job = done(submitted(zipped(requirements="not-there-at-all==1.0.0\n"), curator))

    assert job.state == JobState.FAILED
    assert "requirements.txt: could not be installed" in job.reason
    assert "not-there-at-all" in text_of(job)
    assert Event.objects.filter(name="toolkit.install_refused").count() == 1
    assert not Toolkit.objects.exists()
    assert not list(storage.glob(".planned/*"))
    assert not list(storage.glob(".environments/.new-*"))


def test_a_bundle_with_a_bad_manifest_is_refused_before_there_is_a_job(
    db, storage, tmp_path, curator
):
    source = write_kit(tmp_path, slug="fleet", version="one")

    with pytest.raises(BundleError):
        submitted(source, curator)

    assert not Job.objects.exists()
    assert InstallPlan.objects.get().state == PlanState.REFUSED


def test_an_update_that_asks_for_more_is_left_to_be_confirmed(
    valkey, openbao, storage, tmp_path, curator, client
):
    install_kit(tmp_path / "one", slug="fleet")
    asks = {"permissions": {"vault": ["other/place"]}, "version": "2.0.0"}
    newer = write_kit(tmp_path / "two", slug="fleet", **asks)
    source = pack.pack(newer, tmp_path / "two.zip")

    job = done(submitted(source, curator, consent=False))
    client.force_login(curator)
    page = client.get(f"/jobs/{job.pk}/")

    assert job.state == JobState.SUCCEEDED, job.reason
    assert Toolkit.objects.get().active_version.version == "1.0.0"
    assert f"/admin/toolkits/toolkit/plan/{job.inputs['plan']}/" in page.text


def test_a_cancelled_build_ends_and_leaves_the_old_version(
    platform, tmp_path, zipped, curator, settings
):
    install_kit(tmp_path / "one", slug="fleet")
    platform.worker(TOOLKIT_JOB_LEASE_SECONDS="3")
    slow = write_kit(
        tmp_path / "slow", "import time\ntime.sleep(60)\n", slug="fleet", version="2.0.0"
    )
    job = submitted(pack.pack(slow, tmp_path / "slow.zip"), curator)
    until(lambda: "Its environment" in text_of(job), 60, "the code is being asked")

    request_cancel(job, curator)

    until(lambda: Job.objects.get(pk=job.pk).is_finished, 60, "the end of the job")
    ended = Job.objects.get(pk=job.pk)
    assert ended.state == JobState.CANCELLED, ended.reason
    assert InstallPlan.objects.get(pk=job.inputs["plan"]).state == PlanState.DISCARDED
    assert Toolkit.objects.get().active_version.version == "1.0.0"
    assert not list(django_settings.TOOLKIT_STORAGE_DIR.glob(".planned/*"))


def test_two_installs_of_one_toolkit_come_one_after_the_other(
    valkey, openbao, storage, zipped, curator
):
    first = submitted(zipped("one"), curator)
    second = submitted(zipped("two", "1.1.0", version="1.1.0"), curator, consent=True)
    Job.objects.filter(pk=first.pk).update(turn=0)

    assert {tuple(limit) for limit in (*first.limits, *second.limits)} == {("install:fleet", 1)}
    done(first)
    done(second)

    assert second.state == JobState.SUCCEEDED, second.reason
    assert Toolkit.objects.get().active_version.version == "1.1.0"


def test_toolkits_with_conflicting_versions_of_one_library_both_work(
    valkey, openbao, storage, tmp_path, user
):
    made = {}
    for slug, word, version in (("older", "one", "1.0.0"), ("newer", "two", "2.0.0")):
        files = {"requirements.txt": f"small-package=={version}\n"}
        source = write_kit(tmp_path, CODE, slug=slug, files=files)
        write_wheel(source / "wheels", word, version)
        install_bundle(source, user=user, via="cli")
        made[slug] = Toolkit.objects.select_related("active_version").get(slug=slug)

    found = {slug: run_here(toolkit, user).result["data"] for slug, toolkit in made.items()}
    again = {slug: run_here(toolkit, user).result["data"] for slug, toolkit in made.items()}

    assert found == again == {"older": "one", "newer": "two"}


def test_an_environment_is_shared_by_versions_with_the_same_requirements(
    db, storage, tmp_path, user, monkeypatch
):
    calls = []
    install = installer.install
    monkeypatch.setattr(installer, "install", lambda *given: calls.append(given) or install(*given))
    for version in ("1.0.0", "1.1.0"):
        files = {"requirements.txt": "small-package==3.0.0\n"}
        source = write_kit(tmp_path / version, CODE, slug="fleet", version=version, files=files)
        write_wheel(source / "wheels", "three", "3.0.0")
        install_bundle(source, user=user, via="cli")

    assert len(calls) <= 1
    environments = {v.environment for v in Toolkit.objects.get().versions.all()}
    assert len(environments) == 1


@pytest.mark.parametrize("with_uv", [True, False])
def test_hashes_that_are_given_are_checked_by_either_installer(
    db, storage, tmp_path, user, monkeypatch, with_uv
):
    monkeypatch.setattr(installer, "has_uv", lambda: with_uv)
    source = write_kit(tmp_path, CODE, slug="fleet")
    wheel = write_wheel(source / "wheels", f"uv {with_uv}", "4.0.0")
    right = hashlib.sha256(wheel.read_bytes()).hexdigest()
    requirements = source / "requirements.txt"

    requirements.write_text(f"small-package==4.0.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(BundleError, match=r"(?i)hash"):
        install_bundle(source, user=user, via="cli")
    assert not Toolkit.objects.exists()

    requirements.write_text(f"small-package==4.0.0 --hash=sha256:{right}\n")
    version = install_bundle(source, user=user, via="cli")
    assert "small_package.py" in [
        path.name for path in (storage / ".environments" / version.environment).iterdir()
    ]


def test_what_the_installer_says_is_told_line_by_line(db, storage, tmp_path, user):
    class Heard:
        lines: list[str] = []
        steps: list[str] = []

        def step(self, name, detail):
            self.steps.append(name)

        def line(self, text):
            self.lines.append(text)

        def heed(self):
            pass

    source = write_kit(tmp_path, CODE, slug="fleet")
    write_wheel(source / "wheels", "told", "5.0.0")
    (source / "requirements.txt").write_text("small-package==5.0.0\n")

    with progress.told_to(Heard()):
        plan = planning.make_plan(source, user=user, via="cli")

    assert plan.state == PlanState.READY
    assert any("small-package" in line for line in Heard.lines)
    told = [name for name in progress.STEPS if name in Heard.steps]
    assert told == list(progress.STEPS[:8])


def test_the_upload_page_leads_to_the_job_where_something_must_be_built(
    valkey, storage, zipped, client, curator
):
    client.force_login(curator)
    bundle = SimpleUploadedFile("fleet.zip", zipped("page", "6.0.0").read_bytes())

    answer = client.post("/admin/toolkits/toolkit/upload/", {"bundle": bundle, "enable": "on"})

    job = Job.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/jobs/{job.pk}/"
    assert client.get(answer["Location"]).status_code == 200
    assert job.inputs["install"] is False


def test_the_job_names_the_bundle_but_keeps_no_bytes(valkey, storage, zipped, curator):
    job = submitted(zipped("bytes", "7.0.0"), curator)

    assert json.dumps(job.inputs)
    assert job.title == "Install Fleet 1.0.0"
    assert zipfile.is_zipfile(storage / ".bundles" / "uploads" / f"{job.inputs['plan']}.zip")
