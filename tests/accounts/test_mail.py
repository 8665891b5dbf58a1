"""Mail about accounts: invitations, forgotten passwords, lockouts."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as sent_by_django
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import invitations, signin, throttle, users
from accounts.mailing import deliver
from accounts.models import Identity, Invitation, OutgoingMail, Provider, User
from accounts.roles import SYSTEM_ADMIN, TOOLKIT_USER
from audit.models import Event
from tests.support import mail_sink
from tests.support.factories import PASSWORD, make_user
from toolbox import context

pytestmark = pytest.mark.django_db

FORGOTTEN = "/account/forgotten/"
NEW = "a new and longer passphrase"


@pytest.fixture(autouse=True)
def _mail_server(settings: Any) -> None:
    settings.EMAIL_URL = "smtp://mail.example.com"


@pytest.fixture
def uma() -> User:
    return make_user("uma", roles=[TOOLKIT_USER], email="uma@example.com")


@pytest.fixture
def boss() -> User:
    return make_user("boss", roles=[SYSTEM_ADMIN], email="boss@example.com")


def deliver_all() -> list[Any]:
    for mail_id in deliver.due():
        deliver.deliver(mail_id)
    return sent_by_django.outbox


def link_in(text: str) -> str:
    found = re.search(r"http://127\.0\.0\.1:8000(/account/invitation/\?token=\S+)", text)
    assert found, text
    return found.group(1)


def ask(address: str, client: Client | None = None) -> Any:
    return (client or Client()).post(FORGOTTEN, {"email": address})


def test_a_forgotten_password_is_set_anew_by_mail(uma: User) -> None:
    assert "on its way" in ask("UMA@example.com").content.decode()
    (letter,) = deliver_all()
    assert letter.to == ["uma@example.com"]
    assert not OutgoingMail.objects.exists()
    client = Client()
    client.get(link_in(letter.body))
    assert client.post("/account/invitation/", {"new": NEW, "again": NEW}).status_code == 302
    uma.refresh_from_db()
    assert uma.check_password(NEW)
    assert Client().get(link_in(letter.body), follow=True).status_code == 404, "good once"


def test_the_link_runs_out_after_an_hour(uma: User) -> None:
    ask("uma@example.com")
    (letter,) = deliver_all()
    row = Invitation.objects.get()
    assert row.expires_at <= timezone.now() + timedelta(hours=1)
    Invitation.objects.update(expires_at=timezone.now())
    assert Client().get(link_in(letter.body), follow=True).status_code == 404


def test_nobody_is_told_whether_an_address_has_an_account(uma: User) -> None:
    """The same page, and the same work: whether anybody has it is asked by the worker."""
    ask("first@example.com")  # from now on this address is counted in a row that is there
    pages, work = [], []
    for address in ("uma@example.com", "nobody@example.com"):
        with CaptureQueriesContext(connection) as queries:
            pages.append(re.sub(r"\w{64}", "", ask(address).content.decode()))
        work.append([re.sub(r"'[^']*'|\d+", "", query["sql"]) for query in queries])
    assert pages[0] == pages[1]
    assert work[0] == work[1]
    assert len(deliver_all()) == 1
    assert not OutgoingMail.objects.exists()


def test_requests_are_throttled_alike_for_known_and_unknown_addresses(uma: User) -> None:
    for address in ("uma@example.com", "nobody@example.com"):
        assert [ask(address).status_code for _ in range(4)] == [200, 200, 200, 429]
    events = Event.objects.filter(name="auth.locked_out", details__scope="password reset")
    assert events.count() == 2


def test_one_address_cannot_ask_for_everybody(uma: User) -> None:
    answers = [ask(f"user{n}@example.com").status_code for n in range(25)]
    assert answers[:20] == [200] * 20
    assert 429 in answers


def test_requests_and_mails_are_in_the_trail(uma: User) -> None:
    ask("uma@example.com")
    deliver_all()
    asked = Event.objects.get(name="auth.password_reset_requested")
    assert asked.details == {"via": "the page", "email": "uma@example.com"}
    sent = Event.objects.get(name="mail.sent")
    assert (sent.details["purpose"], sent.target_id) == ("forgotten", str(uma.pk))


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:8000.evil.example"])
def test_a_host_header_cannot_lead_the_link_elsewhere(uma: User, host: str) -> None:
    response = Client().post(FORGOTTEN, {"email": "uma@example.com"}, headers={"host": host})
    assert response.status_code == 400
    Client().post(FORGOTTEN, {"email": "uma@example.com"},
                  headers={"x-forwarded-host": host})  # fmt: skip
    (letter,) = deliver_all()
    assert link_in(letter.body)
    assert "evil" not in letter.body


def test_a_look_alike_address_gets_no_mail(uma: User) -> None:
    """The mail goes to the account's own address, never to one that only folds to it."""
    make_user("mike", email="mike@example.org")
    ask("mıke@example.org")
    assert all(letter.to == ["mike@example.org"] for letter in deliver_all())


def test_whoever_signs_in_elsewhere_gets_no_password_here(uma: User) -> None:
    uma.set_unusable_password()
    uma.save()
    provider = Provider.objects.create(slug="corp", name="Corp login", kind="oidc")
    Identity.objects.create(user=uma, provider=provider, issuer="i", subject="s", name="uma")
    ask("uma@example.com")
    (letter,) = deliver_all()
    assert "Corp login" in letter.body
    assert "token=" not in letter.body


def test_disabled_and_service_accounts_get_no_mail(boss: User, uma: User) -> None:
    users.set_active(boss, uma, False)
    ask("uma@example.com")
    assert deliver_all() == []


