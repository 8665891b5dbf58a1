"""Second factors: codes of an app, recovery codes, passkeys; required by role."""

from __future__ import annotations

import json
import re
import time
from html import unescape
from typing import Any
from urllib.parse import unquote

import pyotp
import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts import sessions, tokens, users
from accounts.mfa import passkeys, policy, proving, recovery, totp
from accounts.models import Factor, FactorKind, Grant, RolePolicy, SignInThrottle, User, UserSession
from accounts.problems import NotAllowed, TokenRefused
from accounts.roles import SYSTEM_ADMIN, TOOLKIT_USER
from audit.models import Event
from tests.support.authenticator import Authenticator
from tests.support.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

LOGIN, SECOND, ADD = "/account/login/", "/account/second-factor/", "/account/second-factor/add/"
ORIGIN, RP = "https://toolbox.example.com", "toolbox.example.com"


def sign_in(client: Client, name: str = "uma", **fields: str) -> Any:
    return client.post(LOGIN, {"username": name, "password": PASSWORD, **fields})


def is_in(client: Client) -> bool:
    return bool(client.get("/account/").status_code == 200)


def require(role: str) -> None:
    RolePolicy.objects.create(role=Group.objects.get(name=role), requires_mfa=True)


def options(page: Any) -> dict[str, Any]:
    (found,) = re.findall(r'data-options="([^"]+)"', page.content.decode())
    return dict(json.loads(unescape(found)))


@pytest.fixture
def app(user: User, openbao: Any) -> pyotp.TOTP:
    """An app that the user has added; codes of now are unspent."""
    secret = totp.begin(user)
    totp.add(user, secret, 0)
    return pyotp.TOTP(secret)


@pytest.fixture
def public(settings: Any) -> None:
    settings.FRONTEND_BASE_URL = ORIGIN


@pytest.fixture
def passkey(user: User, public: None) -> Authenticator:
    """A passkey that the user has added."""
    key = Authenticator(ORIGIN, RP)
    asked, state = passkeys.begin_adding(user)
    proving.add_passkey(user, state, key.create(json.loads(json.dumps(asked))), "Laptop")
    return key


def test_the_password_alone_is_not_enough(user: User, app: pyotp.TOTP) -> None:
    client = Client()
    assert sign_in(client).url == SECOND
    assert not is_in(client)
    assert not UserSession.objects.exists()
    assert client.get("/api/v1/auth/me/").status_code == 401


def test_the_code_lets_in_and_is_noted(user: User, app: pyotp.TOTP) -> None:
    client = Client()
    sign_in(client, next="/account/")
    response = client.post(SECOND, {"code": app.now()})
    assert response.url == "/account/"
    assert UserSession.objects.get().methods == ["password", "totp"]
    assert Event.objects.get(name="auth.signed_in").details["method"] == "password, totp"


def test_a_code_is_good_once(user: User, app: pyotp.TOTP) -> None:
    code = app.now()
    first, second = Client(), Client()
    sign_in(first)
    sign_in(second)
    assert first.post(SECOND, {"code": code}).status_code == 302
    assert second.post(SECOND, {"code": code}).status_code == 200
    assert not is_in(second)


@pytest.mark.parametrize(
    "code", ["", "000000", "12345", "1234567", "abcdef", "１２３４５６", "\0" * 6]
)
def test_a_wrong_code_is_refused(user: User, app: pyotp.TOTP, code: str) -> None:
    client = Client()
    sign_in(client)
    assert client.post(SECOND, {"code": code}).status_code == 200
    assert not is_in(client)
    assert Event.objects.filter(name="auth.mfa_failed").count() == 1


def test_an_old_code_is_refused(user: User, app: pyotp.TOTP) -> None:
    client = Client()
    sign_in(client)
    client.post(SECOND, {"code": app.at(time.time() - 90)})
    assert not is_in(client)


def test_five_wrong_codes_lock_also_across_sign_ins(user: User, app: pyotp.TOTP) -> None:
    for _ in range(5):
        client = Client()
        sign_in(client)
        client.post(SECOND, {"code": "000000"})
    response = client.post(SECOND, {"code": app.now()})
    assert response.status_code == 429
    assert not is_in(client)


