"""A plan says what an install would change; confirming it installs exactly that."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from audit.models import Event
from tests.support.kits import HELLO, write_kit
from toolkits import records, settings_store
from toolkits.bundles import differences, planning
from toolkits.bundles.install import confirm, install_bundle
from toolkits.bundles.planning import PlanOptions, make_plan
from toolkits.errors import BundleError, Conflict, NotUsable
from toolkits.models import InstallPlan, PlanState, Toolkit, ToolkitVersion
from toolkits.schedules import service

pytestmark = pytest.mark.usefixtures("storage")

FIRST = """
@toolkit.settings
class Config(Settings):
    region: str = "eu"

@toolkit.collection("hosts")
class Host(Record):
    name: str
    port: int = 22

@toolkit.operation()
def check(ctx: Context, host: str, tries: int = 3) -> str:
    return host

@toolkit.operation()
def old(ctx: Context) -> str:
    return "old"
"""
SECOND = """
@toolkit.settings
class Config(Settings):
    region: Literal["eu-west", "us-east"] = "eu-west"

@toolkit.collection("hosts")
class Host(Record):
    name: str
    port: Annotated[int, Field(le=1000)] = 22
    owner: str

@toolkit.operation(effect="change", timeout=60)
def check(ctx: Context, host: str, region: str, tries: float = 3) -> str:
    return host

@toolkit.operation()
def new(ctx: Context) -> str:
    return "new"
"""


@pytest.fixture
def bundle(tmp_path):
    def make(code: str = HELLO, version: str = "1.0.0", **manifest):
        return write_kit(tmp_path / version, code, slug="fleet", version=version, **manifest)

    return make


@pytest.fixture
def plan(bundle, curator):
    def make(*args, options: PlanOptions | None = None, **kwargs) -> InstallPlan:
        return make_plan(bundle(*args, **kwargs), user=curator, via="console", options=options)

    return make


def test_planning_touches_nothing(plan, storage):
    found = plan(FIRST)

    assert found.state == PlanState.READY
    assert not Toolkit.objects.exists()
    assert not (storage / "fleet").exists()
    assert found.changes["kind"] == "install"
    assert found.changes["operations"]["added"] == ["check", "old"]


def test_confirming_installs_exactly_what_was_planned(plan, curator, bundle):
    found = plan(FIRST)
    # The source changes after the plan was looked at: what is installed are the planned bytes.
    bundle(HELLO)

    version = confirm(found, curator, digest=found.digest, consent=True)

    assert version.digest == found.digest
    assert [entry["name"] for entry in version.description["operations"]] == ["check", "old"]
    assert Event.objects.get(name="toolkit.installed").details["plan"] == found.digest
    assert not found.folder.exists()


def test_an_update_tells_what_is_added_removed_and_changed(plan, curator):
    first = plan(FIRST)
    confirm(first, curator, digest=first.digest, consent=True)

    changes = plan(SECOND, "2.0.0").changes

    assert changes["kind"] == "update"
    assert changes["operations"]["added"] == ["new"]
    assert changes["operations"]["removed"] == ["old"]
    told = changes["operations"]["changed"]["check"]
    assert "effect: read → change" in told
    assert "timeout: nothing → 60" in told
    assert "region: added and required" in told
    assert "tries: integer → number" in told
    assert "owner: added and required" in changes["collections"]["changed"]["hosts"]


NESTED = """
class Inner(BaseModel):
    size: int{limits}
    next: "Inner | None" = None

@toolkit.operation(concurrency={limit})
def check(ctx: Context, one: Inner, many: list[Inner]) -> str: ...

