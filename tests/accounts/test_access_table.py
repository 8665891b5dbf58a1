"""Every address of the project, asked as everybody, against one declared table."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.test import Client
from django.utils.timezone import now

from accounts import invitations, sessions
from accounts.models import Grant, Identity, Provider, SessionKind, User
from accounts.roles import SYSTEM_ADMIN, TOOLKIT_CURATOR, TOOLKIT_USER
from tests.accounts.access_walk import COLUMNS, TABLE, Table, addresses, outcome, suggest
from tests.support import trail
from tests.support.factories import make_job, make_row, make_token, make_user
from toolkits.jobs.states import JobState
from toolkits.models import (
    CardState,
    Catalog,
    InstallPlan,
    Job,
    NotificationDelivery,
    NotificationRule,
    Record,
    Schedule,
    Toolkit,
    TrustedKey,
)

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
        "provider": "nowhere",
        "group": str(Group.objects.get(name=TOOLKIT_USER).pk),
        "identity": str(
            Identity.objects.create(
                user=owner, provider=Provider.objects.get(slug="local"), issuer="i", subject="s"
            ).pk
        ),
        "local_provider": str(Provider.objects.get(slug="local").pk),
        "grant": str(Grant.objects.create(user=owner, toolkit_slug="elsewhere").pk),
        "role": TOOLKIT_USER,
        "invitation": str(invitations.invite(None, username="soon")[0].pk),
        "session": str(sessions.begin(owner, SessionKind.BROWSER, seconds=600).pk),
        "token": str(make_token(owner)[0].pk),
        "app": "toolkits",
        **admin_samples(toolkit, job),
    }


def admin_samples(toolkit: Toolkit, job: Job) -> dict[str, str]:
    owner = Group.objects.get(name=TOOLKIT_USER)
    schedule = Schedule.objects.create(
        name="s", toolkit=toolkit, operation="hello", kind="cron", cron="0 3 * * *", owner=owner
    )
    rule = NotificationRule.objects.create(name="r", channel="email", recipients=["a@b.example"])
    delivery = NotificationDelivery.objects.create(rule=rule, job=job)
    rows = {
        "toolkit_pk": toolkit,
        "record": Record.objects.create(toolkit=toolkit, collection="things"),
        "catalog": Catalog.objects.create(name="ours", url="https://example.com/catalog.json"),
        "card": CardState.objects.create(toolkit=toolkit, name="c", next_refresh_at=now()),
        "schedule": schedule,
        "rule": rule,
        "delivery": delivery,
        "plan": InstallPlan.objects.create(slug="sample", expires_at=now()),
        "version": toolkit.versions.get(),
        "key": TrustedKey.objects.create(name="k", public_key="k"),
    }
    return {name: str(row.pk) for name, row in rows.items()}


_HANDLER = Client(raise_request_exception=False).handler


class Asker:
    """Asks as each person, signed in once; what a request does is undone, its cookies too."""

    def __init__(self, people: dict[str, User | AnonymousUser]) -> None:
        self.clients = {name: self._client(person) for name, person in people.items()}
        self.cookies = {name: client.cookies.copy() for name, client in self.clients.items()}

    def _client(self, person: User | AnonymousUser) -> Client:
        client = Client(raise_request_exception=False)
        client.handler = _HANDLER  # loading the middleware costs more than the requests
        if isinstance(person, User):
            client.force_login(person)
        return client

    def ask(self, columns: tuple[str, ...], method: str, path: str) -> list[str]:
        return [self._ask(name, method, path) for name in columns]

    def _ask(self, name: str, method: str, path: str) -> str:
        client = self.clients[name]
        client.cookies = SimpleCookie(self.cookies[name])
        return outcome(client, method, path)


@pytest.fixture
def asker(people: dict[str, User | AnonymousUser]) -> Asker:
    return Asker(people)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_address_lets_in_whom_the_table_says(
    shard: int, asker: Asker, samples: dict[str, str]
) -> None:
    missing: dict[str, str] = {}
    wrong: list[str] = []
    for address in list(addresses())[shard::SHARDS]:
        path = TABLE_ROWS.path(address.route, samples)
        for method in address.methods:
            row = f"{method} {address.route}"
            found = " ".join(asker.ask(COLUMNS, method, path))
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
    asker: Asker, samples: dict[str, str]
) -> None:
    let_in = []
    for address in addresses():
        if "granted" not in COLUMNS or "<" not in address.route:
            continue
        path = TABLE_ROWS.path(address.route, samples)
        if samples["toolkit"] not in path.split("/") and samples["job"] not in path.split("/"):
            continue
        for method in address.methods:
            (found,) = asker.ask(("elsewhere",), method, path)
            if found not in {"hidden", "-", "login"}:
                let_in.append(f"{method} {address.route}: {found}")
    assert not let_in, "\n".join(let_in)


def test_the_table_has_no_rows_for_addresses_that_are_gone() -> None:
    known = {f"{method} {address.route}" for address in addresses() for method in address.methods}
    gone = sorted(set(TABLE_ROWS.rows) - known)
    assert not gone, f"remove from {TABLE.name}: {gone}"