def test_the_second_step_without_the_first_leads_to_the_start(user: User, app: pyotp.TOTP) -> None:
    assert Client().get(SECOND).url == LOGIN
    assert Client().post(SECOND, {"code": app.now()}).url == LOGIN


def test_a_changed_password_ends_a_pending_sign_in(user: User, app: pyotp.TOTP) -> None:
    client = Client()
    sign_in(client)
    user.set_password("another long passphrase")
    user.save()
    assert client.post(SECOND, {"code": app.now()}).url == LOGIN


def test_a_pending_sign_in_runs_out(
    user: User, app: pyotp.TOTP, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client()
    sign_in(client)
    session = client.session
    session["accounts.pending"] = {**session["accounts.pending"], "at": time.time() - 700}
    session.save()
    assert client.post(SECOND, {"code": app.now()}).url == LOGIN


def test_the_session_key_changes_at_both_steps(user: User, app: pyotp.TOTP) -> None:
    client = Client()
    sign_in(client)
    between = client.cookies["sessionid"].value
    client.post(SECOND, {"code": app.now()})
    assert client.cookies["sessionid"].value != between


def test_a_recovery_code_is_good_once(user: User, app: pyotp.TOTP) -> None:
    codes = recovery.renew(user)
    assert len(set(codes)) == 10
    for expected in (302, 200):
        client = Client()
        sign_in(client)
        assert client.post(SECOND, {"code": f" {codes[0].upper()} "}).status_code == expected
    assert Event.objects.get(name="auth.recovery_code_used").details["left"] == 9
    assert codes[1] not in str(list(Factor.objects.values()))


def test_the_secret_of_the_app_is_in_vault_alone(user: User, app: pyotp.TOTP) -> None:
    assert app.secret not in str(list(Factor.objects.values()))
    proving.remove(user, user.factors.get(kind=FactorKind.TOTP))
    from toolbox import secrets
    from toolbox.secrets import SecretNotFound

    with pytest.raises(SecretNotFound):
        secrets.client().read(f"auth/users/{user.pk}")


def test_an_app_is_added_from_the_account_page(user: User, openbao: Any) -> None:
    client = Client()
    sign_in(client)
    page = client.get(ADD)
    (secret,) = re.findall(r"<code>([A-Z2-7]{32})</code>", page.content.decode())
    assert 'src="data:image/svg+xml' in page.content.decode()
    assert "not right" in client.post(ADD, {"code": "000000"}).content.decode()
    done = client.post(ADD, {"code": pyotp.TOTP(secret).now()}).content.decode()
    assert len(re.findall(r"^(?:<pre.*>)?[a-z2-9]{5}-[a-z2-9]{5}$", done, re.MULTILINE)) >= 9
    assert {factor.kind for factor in user.factors.all()} == {"totp", "recovery"}
    assert "Authenticator app" in client.get("/account/").content.decode()


def test_changing_factors_after_a_while_asks_again(user: User, openbao: Any) -> None:
    client = Client()
    sign_in(client)
    UserSession.objects.update(created_at="2020-01-01T00:00:00Z")
    assert unquote(client.get(ADD).url) == f"/account/confirm/?next={ADD}"
    wrong = client.post("/account/confirm/", {"secret": "wrong", "next": ADD})
    assert "That is not right" in wrong.content.decode()
    assert client.post("/account/confirm/", {"secret": PASSWORD, "next": ADD}).url == ADD
    assert client.get(ADD).status_code == 200


def test_confirming_by_password_costs_no_tries_at_the_second_factor(
    user: User, app: pyotp.TOTP
) -> None:
    client = Client()
    sign_in(client)
    client.post(SECOND, {"code": app.now()})
    for _ in range(7):
        assert client.post("/account/confirm/", {"secret": PASSWORD}).status_code == 302
    assert not Event.objects.filter(name="auth.mfa_failed").exists()
    assert not SignInThrottle.objects.filter(failures__gt=0).exists()


def test_wrong_codes_and_passwords_are_counted_where_one_confirms(
    user: User, app: pyotp.TOTP
) -> None:
    client = Client()
    sign_in(client)
    client.post(SECOND, {"code": app.now()})
    told = [client.post("/account/confirm/", {"secret": "000000"}).status_code for _ in range(6)]
    assert told == [200] * 5 + [429]
    told = [client.post("/account/confirm/", {"secret": "wrong"}).status_code for _ in range(6)]
    assert told == [200] * 5 + [429]


def test_whoever_has_a_passkey_and_no_password_confirms_by_it(
    client: Client, user: User, public: None, openbao: Any
) -> None:
    sign_in(client)
    key = Authenticator(ORIGIN, RP)
    client.post(ADD, {"passkey": json.dumps(key.create(options(client.get(ADD))))})
    user.set_unusable_password()
    user.save()
    client.force_login(user)
    UserSession.objects.update(created_at="2020-01-01T00:00:00Z")
    page = client.get("/account/confirm/")
    assert "Password" not in page.content.decode()
    lie = {**key.get(options(page)), "id": "AAAA", "rawId": "AAAA"}
    refused = client.post("/account/confirm/", {"passkey": json.dumps(lie), "next": ADD})
    assert "That is not right" in refused.content.decode()
    answer = {"passkey": json.dumps(key.get(options(refused))), "next": ADD}
    assert client.post("/account/confirm/", answer).url == ADD
    assert client.get(ADD).status_code == 200
    assert client.post("/account/confirm/", answer).status_code == 200, "it is good once"


def test_a_role_that_asks_for_it_leads_to_setting_it_up(user: User, openbao: Any) -> None:
    require(TOOLKIT_USER)
    client = Client()
    assert sign_in(client, next="/account/").url == ADD
    assert not is_in(client)
    page = client.get(ADD)
    (secret,) = re.findall(r"<code>([A-Z2-7]{32})</code>", page.content.decode())
    done = client.post(ADD, {"code": pyotp.TOTP(secret).now()}).content.decode()
    assert 'href="/account/"' in done
    assert is_in(client)
    assert UserSession.objects.get().methods == ["password", "totp"]


def test_setting_up_while_signing_in_opens_no_other_page(user: User, openbao: Any) -> None:
    require(TOOLKIT_USER)
    client = Client()
    sign_in(client)
    for path in ("/", "/jobs/", "/account/", "/account/tokens/new/", "/account/password/"):
        assert client.get(path).status_code == 302, path
    assert client.get(SECOND).url == LOGIN


def test_whoever_has_a_factor_cannot_skip_it_by_setting_up_another(
    user: User, app: pyotp.TOTP
) -> None:
    require(TOOLKIT_USER)
    client = Client()
    sign_in(client)
    assert client.get(ADD).url.startswith(LOGIN)
    assert not is_in(client)


def test_asking_for_a_second_factor_ends_the_sessions_that_began_without_one(
    user: User, app: pyotp.TOTP
) -> None:
    boss = make_user("boss", roles=[SYSTEM_ADMIN, TOOLKIT_USER])
    without = make_user("wim", roles=[TOOLKIT_USER])
    granted = make_user("gwen")
    Grant.objects.create(user=granted, role=TOOLKIT_USER, toolkit_slug="net")
    proved, *others = Client(), Client(), Client(), Client()
    sign_in(proved)
    proved.post(SECOND, {"code": app.now()})
    for client, who in zip(others, (boss, without, granted), strict=True):
        client.force_login(who)
    api = tokens.issue(without)
    policy.require(boss, TOOLKIT_USER, True)
    assert is_in(proved)
    assert [is_in(client) for client in others] == [True, False, False], "who asks is at work"
    with pytest.raises(TokenRefused):
        tokens.refresh(api.refresh)
    event = Event.objects.get(name="auth.session_ended")
    assert event.details["reason"] == "a second factor is asked for"


def test_being_given_a_role_that_asks_for_one_ends_sessions_without_it() -> None:
    require(SYSTEM_ADMIN)
    boss = make_user("boss", roles=[SYSTEM_ADMIN])
    made = make_user("wim", roles=[TOOLKIT_USER])
    client = Client()
    client.force_login(made)
    users.set_roles(boss, made, [TOOLKIT_USER])
    assert is_in(client)
    users.set_roles(boss, made, [TOOLKIT_USER, SYSTEM_ADMIN])
    assert not is_in(client)


def test_a_session_without_a_second_factor_is_not_refreshed_once_a_grant_asks() -> None:
    pair = tokens.issue(make_user("gwen"))
    Grant.objects.create(user=pair.session.user, role=TOOLKIT_USER, toolkit_slug="net")
    pair = tokens.refresh(pair.refresh)
    require(TOOLKIT_USER)
    with pytest.raises(TokenRefused):
        tokens.refresh(pair.refresh)
    assert not UserSession.objects.alive().exists()
    assert not Event.objects.filter(name="auth.token_reused").exists()


def test_a_role_by_grant_asks_too(openbao: Any) -> None:
    from accounts.models import Grant

    require(TOOLKIT_USER)
    user = make_user("gwen")
    Grant.objects.create(user=user, role=TOOLKIT_USER, toolkit_slug="net")
    assert sign_in(Client(), "gwen").url == ADD


def test_the_last_factor_stays_while_a_role_asks_for_it(user: User, app: pyotp.TOTP) -> None:
    require(TOOLKIT_USER)
    factor = user.factors.get()
    with pytest.raises(NotAllowed):
        proving.remove(user, factor)
    admin = make_user("root", roles=[SYSTEM_ADMIN])
    proving.remove(admin, factor)
    assert not user.factors.exists()


def test_nobody_removes_the_factor_of_somebody_else(user: User, app: pyotp.TOTP) -> None:
    make_user("eve")
    client = Client()
    sign_in(client, "eve")
    factor = user.factors.get()
    assert client.post(f"/account/second-factor/{factor.pk}/remove/").status_code == 404
    with pytest.raises(NotAllowed):
        proving.remove(make_user(), factor)


def test_the_api_asks_for_a_code(user: User, app: pyotp.TOTP) -> None:
    def login(**more: str) -> Any:
        body = {"username": "uma", "password": PASSWORD, **more}
        return Client().post("/api/v1/auth/login/", body, content_type="application/json")

    asked = login()
    assert asked.status_code == 401
    assert asked.json()["errors"][0]["loc"] == ["otp"]
    assert login(otp="000000").status_code == 401
    assert login(otp=app.now()).status_code == 200


def test_the_api_sends_whoever_must_set_it_up_to_the_console(user: User) -> None:
    require(TOOLKIT_USER)
    body = {"username": "uma", "password": PASSWORD}
    response = Client().post("/api/v1/auth/login/", body, content_type="application/json")
    assert response.status_code == 403
    assert "console" in response.json()["detail"]


def test_a_passkey_is_added_and_lets_in(user: User, public: None, openbao: Any) -> None:
    client = Client()
    sign_in(client)
    key = Authenticator(ORIGIN, RP)
    asked = options(client.get(ADD))
    client.post(ADD, {"passkey": json.dumps(key.create(asked)), "name": "Laptop"})
    assert user.factors.get(kind="passkey").name == "Laptop"
    other = Client()
    assert sign_in(other).url == SECOND
    answer = key.get(options(other.get(SECOND)))
    assert other.post(SECOND, {"passkey": json.dumps(answer)}).status_code == 302
    assert is_in(other)
    assert UserSession.objects.filter(methods=["password", "passkey"]).exists()


@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://toolbox.example.com"},
        {"origin": "https://toolbox.example.com.evil.example"},
        {"rp_id": "evil.example"},
        {"flags": 0x00},
        {"key": Authenticator(ORIGIN, RP).key},
        {"id": b"x" * 32},
    ],
    ids=lambda lie: next(iter(lie)),
)
def test_a_passkey_that_lies_is_refused(
    user: User, passkey: Authenticator, lie: dict[str, Any]
) -> None:
    client = Client()
    sign_in(client)
    for name, value in lie.items():
        setattr(passkey, name, value)
    answer = passkey.get(options(client.get(SECOND)))
    assert client.post(SECOND, {"passkey": json.dumps(answer)}).status_code == 200
    assert not is_in(client)


