"""Every address of the project, asked as everybody, against one declared table."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.utils.timezone import now

from accounts import sessions
from accounts.models import Grant, SessionKind, User
from accounts.roles import SYSTEM_ADMIN, TOOLKIT_CURATOR, TOOLKIT_USER
from tests.accounts.access_walk import COLUMNS, TABLE, Table, addresses, outcome, suggest
from tests.support import trail
from tests.support.factories import make_job, make_row, make_token, make_user
from toolkits.jobs.states import JobState
from toolkits.models import CardState, Record

SHARDS = 4
TABLE_ROWS = Table(TABLE.read_text())


@pytest.fixture
def people(db: None) -> dict[str, User | AnonymousUser]:
    granted = make_user("granted")
    Grant.objects.create(user=granted, role=TOOLKIT_USER, toolkit_slug="sample")
    elsewhere = make_user("elsewhere")
    Grant.objects.create(user=elsewhere, role=TOOLKIT_USER, toolkit_slug="another")
    return {
        "anonymous": AnonymousUser(),
        "user": make_user("user", roles=[TOOLKIT_USER]),
        "granted": granted,
        "curator": make_user("curator", roles=[TOOLKIT_CURATOR]),
        "admin": make_user("admin", roles=[SYSTEM_ADMIN]),
        "elsewhere": elsewhere,
    }


@pytest.fixture
def samples(people: dict[str, User]) -> dict[str, str]:
    """What the parameters of routes stand for. All of it belongs to somebody else."""
    owner = make_user("owner", roles=[TOOLKIT_USER])
    toolkit = make_row("sample", collections=[])
    job = make_job(toolkit, owner, state=JobState.SUCCEEDED)
    return {
        "toolkit": toolkit.slug,
        "operation": "hello",
        "collection": "things",
        "job": str(job.pk),
        **trail.samples(owner),
        "artifact": "report.csv",
        "user": str(owner.pk),
        "session": str(sessions.begin(owner, SessionKind.BROWSER, seconds=600).pk),
        "token": str(make_token(owner)[0].pk),
        "app": "toolkits",
        "toolkit_pk": str(toolkit.pk),
        "record": str(Record.objects.create(toolkit=toolkit, collection="things").pk),
        "card": str(CardState.objects.create(toolkit=toolkit, name="c", next_refresh_at=now()).pk),
    }


_HANDLER = Client(raise_request_exception=False).handler


def client_of(person: User | AnonymousUser) -> Client:
    client = Client(raise_request_exception=False)
    client.handler = _HANDLER  # loading the middleware costs more than the requests
    if isinstance(person, User):
        client.force_login(person)
    return client


def seen(people: dict[str, User], columns: tuple[str, ...], method: str, path: str) -> list[str]:
    return [outcome(client_of(people[name]), method, path) for name in columns]


@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_address_lets_in_whom_the_table_says(
    shard: int, people: dict[str, User], samples: dict[str, str]
) -> None:
    missing: dict[str, str] = {}
    wrong: list[str] = []
    for address in list(addresses())[shard::SHARDS]:
        path = TABLE_ROWS.path(address.route, samples)
        for method in address.methods:
            row = f"{method} {address.route}"
            found = " ".join(seen(people, COLUMNS, method, path))
            declared = TABLE_ROWS.rows.get(row)
            if declared is None and set(found.split()) != {"-"}:
                missing[row] = found
            elif declared is not None and declared != found:
                wrong.append(f"{row}\n    declared {declared}\n    found    {found}")
    assert not wrong, f"The table says otherwise ({' '.join(COLUMNS)}):\n" + "\n".join(wrong)
    assert not missing, (
        f"These have no row in {TABLE.name}. This is what each lets in now "
        f"({' '.join(COLUMNS)}); add the rows if that is what you mean:\n{suggest(missing)}"
    )


def test_a_grant_for_another_toolkit_opens_nothing_of_this_one(
    people: dict[str, User], samples: dict[str, str]
) -> None:
    let_in = []
    for address in addresses():
        if "granted" not in COLUMNS or "<" not in address.route:
            continue
        path = TABLE_ROWS.path(address.route, samples)
        if samples["toolkit"] not in path.split("/") and samples["job"] not in path.split("/"):
            continue
        for method in address.methods:
            (found,) = seen(people, ("elsewhere",), method, path)
            if found not in {"hidden", "-", "login"}:
                let_in.append(f"{method} {address.route}: {found}")
    assert not let_in, "\n".join(let_in)


def test_the_table_has_no_rows_for_addresses_that_are_gone() -> None:
    known = {f"{method} {address.route}" for address in addresses() for method in address.methods}
    gone = sorted(set(TABLE_ROWS.rows) - known)
    assert not gone, f"remove from {TABLE.name}: {gone}"
