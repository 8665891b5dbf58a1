"""Nobody gets further than their role, and somebody can always administer."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from accounts import users
from accounts.models import Grant, User
from accounts.roles import SYSTEM_ADMIN, TOOLKIT_CURATOR, TOOLKIT_USER
from accounts.users import LastAdministrator, NotAllowed
from audit.models import Event
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> User:
    return make_user("root", roles=[SYSTEM_ADMIN])


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def test_an_administrator_gives_and_takes_roles(admin: User) -> None:
    user = make_user("uma", roles=[TOOLKIT_USER])
    users.set_roles(admin, user, [TOOLKIT_CURATOR])
    assert fresh(user).roles == {TOOLKIT_CURATOR}
    event = Event.objects.get(name="user.roles_changed")
    assert event.actor_label == "root"
    assert event.changes == {"roles": [[TOOLKIT_USER], [TOOLKIT_CURATOR]]}


def test_a_curator_cannot_give_roles(admin: User, curator: User) -> None:
    user = make_user("uma")
    for role in (TOOLKIT_USER, TOOLKIT_CURATOR, SYSTEM_ADMIN):
        with pytest.raises(NotAllowed):
            users.set_roles(curator, user, [role])
    assert fresh(user).roles == frozenset()


def test_a_curator_cannot_raise_their_own_rights(curator: User) -> None:
    with pytest.raises(NotAllowed):
        users.set_roles(curator, curator, [TOOLKIT_CURATOR, SYSTEM_ADMIN])


def test_an_administrator_cannot_change_their_own_roles(admin: User) -> None:
    make_user("second", roles=[SYSTEM_ADMIN])
    for roles in ([SYSTEM_ADMIN, TOOLKIT_CURATOR], []):
        with pytest.raises(NotAllowed):
            users.set_roles(admin, admin, roles)


def test_a_curator_cannot_edit_disable_or_delete_an_administrator(
    admin: User, curator: User
) -> None:
    make_user("second", roles=[SYSTEM_ADMIN])
    with pytest.raises(NotAllowed):
        users.set_active(curator, admin, False)
    with pytest.raises(NotAllowed):
        users.delete_user(curator, admin)
    assert fresh(admin).is_active


def test_whoever_may_edit_accounts_without_being_administrator_cannot_touch_one(
    admin: User,
) -> None:
    from django.contrib.auth.models import Permission

    clerk = make_user("clerk")
    clerk.user_permissions.set(
        Permission.objects.filter(codename__in=["change_user", "delete_user", "add_user"])
    )
    make_user("second", roles=[SYSTEM_ADMIN])
    clerk = fresh(clerk)
    with pytest.raises(NotAllowed):
        users.set_active(clerk, admin, False)
    with pytest.raises(NotAllowed):
        users.set_roles(clerk, make_user(), [SYSTEM_ADMIN])
    users.set_roles(clerk, make_user(), [TOOLKIT_USER])


@pytest.mark.parametrize("act", ["disable", "delete", "demote"])
def test_the_last_active_administrator_stays(admin: User, act: str) -> None:
    make_user("asleep", roles=[SYSTEM_ADMIN], is_active=False)
    acts = {
        "disable": lambda: users.set_active(users.SYSTEM, admin, False),
        "delete": lambda: users.delete_user(users.SYSTEM, admin),
        "demote": lambda: users.set_roles(users.SYSTEM, admin, []),
    }
    with pytest.raises(LastAdministrator):
        acts[act]()
    assert fresh(admin).is_active
    assert fresh(admin).is_system_admin


def test_one_of_two_administrators_can_be_removed(admin: User) -> None:
    second = make_user("second", roles=[SYSTEM_ADMIN])
    users.delete_user(admin, second)
    assert not User.objects.filter(username="second").exists()


def test_an_account_is_made_with_roles_and_audited(admin: User) -> None:
    user = users.create_user(admin, "new", email="New@Example.COM", roles=[TOOLKIT_USER])
    assert user.email == "New@example.com"
    assert not user.has_usable_password()
    assert fresh(user).roles == {TOOLKIT_USER}
    assert Event.objects.filter(name="user.created", target_id=str(user.pk)).exists()


@pytest.mark.parametrize("name", ["New", "bad name", "x" * 151, "semi;colon"])
def test_a_name_that_is_taken_or_odd_is_refused(admin: User, name: str) -> None:
    make_user("new")
    with pytest.raises(ValidationError):
        users.create_user(admin, name)


def test_grants_are_given_and_taken_by_administrators_alone(admin: User, curator: User) -> None:
    user = make_user("uma")
    grant = Grant(user=user, role=TOOLKIT_USER, toolkit_slug="net")
    with pytest.raises(NotAllowed):
        users.give_grant(curator, grant)
    users.give_grant(admin, grant)
    with pytest.raises(NotAllowed):
        users.take_grant(curator, grant)
    users.take_grant(admin, grant)
    assert not Grant.objects.exists()


def test_nobody_grants_themselves_anything(admin: User) -> None:
    with pytest.raises(NotAllowed):
        users.give_grant(admin, Grant(user=admin, role=TOOLKIT_CURATOR, toolkit_slug="net"))
