"""Hosts that share no disk: each takes bundles from the store, and believes their digest alone."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command

from tests.support import s3 as s3_server
from tests.support import until
from tests.support.factories import make_user
from tests.support.kits import run_here, write_kit
from tests.support.wheels import write_wheel
from toolbox.settings.storages import file_storage
from toolkits import lifecycle, versions
from toolkits.bundles import planning, presence, store
from toolkits.bundles.install import confirm, install_bundle
from toolkits.errors import BundleError
from toolkits.jobs.dispatch import submit
from toolkits.jobs.states import JobState
from toolkits.models import Job, Toolkit
from toolkits.runtime import worker_state

CODE = '''
@toolkit.operation()
def hello(ctx: Context) -> str:
    import small_package
    return small_package.WORD
'''
NOTES = {"docs/README.md": "# How it is used\n\nIt is used with care.\n"}


def call(*arguments: str) -> str:
    """What a management command writes."""
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.fixture(scope="module")
def server():
    with s3_server.running() as made:
        yield made


@pytest.fixture
def bucket(server, settings):
    """The bundle store in S3, empty."""
    for key in server.names():
        server.client.delete_object(Bucket=s3_server.BUCKET, Key=key)
    backend = file_storage(s3_server.BACKEND, server.options(), Path())
    settings.STORAGES = {**settings.STORAGES, "bundles": backend}
    return server


@pytest.fixture
def host(tmp_path, settings):
    """Become a host with a disk of its own."""

    def become(name: str) -> Path:
        folder = tmp_path / "hosts" / name
        folder.mkdir(parents=True, exist_ok=True)
        for part in (tmp_path, folder.parent, folder):
            part.chmod(0o711)
        settings.TOOLKIT_STORAGE_DIR = folder
        presence.forget()
        versions.forget()
        worker_state.pool().close()
        return folder

    yield become
    presence.forget()


@pytest.fixture
def source(tmp_path):
    folder = write_kit(
        tmp_path,
        CODE,
        slug="fleet",
        files={**NOTES, "requirements.txt": "small-package==1.0.0\n"},
    )
    write_wheel(folder / "wheels")
    return folder


@pytest.fixture
def installed(db, bucket, host, source):
    """A toolkit that was installed on the host ``a``."""
    host("a")
    install_bundle(source, user=make_user("ina", roles=["toolkit.curator"]), via="cli")
    return Toolkit.objects.select_related("active_version").get(slug="fleet")


def test_a_host_that_lacks_a_version_fetches_it_and_builds_its_environment(
    valkey, openbao, bucket, host, installed, user
):
    version = installed.active_version
    assert bucket.names() == [store.key(version.digest)]
    folder = host("b")
    assert not version.path.exists()

    job = run_here(installed, user)

    assert job.state == JobState.SUCCEEDED, job.reason
    assert job.result["data"] == "from the wheel"
    assert version.path.is_relative_to(folder)
    assert (version.path / "kit.py").is_file()
    assert [path.name[:3] for path in (folder / ".environments").glob("tk-*")] == ["tk-"]
    assert list((folder / ".uploads").iterdir()) == []


def test_what_somebody_changed_in_the_store_is_not_run(
    valkey, openbao, bucket, host, installed, user
):
    version = installed.active_version
    changed = io.BytesIO()
    with zipfile.ZipFile(changed, "w") as archive:
        archive.writestr("toolkit.json", "{}")
        archive.writestr("kit.py", "evil = True")
    bucket.put(store.key(version.digest), changed.getvalue())
    folder = host("b")

    job = run_here(installed, user)

    assert job.state == JobState.FAILED
    assert "not what was installed" in job.reason
    assert not version.path.exists()
    assert not list(folder.glob("fleet/*"))


@pytest.mark.parametrize("rubbish", [b"", b"PK\x03\x04 cut short", b"<html>not a zip</html>"])
def test_a_broken_object_in_the_store_is_refused_with_words(
    db, bucket, host, installed, rubbish
):
    version = installed.active_version
    bucket.put(store.key(version.digest), rubbish)
    host("b")

    with pytest.raises(BundleError):
        presence.bundle_of(version)

    assert not version.path.exists()


def test_a_bundle_that_is_nowhere_fails_its_job_and_no_page(
    valkey, openbao, bucket, host, installed, user, client
):
    bucket.client.delete_object(
        Bucket=s3_server.BUCKET, Key=store.key(installed.active_version.digest)
    )
    host("b")

    job = run_here(installed, user)
    client.force_login(user)
    answer = client.get("/toolkits/fleet/")

    assert job.state == JobState.FAILED
    assert "the bundle store does not have it" in job.reason
    assert answer.status_code == 200


def test_a_web_host_shows_documents_that_another_host_installed(
    bucket, host, installed, user, client
):
    host("web")
    client.force_login(user)

    answer = client.get("/toolkits/fleet/docs/")

    assert "It is used with care." in answer.text


def test_a_plan_is_confirmed_on_another_host_than_it_was_made_on(db, bucket, host, source, curator):
    host("a")
    plan = planning.make_plan(source, user=curator, via="api")
    folder = host("b")

    version = confirm(plan, curator, digest=plan.digest, consent=True)

    assert version.path.is_relative_to(folder)
    assert (version.path / "kit.py").is_file()


def test_a_plan_that_was_given_up_leaves_nothing_in_the_store(db, bucket, host, source, curator):
    host("a")
    plan = planning.make_plan(source, user=curator, via="api")
    assert bucket.names()

    planning.discard(plan, curator)

    assert bucket.names() == []


def test_a_deleted_version_leaves_the_store(bucket, host, installed, tmp_path, curator):
    old = installed.active_version
    source = write_kit(tmp_path / "next", slug="fleet", version="2.0.0")
    install_bundle(source, user=curator, via="cli")
    old.refresh_from_db()
    host("b")

    lifecycle.remove_version(old, curator)

    assert bucket.names() == [store.key(Toolkit.objects.get().active_version.digest)]


def test_going_back_fetches_the_version(bucket, host, installed, tmp_path, curator):
    source = write_kit(tmp_path / "next", slug="fleet", version="2.0.0")
    install_bundle(source, user=curator, via="cli")
    host("b")

    lifecycle.rollback(Toolkit.objects.get(), curator)

    active = Toolkit.objects.get().active_version
    assert active.version == "1.0.0"
    assert (active.path / "kit.py").is_file()


def test_a_store_that_is_away_refuses_the_install_with_words(db, host, source, curator, settings):
    host("a")
    options = {**s3_server.S3("http://127.0.0.1:9").options()}
    backend = file_storage(s3_server.BACKEND, options, Path())
    settings.STORAGES = {**settings.STORAGES, "bundles": backend}

    with pytest.raises(BundleError, match="bundle store does not answer"):
        install_bundle(source, user=curator, via="cli")

    assert not Toolkit.objects.exists()
    assert not list(settings.TOOLKIT_STORAGE_DIR.glob(".planned/*"))


def test_the_local_store_mends_a_folder_that_is_gone(valkey, openbao, install, user):
    toolkit = install(slug="fleet")
    shutil.rmtree(toolkit.active_version.path)
    versions.forget()

    assert run_here(toolkit, user).state == JobState.SUCCEEDED


def test_files_that_were_changed_on_disk_are_not_fetched_over(valkey, openbao, install, user):
    toolkit = install(slug="fleet")
    file = toolkit.active_version.path / "kit.py"
    file.chmod(0o644)
    file.write_text("evil = True")

    job = run_here(toolkit, user)

    assert job.state == JobState.FAILED
    assert "not what was installed" in job.reason


def test_real_processes_with_disks_of_their_own_follow_an_install(
    server, platform, tmp_path, source, admin_user
):
    disks = {name: tmp_path / "disks" / name for name in ("cli", "worker")}
    for folder in (tmp_path, tmp_path / "disks", *disks.values()):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o711)
    env = server.environ()
    platform.worker(TOOLKIT_STORAGE_DIR=str(disks["worker"]), **env)

    done = platform.manage(
        "toolkit", "install", str(source), TOOLKIT_STORAGE_DIR=str(disks["cli"]), **env
    )
    assert done.returncode == 0, done.stderr
    toolkit = Toolkit.objects.get(slug="fleet")
    job = submit(toolkit=toolkit, operation="hello", inputs={}, user=admin_user)

    until(lambda: Job.objects.get(pk=job.pk).is_finished, 60, "the end of the job")
    ended = Job.objects.get(pk=job.pk)
    assert ended.state == JobState.SUCCEEDED, ended.reason
    assert list(disks["worker"].glob("fleet/1.0.0-*/kit.py"))
    assert not (Path(django_settings.TOOLKIT_STORAGE_DIR) / "fleet").exists()


def test_bundles_of_before_are_put_into_the_store_and_a_new_host_is_made_ready(
    bucket, host, installed
):
    version = installed.active_version
    bucket.client.delete_object(Bucket=s3_server.BUCKET, Key=store.key(version.digest))
    host("a")

    first = call("toolkit", "store")
    host("b")
    second = call("toolkit", "store")

    assert "fleet 1.0.0: put into the store" in first
    assert "fleet 1.0.0: ready on this host" in second
    assert presence.is_here(version)