def test_an_answer_to_another_challenge_is_refused(user: User, passkey: Authenticator) -> None:
    client = Client()
    sign_in(client)
    old = passkey.get(options(client.get(SECOND)))
    client.get(SECOND)
    client.post(SECOND, {"passkey": json.dumps(old)})
    assert not is_in(client)


def test_an_answer_is_good_once(user: User, passkey: Authenticator) -> None:
    client = Client()
    sign_in(client)
    answer = json.dumps(passkey.get(options(client.get(SECOND))))
    assert client.post(SECOND, {"passkey": answer}).status_code == 302
    client.post("/account/logout/")
    sign_in(client)
    client.post(SECOND, {"passkey": answer})
    assert not is_in(client)


def test_a_counter_that_goes_back_is_refused(user: User, passkey: Authenticator) -> None:
    passkey.count = 10
    client = Client()
    sign_in(client)
    client.post(SECOND, {"passkey": json.dumps(passkey.get(options(client.get(SECOND))))})
    assert is_in(client)
    passkey.count = 3
    copy = Client()
    sign_in(copy)
    copy.post(SECOND, {"passkey": json.dumps(passkey.get(options(copy.get(SECOND))))})
    assert not is_in(copy)


def test_the_passkey_of_somebody_else_is_refused(user: User, passkey: Authenticator) -> None:
    eve = make_user("eve")
    other = Authenticator(ORIGIN, RP)
    asked, state = passkeys.begin_adding(eve)
    proving.add_passkey(eve, state, other.create(json.loads(json.dumps(asked))), "x")
    client = Client()
    sign_in(client)
    client.post(SECOND, {"passkey": json.dumps(other.get(options(client.get(SECOND))))})
    assert not is_in(client)


