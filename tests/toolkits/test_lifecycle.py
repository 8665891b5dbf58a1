"""Going back, removing, pinning: what administrators do with installed toolkits."""

from __future__ import annotations

import pytest

from audit.models import Event
from tests.support import factories
from tests.support.kits import install_kit, run_here, write_kit
from toolbox import secrets
from toolkits import history, lifecycle, records, settings_store
from toolkits.bundles.install import install_bundle
from toolkits.errors import NotUsable
from toolkits.jobs.states import JobState
from toolkits.models import (
    Job,
    Record,
    Toolkit,
    ToolkitSample,
    ToolkitSettings,
    ToolkitState,
    ToolkitVersion,
)

WITH_DATA = """
@toolkit.settings
class Config(Settings):
    token: Secret | None = None

@toolkit.collection("hosts")
class Host(Record):
    name: str
    password: Secret | None = None

@toolkit.operation()
def hello(ctx: Context) -> str:
    return "v1"
"""


@pytest.fixture
def two_versions(tmp_path, storage, curator):
    """A toolkit at 1.1.0 that keeps 1.0.0."""
    for version, word in (("1.0.0", "one"), ("1.1.0", "two")):
        code = f'@toolkit.operation()\ndef hello(ctx: Context) -> str:\n    return "{word}"\n'
        source = write_kit(tmp_path / version, code, slug="fleet", version=version)
        install_bundle(source, user=curator, via="cli")
    return Toolkit.objects.select_related("active_version").get()


def test_going_back_makes_the_version_before_active_and_it_runs(
    valkey, openbao, two_versions, curator
):
    assert run_here(two_versions, curator).result["data"] == "two"

    lifecycle.rollback(two_versions, curator)

    toolkit = Toolkit.objects.select_related("active_version").get()
    assert toolkit.active_version.version == "1.0.0"
    assert run_here(toolkit, curator).result["data"] == "one"
    event = Event.objects.get(name="toolkit.rolled_back")
    assert event.changes == {"version": ["1.1.0", "1.0.0"]}


def test_a_kept_version_whose_files_were_changed_is_not_activated(two_versions, curator):
    kept = lifecycle.kept_versions(two_versions)[0]
    file = kept.path / "kit.py"
    file.chmod(0o644)
    file.write_text("evil = True")

    with pytest.raises(NotUsable, match="not what was installed"):
        lifecycle.rollback(two_versions, curator)

    assert Toolkit.objects.get().active_version.version == "1.1.0"


def test_without_another_version_there_is_nothing_to_go_back_to(tmp_path, storage, curator):
    toolkit = install_kit(tmp_path, slug="only")

    with pytest.raises(NotUsable, match="No other version"):
        lifecycle.rollback(toolkit, curator)


def test_files_changed_on_disk_are_not_run(valkey, openbao, two_versions, curator):
    file = two_versions.active_version.path / "kit.py"
    file.chmod(0o644)
    file.write_text("evil = True")

    job = run_here(two_versions, curator)

    assert job.state == JobState.FAILED
    assert "not what was installed" in job.reason


@pytest.fixture
def with_data(tmp_path, storage, openbao, curator):
    toolkit = install_kit(tmp_path, WITH_DATA, slug="store")
    settings_store.save(toolkit, {"token": "settings-secret"}, curator)
    records.create(toolkit, "hosts", {"name": "db", "password": "record-secret"}, curator)
    factories.make_job(toolkit, curator, state=JobState.SUCCEEDED)
    ToolkitState.objects.create(toolkit=toolkit, key="seen", value=1)
    history.append(toolkit, "load", [(1.0, 0.5)])
    return toolkit


def test_removing_keeps_the_data_unless_asked(with_data, curator):
    lifecycle.uninstall(with_data, curator)

    assert not Toolkit.objects.installed().exists()
    assert Record.objects.count() == ToolkitSettings.objects.count() == Job.objects.count() == 1
    assert secrets.client().names("toolkits/store") != []
    assert Event.objects.get(name="toolkit.uninstalled").details["purged"] == []


def test_purging_leaves_nothing_but_the_record_of_the_removal(with_data, curator):
    files = with_data.active_version.path

    lifecycle.uninstall(with_data, curator, purge=lifecycle.DATA)

    assert not files.exists()
    assert not ToolkitVersion.objects.exists()
    assert not Record.objects.exists()
    assert not ToolkitSettings.objects.exists()
    assert not Job.objects.exists()
    assert not ToolkitState.objects.exists()
    assert not ToolkitSample.objects.exists()
    assert secrets.client().names("toolkits/store") == []
    removed = Toolkit.objects.get()
    assert removed.removal == {"purged": list(lifecycle.DATA), "version": "1.0.0"}
    assert removed.removed_by == curator


def test_a_toolkit_with_unfinished_jobs_is_not_removed(with_data, curator):
    factories.make_job(with_data, curator, state=JobState.RUNNING)

    with pytest.raises(NotUsable, match="1 jobs of store are not finished"):
        lifecycle.uninstall(with_data, curator)


def test_a_removed_toolkit_can_be_installed_again_with_its_data(with_data, tmp_path, curator):
    lifecycle.uninstall(with_data, curator)

    toolkit = install_kit(tmp_path, WITH_DATA, slug="store")

    assert toolkit.removed_at is None
    assert toolkit.enabled
    assert toolkit.records.count() == 1


def test_what_went_with_its_versions_comes_back_with_other_content(with_data, tmp_path, curator):
    lifecycle.uninstall(with_data, curator, purge=["versions"])

    toolkit = install_kit(tmp_path / "new", WITH_DATA + "\n# other\n", slug="store")

    assert toolkit.active_version.version == "1.0.0"
    assert toolkit.records.count() == 1


def test_a_version_in_use_is_not_deleted_and_another_is_with_its_files(two_versions, curator):
    kept = lifecycle.kept_versions(two_versions)[0]
    with pytest.raises(NotUsable, match="is active"):
        lifecycle.remove_version(two_versions.active_version, curator)

    lifecycle.remove_version(kept, curator)

    assert not kept.path.exists()
    assert two_versions.versions.count() == 1


def test_pinning_is_recorded_once(two_versions, curator):
    lifecycle.pin(two_versions, curator, pinned=True)
    lifecycle.pin(two_versions, curator, pinned=True)
    lifecycle.pin(two_versions, curator, pinned=False)

    names = Event.objects.filter(name__contains="pinned").values_list("name", flat=True)
    assert sorted(names) == ["toolkit.pinned", "toolkit.unpinned"]


def test_a_secret_that_the_manifest_does_not_ask_for_is_refused(
    valkey, openbao, tmp_path, storage, user
):
    code = """
@toolkit.operation()
def hello(ctx: Context, path: str) -> dict[str, Any]:
    return ctx.secret(path)
"""
    secrets.client().write("toolkits/asker/api", {"key": "value-of-api"})
    secrets.client().write("toolkits/asker/db", {"key": "value-of-db"})
    toolkit = install_kit(tmp_path, code, slug="asker", permissions={"vault": ["api"]})

    allowed = run_here(toolkit, user, inputs={"path": "api"})
    refused = run_here(toolkit, user, inputs={"path": "db"})

    assert allowed.state == JobState.SUCCEEDED
    assert refused.state == JobState.FAILED
    assert "does not ask for the secret db" in refused.reason
    assert Event.objects.get(name="secret.refused").details["path"] == "db"


