"""Roles everywhere, grants narrowly: what each sees and may do."""

from __future__ import annotations

import pytest

from accounts.access import TokenLimits
from accounts.models import Grant, User
from accounts.roles import TOOLKIT_CURATOR, TOOLKIT_USER
from tests.support.factories import make_job, make_row, make_user, operation
from toolkits import access
from toolkits.errors import NotUsable
from toolkits.jobs.dispatch import submit
from toolkits.models import Toolkit

pytestmark = pytest.mark.django_db


@pytest.fixture
def net() -> Toolkit:
    return make_row("net", operations=[operation("ping"), operation("trace")])


@pytest.fixture
def disk() -> Toolkit:
    return make_row("disk")


def grant(user: User, slug: str, operation: str = "", **fields: object) -> User:
    fields.setdefault("role", TOOLKIT_USER)
    Grant.objects.create(user=user, toolkit_slug=slug, operation=operation, **fields)
    user.forget_rights()
    return user


def slugs(user: User) -> set[str]:
    return set(access.visible_toolkits(user).values_list("slug", flat=True))


def test_the_role_opens_every_enabled_toolkit(user: User, net: Toolkit, disk: Toolkit) -> None:
    make_row("off", enabled=False)
    assert slugs(user) == {"net", "disk"}
    assert access.can_use(user, net)


def test_without_role_or_grant_nothing_is_seen(net: Toolkit) -> None:
    nobody = make_user()
    assert slugs(nobody) == set()
    assert not access.can_use(nobody, net, "ping")
    assert not access.visible_jobs(nobody).exists()


def test_a_grant_opens_its_toolkit_alone(net: Toolkit, disk: Toolkit) -> None:
    user = grant(make_user(), "net")
    assert slugs(user) == {"net"}
    assert access.can_use(user, net)
    assert not access.can_use(user, disk)
    assert user.has_perm("toolkits.use_toolkit", net)
    assert not user.has_perm("toolkits.use_toolkit", disk)
    assert not user.has_perm("toolkits.use_toolkit")


def test_a_grant_for_an_operation_opens_no_other(net: Toolkit) -> None:
    user = grant(make_user(), "net", "ping")
    assert slugs(user) == {"net"}
    assert access.can_use(user, net, "ping")
    assert not access.can_use(user, net, "trace")
    assert not access.can_use(user, net)
    assert [entry["name"] for entry in access.usable_operations(user, net)] == ["ping"]


def test_a_run_of_an_operation_that_was_not_granted_is_refused(net: Toolkit) -> None:
    user = grant(make_user(), "net", "ping")
    with pytest.raises(NotUsable):
        submit(toolkit=net, operation="trace", inputs={}, user=user)


def test_taking_the_last_grant_away_never_widens(net: Toolkit) -> None:
    user = grant(make_user(), "net")
    user.grants.all().delete()
    user.forget_rights()
    assert slugs(user) == set()


def test_a_user_sees_own_jobs_and_those_of_granted_toolkits(
    user: User, net: Toolkit, disk: Toolkit
) -> None:
    other = make_user()
    own = make_job(disk, user)
    granted, hidden = make_job(net, other), make_job(disk, other)
    assert set(access.visible_jobs(user)) == {own}
    grant(user, "net")
    assert set(access.visible_jobs(user)) == {own, granted}
    assert hidden not in access.visible_jobs(user)


def test_a_grant_may_leave_other_peoples_jobs_out(net: Toolkit) -> None:
    user = grant(make_user(), "net", sees_jobs=False)
    own = make_job(net, user)
    make_job(net, make_user())
    assert set(access.visible_jobs(user)) == {own}


def test_a_grant_for_an_operation_shows_its_jobs_alone(net: Toolkit) -> None:
    user = grant(make_user(), "net", "ping")
    ping = make_job(net, make_user(), operation="ping")
    make_job(net, make_user(), operation="trace")
    assert set(access.visible_jobs(user)) == {ping}


def test_a_granted_curator_looks_after_that_toolkit_alone(net: Toolkit, disk: Toolkit) -> None:
    user = grant(make_user(), "net", role=TOOLKIT_CURATOR)
    net.enabled = False
    net.save()
    assert slugs(user) == {"net"}
    assert access.can_manage_toolkits(user, net)
    assert access.can_configure(user, net)
    assert not access.can_manage_toolkits(user, disk)
    assert not access.can_manage_toolkits(user)
    assert not access.can_install_toolkits(user)
    assert access.can_cancel(user, make_job(net, make_user()))
    assert not access.can_cancel(user, make_job(disk, make_user()))


def test_a_disabled_user_may_nothing(user: User, net: Toolkit) -> None:
    user.is_active = False
    assert slugs(user) == set()
    assert not access.can_use(user, net)


def test_a_read_token_does_not_run(user: User, net: Toolkit) -> None:
    user.token_limits = TokenLimits(frozenset({"read"}))
    assert slugs(user) == {"net"}
    assert not access.can_use(user, net)
    assert not user.has_perm("toolkits.use_toolkit")


def test_a_token_for_one_toolkit_reaches_no_other(
    admin_user: User, net: Toolkit, disk: Toolkit
) -> None:
    admin_user.token_limits = TokenLimits(frozenset({"read", "run", "manage"}), frozenset({"net"}))
    make_job(disk, admin_user)
    assert slugs(admin_user) == {"net"}
    assert access.can_use(admin_user, net)
    assert not access.can_use(admin_user, disk)
    assert not access.can_install_toolkits(admin_user)
    assert not access.visible_jobs(admin_user).exists()
    assert not admin_user.has_perm("accounts.change_user")


def test_visible_jobs_cost_a_bounded_number_of_queries(
    net: Toolkit, django_assert_max_num_queries: object
) -> None:
    user = make_user()
    for number in range(20):
        Grant.objects.create(user=user, toolkit_slug=f"kit-{number}", operation="ping")
    with django_assert_max_num_queries(5):  # type: ignore[operator]
        list(access.visible_jobs(user)[:50])