@pytest.mark.parametrize(
    "answer", ["", "{}", "[]", "null", "{", "[" * 9000, '{"id": 1}', "x" * 30000], ids=range(8)
)
def test_garbage_for_a_passkey_is_refused(user: User, passkey: Authenticator, answer: str) -> None:
    client = Client()
    sign_in(client)
    client.get(SECOND)
    assert client.post(SECOND, {"passkey": answer}).status_code == 200
    assert not is_in(client)


def test_a_provider_that_saw_to_it_is_believed_only_where_set_so(user: User) -> None:
    from accounts.mfa import policy

    require(TOOLKIT_USER)
    assert policy.lacking(user, ("oidc",)) == policy.Lacking.SETTING_UP
    assert policy.lacking(user, ("oidc", "mfa")) == policy.Lacking.NOTHING


def test_passkeys_are_not_offered_where_browsers_forbid_them(settings: Any) -> None:
    offered = {
        "https://toolbox.example.com": True, "http://localhost:8000": True,
        "http://toolbox.example.com": False, "http://127.0.0.1:8000": False,
        "https://192.0.2.1": False, "https://[2001:db8::1]": False,
    }  # fmt: skip
    for origin, expected in offered.items():
        settings.FRONTEND_BASE_URL = origin
        assert passkeys.available() is expected, origin


def test_a_recovery_code_works_while_vault_is_away(
    user: User, app: pyotp.TOTP, openbao: Any
) -> None:
    from toolbox import secrets

    codes = recovery.renew(user)
    client = Client()
    sign_in(client)
    openbao.stop()
    secrets.client.cache_clear()
    assert client.post(SECOND, {"code": codes[0]}).status_code == 302
    assert is_in(client)


def test_ended_sessions_do_not_come_back_by_the_second_step(user: User, app: pyotp.TOTP) -> None:
    client = Client()
    sign_in(client)
    client.post(SECOND, {"code": app.now()})
    sessions.end_all(user, "test")
    assert not is_in(client)
    assert client.post(SECOND, {"code": app.now()}).url == LOGIN