def test_without_a_mail_server_the_page_says_whom_to_ask(uma: User, settings: Any) -> None:
    settings.EMAIL_URL = ""
    page = ask("uma@example.com").content.decode()
    assert "Ask an administrator" in page
    assert not OutgoingMail.objects.exists()
    settings.EMAIL_URL = "smtp://mail.example.com"
    assert deliver_all() == []


def test_an_invitation_goes_by_mail_and_its_link_is_nowhere_else(boss: User) -> None:
    row, link = invitations.invite(boss, email="new@example.com", username="newbie", by_mail=True)
    assert link == ""
    (letter,) = deliver_all()
    assert letter.to == ["new@example.com"]
    assert "boss invites you" in letter.body
    client = Client()
    client.get(link_in(letter.body))
    client.post("/account/invitation/", {"new": NEW, "again": NEW})
    assert User.objects.get(username="newbie").check_password(NEW)
    assert Event.objects.get(name="mail.sent").target_id == str(row.pk)


def test_an_invitation_taken_back_is_not_sent(boss: User) -> None:
    row, _ = invitations.invite(boss, email="new@example.com", by_mail=True)
    invitations.withdraw(boss, row)
    assert deliver_all() == []


def test_mail_is_refused_where_it_cannot_go(boss: User, uma: User, settings: Any) -> None:
    with pytest.raises(ValidationError):
        invitations.invite(boss, username="newbie", by_mail=True)
    settings.EMAIL_URL = ""
    with pytest.raises(ValidationError):
        invitations.password_link(boss, uma, by_mail=True)
    assert not Invitation.objects.exists()


def test_an_administrator_mails_a_link_by_the_api(boss: User, uma: User) -> None:
    client = Client()
    client.force_login(boss)
    url = f"/api/v1/users/{uma.pk}/password-link/"
    answer = client.post(url, {"by_mail": True}, content_type="application/json")
    assert (answer.status_code, answer.json()["link"]) == (201, "")
    assert deliver_all()[0].to == ["uma@example.com"]
    answer = client.post(url, {}, content_type="application/json")
    assert answer.json()["link"], "without it the link is in the answer"


def test_the_admin_sends_links_by_mail_or_shows_them(
    boss: User, uma: User, settings: Any
) -> None:
    client = Client()
    client.force_login(boss)
    add, listing = "/admin/accounts/invitation/add/", "/admin/accounts/user/"
    assert 'name="by_mail"' in client.get(add).content.decode()
    body = {"email": "new@example.com", "username": "", "roles": [], "by_mail": "on"}
    page = client.post(add, body, follow=True).content.decode()
    assert "on its way to new@example.com" in page
    client.post(listing, {"action": "mail_password_link", "_selected_action": [str(uma.pk)]})
    reached = sorted(letter.to[0] for letter in deliver_all())
    assert reached == ["new@example.com", "uma@example.com"]
    nowhere = client.post(add, {"email": "", "username": "n", "roles": [], "by_mail": "on"})
    assert "Where to?" in nowhere.content.decode()
    settings.EMAIL_URL = ""
    assert 'name="by_mail"' not in client.get(add).content.decode()
    assert "mail_password_link" not in client.get(listing).content.decode()
    body = {"email": "other@example.com", "username": "", "roles": []}
    assert "/account/invitation/?token=" in client.post(add, body).content.decode()


def test_a_locked_out_user_hears_of_it_once(uma: User) -> None:
    with context.working(address="203.0.113.9"):
        for _ in range(throttle.ACCOUNT.failures):
            with pytest.raises(signin.SignInFailed):
                signin.by_password("uma", "wrong")
        with pytest.raises(throttle.LockedOut):
            signin.by_password("uma", PASSWORD)
    (letter,) = deliver_all()
    assert "203.0.113.9" in letter.body
    assert letter.to == ["uma@example.com"]


def test_a_lockout_of_nobody_is_noted_and_dropped() -> None:
    for _ in range(throttle.ACCOUNT.failures):
        with pytest.raises(signin.SignInFailed):
            signin.by_password("nobody", "wrong")
    assert OutgoingMail.objects.count() == 1
    assert deliver_all() == []
    assert not OutgoingMail.objects.exists()


def test_a_lockout_by_the_second_factor_says_that_the_password_is_known(uma: User) -> None:
    for _ in range(throttle.SECOND_FACTOR.failures):
        throttle.begin_second_factor(uma).failed()
    (letter,) = deliver_all()
    assert "somebody knows your password" in letter.body


def test_a_real_mail_server_is_spoken_to_and_asked_again_when_it_refuses(
    uma: User, settings: Any
) -> None:
    with mail_sink.running() as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
        ask("uma@example.com")
        (mail_id,) = deliver.due()
        sink.refusing = True
        deliver.deliver(mail_id)
        row = OutgoingMail.objects.get()
        assert "451" in row.last_error or "try again later" in row.last_error
        assert (row.tries, deliver.due()) == (1, [])
        OutgoingMail.objects.update(next_try_at=timezone.now())
        sink.refusing = False
        deliver.deliver(mail_id)
    assert sink.recipients == ["uma@example.com"]
    (message,) = sink.messages
    assert message["Auto-Submitted"] == "auto-generated"
    body = message.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert Client().get(link_in(body.decode()), follow=True).status_code == 200


def test_what_cannot_be_sent_is_given_up_and_said(uma: User, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    ask("uma@example.com")
    for _ in range(len(deliver.PAUSES) + 1):
        OutgoingMail.objects.update(next_try_at=timezone.now())
        for mail_id in deliver.due():
            deliver.deliver(mail_id)
    assert not OutgoingMail.objects.exists()
    event = Event.objects.get(name="mail.failed")
    assert (event.severity, event.outcome) == ("warning", "failure")
