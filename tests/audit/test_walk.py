"""A walk over everything that changes something: each act has its event, each refusal too."""

from __future__ import annotations

import argparse
import io
import re
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.core.management import call_command, get_commands, load_command_class
from django.test import Client, override_settings
from django.utils import timezone

from accounts.models import User
from audit.catalogue import CATALOGUE
from audit.models import Event
from tests.accounts.access_walk import COLUMNS, TABLE, Table
from tests.accounts.test_access_table import people, samples  # noqa: F401  (fixtures)
from tests.audit import (  # noqa: F401  (they declare acts)
    acts_accounts,
    acts_admin,
    acts_catalog,
    acts_people,
    acts_schedules,
)
from tests.audit.acts import (
    ACTS,
    ANONYMOUS,
    COMMANDS,
    NEEDS_VAULT,
    NO_ACT,
    NO_COMMANDS,
    World,
)
from tests.support import trail
from tests.support.factories import make_row
from toolbox import denials

pytestmark = pytest.mark.django_db

ROWS = Table(TABLE.read_text())
# Pages of the admin that show: what they may change is ``change/``, ``add/``, ``delete/``, actions.
_SHOWING = re.compile(r"POST /admin/\w+/\w+/(<path:object_id>/(history/)?)?")


@pytest.fixture(autouse=True)
def _forget_denials() -> None:
    denials.forget()


def open_rows() -> set[str]:
    """Rows that may change something: not GET, and let somebody in or hide from them."""
    found = set()
    for row, outcomes in ROWS.rows.items():
        lets_in = set(outcomes.split()[1:]) - {"-", "forbidden", "login"}
        everybody_refused = set(outcomes.split()[3:]) <= {"forbidden"}
        if row.startswith("GET ") or _SHOWING.fullmatch(row) or not lets_in or everybody_refused:
            continue
        found.add(row)
    return found


def test_every_address_that_changes_something_has_an_act_or_a_reason() -> None:
    missing = sorted(open_rows() - set(ACTS) - set(NO_ACT))
    assert not missing, f"say in tests/audit/acts.py what these do, and their event: {missing}"


def test_no_act_is_of_an_address_that_is_gone() -> None:
    actions = {row for row in ACTS if row.startswith("ACTION ")}
    assert sorted((set(ACTS) | set(NO_ACT)) - set(ROWS.rows) - actions) == []


def test_every_action_of_the_admin_has_an_act() -> None:
    offered = {
        f"ACTION {model._meta.label} {name if isinstance(name, str) else name.__name__}"
        for model, model_admin in admin.site._registry.items()
        for name in model_admin.actions or ()
    }
    assert sorted(offered - set(ACTS)) == []


@pytest.mark.parametrize("which", sorted(acts_accounts.ACTIONS))
@pytest.mark.parametrize("who", ["user", "curator"])
def test_whoever_may_not_use_an_action_is_refused_and_on_record(who: str, which: str) -> None:
    world = World()
    before = Event.objects.filter(name=acts_accounts.ACTIONS[which][1], actor_label=who)
    response = acts_accounts.do_action(world, who, which)
    assert response.status_code in {403, 404}
    assert not before.exists()
    denied = Event.objects.get(name="access.denied")
    assert (denied.actor_label, denied.outcome) == (who, "failure")


def subcommands(name: str, app: str) -> list[str]:
    """What a command can be asked for: itself, or each of its subcommands."""
    parser = load_command_class(app, name).create_parser("manage.py", name)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return [f"{name} {choice}" for choice in action.choices]
    return [name]


def test_every_command_is_declared() -> None:
    apps = ("toolbox", "accounts", "audit", "toolkits")
    names = [(name, app) for name, app in get_commands().items() if app in apps]
    ours = [line for name, app in names for line in subcommands(name, str(app))]
    declared = [f"{line} " for line in (*COMMANDS, *NO_COMMANDS)]
    missing = [one for one in ours if not any(line.startswith(f"{one} ") for line in declared)]
    assert missing == []


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_leaves_its_event(line: str, storage: Path, tmp_path: Path) -> None:
    world = World()
    (tmp_path / "plain.zip").write_bytes(world.bundle().read())
    (tmp_path / "users.csv").write_text("username,email\nann,ann@corp.test\n")
    make_row("off", enabled=False)
    make_row("pinned", pinned=True)
    if line.endswith(" plain"):
        world.two_versions()
    trail.grow(10, start=timezone.now() - timedelta(days=400))
    command = line.format(folder=tmp_path).split()
    if command[0] == "bootstrap_admin":
        User.objects.all().delete()
        password = secrets.token_urlsafe(16)
        with override_settings(
            BOOTSTRAP_ADMIN_USERNAME="root", BOOTSTRAP_ADMIN_PASSWORD=password,
            BOOTSTRAP_ADMIN_EMAIL="root@corp.test",
        ):  # fmt: skip
            call_command(*command)
    else:
        call_command(*command, stdout=io.StringIO())
    event = Event.objects.filter(name=COMMANDS[line]).order_by("-id").first()
    assert event is not None


def test_every_event_of_the_walk_is_in_the_catalogue() -> None:
    assert sorted({event for _, event in ACTS.values()} - set(CATALOGUE)) == []


def done(row: str, storage: Any = None) -> Event:
    """Do an act; returns its event, the newest of its name."""
    function, name = ACTS[row]
    world = World()
    response = function(world)
    assert response.status_code < 400, response.content
    found = Event.objects.filter(name=name).order_by("-id").first()
    recorded = list(Event.objects.values_list("name", flat=True))
    assert found is not None, f"{row} left no {name}; it left {recorded}"
    return found


@pytest.mark.parametrize("row", sorted(set(ACTS) - NEEDS_VAULT))
def test_an_act_leaves_its_event_with_who_did_it(row: str, storage: Any) -> None:
    event = done(row)
    assert event.address == "127.0.0.1"
    assert event.request_id
    if row in ANONYMOUS:
        return
    assert event.actor_type == "user"
    assert User.objects.filter(pk=event.actor_id).exists()


@pytest.mark.parametrize("row", sorted(NEEDS_VAULT))
def test_an_act_on_second_factors_leaves_its_event(row: str, openbao: Any) -> None:
    assert done(row).actor_type == "user"


REFUSED = sorted(
    (row, name)
    for row in open_rows()
    for name, outcome in zip(COLUMNS, ROWS.rows[row].split(), strict=True)
    if outcome in ("hidden", "forbidden") and name != "anonymous" and row not in NO_ACT
)


@pytest.mark.parametrize("who", ["user", "granted", "curator", "admin"])
def test_whoever_is_refused_is_on_record(
    who: str, people: dict[str, User], samples: dict[str, str]  # noqa: F811
) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(people[who])
    silent = []
    for row in [row for row, name in REFUSED if name == who]:
        method, route = row.split(" ", 1)
        path = ROWS.path(route, samples)
        denials.forget()
        before = Event.objects.filter(name="access.denied").count()
        as_json = {"content_type": "application/json"} if path.startswith("/api/") else {}
        response = getattr(client, method.lower())(path, **as_json)
        if Event.objects.filter(name="access.denied").count() == before:
            silent.append(f"{row} → {response.status_code}")
    assert silent == []
