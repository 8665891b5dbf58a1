"""What a start removes, and what it leaves alone."""

from __future__ import annotations

import pytest

from tests.support.kits import install_kit, write_kit
from toolkits.bundles import leftovers, planning, storage, store
from toolkits.models import InstallPlan, PlanState, Toolkit


@pytest.fixture
def dead(db, storage, tmp_path, curator):
    """A plan whose process was killed after the bundle was in its place."""
    return planning.make_plan(write_kit(tmp_path, slug="fleet"), user=curator, via="cli")


def in_place(plan):
    return storage.adopt(plan.folder / "bundle", plan.slug, plan.version, plan.digest)


def test_a_folder_and_a_zip_of_a_plan_that_is_over_are_removed(dead):
    folder = in_place(dead)
    InstallPlan.objects.update(state=PlanState.CHECKING)
    assert store.holds(dead.digest)

    assert leftovers.sweep() > 0

    assert not folder.exists()
    assert not dead.folder.exists()
    assert not store.holds(dead.digest)
    assert leftovers.sweep() == 0


def test_a_plan_that_waits_keeps_its_bytes(dead):
    leftovers.sweep()

    assert (dead.folder / "bundle" / "kit.py").is_file()
    assert store.holds(dead.digest)


def test_nothing_is_touched_while_somebody_installs(dead):
    InstallPlan.objects.update(state=PlanState.CHECKING)

    with leftovers.kept_out():
        assert leftovers.sweep() == 0

    assert dead.folder.exists()


def test_what_the_database_knows_nothing_of_is_left_alone(db, storage, tmp_path, curator):
    """As after a start on an empty database: one that is wrong, or is still to be restored."""
    toolkit = install_kit(tmp_path, slug="fleet", user=curator)
    version = toolkit.active_version
    Toolkit.objects.update(active_version=None)
    Toolkit.objects.all().delete()
    InstallPlan.objects.all().delete()

    assert leftovers.sweep() == 0

    assert (version.path / "kit.py").is_file()
    assert store.holds(version.digest)