@toolkit.card(refresh={refresh})
def light(ctx: Context) -> views.Stat: ...
"""


def test_what_changes_inside_of_models_limits_and_cards_is_told_too(plan, curator):
    first = plan(NESTED.format(limits="", limit=1, refresh=60))
    confirm(first, curator, digest=first.digest, consent=True)

    newer = NESTED.format(limits=" = Field(default=3, ge=1)", limit=2, refresh=30)
    changes = plan(newer, "2.0.0").changes

    told = changes["operations"]["changed"]["check"]
    for place in ("one.size", "many[].size", "one.next.size"):
        assert f"{place}: minimum nothing → 1" in told
        assert f"{place}: default nothing → 3" in told
    assert any(text.startswith("concurrency: ") for text in told)
    assert changes["cards"]["changed"] == {"light": ["refresh: 60 → 30"]}
    assert changes["platform"]["requires"] == ">=1.0,<2"


def test_packages_that_come_go_and_change_are_told_by_name(tmp_path):
    (tmp_path / "requirements.txt").write_text("Left_Pad==1.0\ngone==2\nsame[x]==3\n")

    told = differences._packages(
        SimpleNamespace(path=tmp_path), ["left-pad==1.1", "same[x]==3", "new==4"]
    )

    assert told["added"] == ["new==4"]
    assert told["removed"] == ["gone==2"]
    assert told["changed"] == ["Left_Pad==1.0 → left-pad==1.1"]


def test_records_and_settings_that_fit_no_more_are_named(plan, curator):
    first = plan(FIRST)
    confirm(first, curator, digest=first.digest, consent=True)
    toolkit = Toolkit.objects.select_related("active_version").get()
    record = records.create(toolkit, "hosts", {"name": "db", "port": 5432}, curator)
    settings_store.save(toolkit, {"region": "eu"}, curator)

    breaks = plan(SECOND, "2.0.0").changes["breaks"]

    assert {entry["kind"] for entry in breaks} == {"record", "settings"}
    broken = next(entry for entry in breaks if entry["kind"] == "record")
    assert broken["id"] == str(record.pk)
    assert "owner: is required" in broken["problem"]
    assert "port: must be at most 1000" in broken["problem"]


def test_records_that_a_plan_does_not_look_at_are_said_to_be(plan, curator, monkeypatch):
    monkeypatch.setattr("toolkits.bundles.differences._RECORDS_READ", 1)
    first = plan(FIRST)
    confirm(first, curator, digest=first.digest, consent=True)
    toolkit = Toolkit.objects.select_related("active_version").get()
    for name in ("db", "web", "mail"):
        records.create(toolkit, "hosts", {"name": name, "port": 5432}, curator)

    breaks = plan(SECOND, "2.0.0").changes["breaks"]

    assert [entry["label"] for entry in breaks if not entry["id"]] == ["2 more records"]
    assert len(breaks) == 2


def test_schedules_that_could_run_no_more_are_named(plan, curator):
    first = plan(FIRST)
    confirm(first, curator, digest=first.digest, consent=True)
    toolkit = Toolkit.objects.select_related("active_version").get()
    curators = Group.objects.get(name="toolkit.curator")
    for operation, inputs in (("old", {}), ("check", {"host": "db1"})):
        service.create(
            curator, toolkit=toolkit, inputs=inputs, owner=curators, name=f"nightly {operation}",
            operation=operation, kind="interval", interval_seconds=3600,
        )  # fmt: skip

    breaks = plan(SECOND, "2.0.0").changes["breaks"]

    named = {one["label"]: one["problem"] for one in breaks if one["kind"] == "schedule"}
    assert "no operation 'old'" in named["nightly old"]
    assert set(named) - {"nightly old"} <= {"nightly check"}


def test_another_digest_than_the_planned_one_is_not_confirmed(plan, curator):
    found = plan()

    with pytest.raises(Conflict):
        confirm(found, curator, digest="0" * 64, consent=True)

    assert not ToolkitVersion.objects.exists()


def test_bytes_changed_after_planning_are_not_installed(plan, curator):
    found = plan()
    file = found.folder / "bundle" / "kit.py"
    file.chmod(0o644)
    file.write_text("evil")

    with pytest.raises(BundleError, match="not what was installed"):
        confirm(found, curator, digest=found.digest, consent=True)

    assert not Toolkit.objects.exists()


def test_a_plan_is_confirmed_once(plan, curator):
    found = plan()
    confirm(found, curator, digest=found.digest, consent=True)

    with pytest.raises(NotUsable):
        confirm(InstallPlan.objects.get(pk=found.pk), curator, digest=found.digest, consent=True)


def test_a_plan_made_before_another_install_must_be_made_again(plan, curator):
    first = plan()
    confirm(first, curator, digest=first.digest, consent=True)
    early, late = plan(HELLO, "1.1.0"), plan(HELLO, "1.2.0")
    confirm(late, curator, digest=late.digest, consent=True)

    with pytest.raises(Conflict, match="meanwhile"):
        confirm(early, curator, digest=early.digest, consent=True)

    assert Toolkit.objects.get().active_version.version == "1.2.0"


def test_what_a_version_asks_for_needs_consent_and_asking_for_more_needs_it_again(plan, curator):
    asks = {"network": True, "vault": ["api"]}
    first = plan(HELLO, permissions=asks)
    assert set(first.needs_consent) == {"network", "vault:api"}
    with pytest.raises(NotUsable, match="read secrets below api"):
        confirm(first, curator, digest=first.digest)
    confirm(first, curator, digest=first.digest, consent=True)

    same = plan(HELLO, "1.1.0", permissions=asks)
    assert same.needs_consent == {}
    confirm(same, curator, digest=same.digest)

    more = plan(HELLO, "1.2.0", permissions={**asks, "vault": ["api", "db"]})
    assert set(more.needs_consent) == {"vault:db"}


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise RuntimeError('no good')", "no good"),
        ("import os; os._exit(3)", "exit status 3"),
        ("toolkit = None", "no variable toolkit"),
        ("@toolkit.operation()\ndef a(ctx: Context, x) -> str: ...", "no type annotation"),
        ("@toolkit.operation()\ndef a(ctx: Context, *x: int) -> str: ...", "cannot become a form"),
        (
            "@toolkit.operation(name='a')\ndef a(ctx: Context) -> str: ...\n" * 2,
            "already an operation",
        ),
        ("@toolkit.health\ndef well(ctx: Context) -> None: raise ToolkitError('unwell')", "unwell"),
        ("@toolkit.operation(queue='high')\ndef a(ctx: Context) -> str: ...", "queue high"),
        ("sys.stdout.write('{\"type\": \"result\"}\\n' * 5); raise SystemExit('bye')", "bye"),
    ],
)
def test_code_that_cannot_be_described_is_refused_and_leaves_no_trace(
    plan, curator, storage, code, said
):
    with pytest.raises(BundleError, match=said):
        plan(code)

    refused = InstallPlan.objects.get()
    assert refused.state == PlanState.REFUSED
    assert said in refused.problem["message"]
    assert not refused.folder.exists()
    assert not Toolkit.objects.exists()
    assert Event.objects.get(name="toolkit.install_refused").actor_id == str(curator.pk)


def test_a_version_whose_health_check_fails_leaves_the_old_one_active(bundle, curator):
    install_bundle(bundle(HELLO), user=curator, via="cli")
    ill = (
        HELLO
        + "\n@toolkit.health\ndef well(ctx: Context) -> None:\n    raise ToolkitError('ill')\n"
    )

    with pytest.raises(BundleError, match="health check failed: ill"):
        install_bundle(bundle(ill, "1.1.0"), user=curator, via="cli")

    assert Toolkit.objects.get().active_version.version == "1.0.0"


def test_an_older_version_or_the_same_with_other_content_is_refused_unless_asked(bundle, curator):
    install_bundle(bundle(HELLO, "1.1.0"), user=curator, via="cli")

    with pytest.raises(BundleError, match="older than the installed 1.1.0"):
        install_bundle(bundle(HELLO, "1.0.0"), user=curator, via="cli")
    with pytest.raises(BundleError, match="with other content"):
        install_bundle(bundle(FIRST, "1.1.0"), user=curator, via="cli")

    version = install_bundle(bundle(HELLO, "1.0.0"), user=curator, via="cli", allow_downgrade=True)
    assert version.version == "1.0.0"


def test_installing_what_is_active_changes_nothing(bundle, curator):
    first = install_bundle(bundle(), user=curator, via="cli")
    before = Event.objects.filter(name="toolkit.installed").count()

    assert install_bundle(bundle(), user=curator, via="cli") == first
    assert Event.objects.filter(name="toolkit.installed").count() == before


def test_a_plan_whose_time_is_over_is_swept_with_its_bytes(plan, curator):

    found = plan()
    InstallPlan.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert planning.sweep() == 1

    found.refresh_from_db()
    assert found.state == PlanState.DISCARDED
    assert not found.folder.exists()
    with pytest.raises(NotUsable):
        confirm(found, curator, digest=found.digest, consent=True)
