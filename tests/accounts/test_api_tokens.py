"""Access and refresh tokens: what is good, and every forgery that is not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from django.conf import settings as configured
from django.test import Client
from joserfc import jwt as jose
from joserfc.jwk import OctKey, RSAKey

from accounts import keys, token_kinds, tokens, users
from accounts.models import User, UserSession
from accounts.roles import TOOLKIT_USER
from audit.models import Event
from tests.support.factories import PASSWORD, make_user
from toolbox.config import SigningConfig

pytestmark = pytest.mark.django_db

AUTH = "/api/v1/auth"
NESTED = base64.urlsafe_b64encode(b"[" * 5700).decode() + ".e30.e30"
LOGIN, REFRESH, LOGOUT, ME = f"{AUTH}/login/", f"{AUTH}/refresh/", f"{AUTH}/logout/", f"{AUTH}/me/"


def post(client: Client, path: str, body: Any = None, **headers: str) -> Any:
    text = json.dumps(body or {})
    return client.post(path, text, content_type="application/json", headers=headers)


def sign_in(client: Client, name: str = "uma") -> str:
    response = post(client, LOGIN, {"username": name, "password": PASSWORD})
    assert response.status_code == 200, response.content
    return str(response.json()["access"])


def me(token: str) -> int:
    return int(Client().get(ME, headers={"Authorization": f"Bearer {token}"}).status_code)


def claims_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def part(data: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


def forge(claims: dict[str, Any], *, key: Any = None, **header: Any) -> str:
    ring = keys.ring()
    head = {"alg": ring.algorithm, "kid": ring.kid, "typ": "JWT", **header}
    algorithms = [head["alg"]]
    key = key or OctKey.import_key(configured.SIGNING.secret)
    return jose.encode(head, claims, key, algorithms=algorithms)


@pytest.fixture
def access(user: User) -> str:
    return sign_in(Client())


def test_an_access_token_tells_who_one_is(user: User) -> None:
    client = Client()
    token = sign_in(client)
    found = client.get(ME, headers={"Authorization": f"Bearer {token}"}).json()
    assert found["username"] == "uma"
    assert found["roles"] == [TOOLKIT_USER]
    assert client.cookies["refresh_token"]["httponly"]
    assert client.cookies["refresh_token"]["path"] == "/api/v1/auth/"
    assert client.cookies["refresh_token"]["samesite"] == "Lax"


def test_the_refresh_token_is_in_no_body(user: User) -> None:
    client = Client()
    response = post(client, LOGIN, {"username": "uma", "password": PASSWORD})
    assert client.cookies["refresh_token"].value not in response.content.decode()
    assert response["Cache-Control"] == "no-store"


def test_refreshing_gives_a_new_pair(user: User) -> None:
    client = Client()
    sign_in(client)
    first = client.cookies["refresh_token"].value
    response = post(client, REFRESH)
    assert response.status_code == 200
    assert me(response.json()["access"]) == 200
    assert client.cookies["refresh_token"].value != first
    event = Event.objects.get(name="auth.token_refreshed")
    assert (event.actor_label, event.target_id) == ("uma", str(user.pk))


def test_a_replayed_refresh_token_ends_the_whole_family(user: User) -> None:
    client = Client()
    sign_in(client)
    stolen = client.cookies["refresh_token"].value
    fresh = post(client, REFRESH).json()["access"]
    thief = Client()
    thief.cookies["refresh_token"] = stolen
    assert post(thief, REFRESH).status_code == 401
    assert me(fresh) == 401, "the access token of the family ends at once"
    assert post(client, REFRESH).status_code == 401, "and so does its newest refresh token"
    assert Event.objects.get(name="auth.token_reused").severity == "critical"


def test_an_access_token_cannot_refresh(user: User) -> None:
    client = Client()
    client.cookies["refresh_token"] = sign_in(Client())
    assert post(client, REFRESH).status_code == 401


def test_a_refresh_token_gives_no_access(user: User) -> None:
    client = Client()
    sign_in(client)
    assert me(client.cookies["refresh_token"].value) == 401


def test_alg_none_is_refused(access: str) -> None:
    for alg in ("none", "None", "NONE", ""):
        head = {"alg": alg, "kid": keys.ring().kid, "typ": "JWT"}
        assert me(f"{part(head)}.{part(claims_of(access))}.") == 401


def test_a_key_of_the_attacker_is_refused(access: str) -> None:
    key = OctKey.import_key("attackers-secret-of-more-than-32-characters")
    assert me(forge(claims_of(access), key=key)) == 401
    assert me(forge(claims_of(access), key=key, kid="another")) == 401
    assert me(forge(claims_of(access), key=key, jwk={"kty": "oct", "k": "AAAA"})) == 401


def test_a_public_key_used_as_a_shared_secret_is_refused(
    user: User, settings: Any
) -> None:
    pair = RSAKey.generate_key(2048)
    public = pair.as_pem(private=False).decode()
    settings.SIGNING = SigningConfig(
        "RS256", private_key=pair.as_pem(private=True).decode(), public_key=public
    )
    token = sign_in(Client())
    assert me(token) == 200
    head = {"alg": "HS256", "kid": keys.ring().kid, "typ": "JWT"}
    body = f"{part(head)}.{part(claims_of(token))}"
    for secret in (public, public.strip(), pair.as_der(private=False)):
        data = secret if isinstance(secret, bytes) else secret.encode()
        mac = hmac.new(data, body.encode(), hashlib.sha256).digest()
        signature = base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
        assert me(f"{body}.{signature}") == 401


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "another-service"},
        {"aud": None},
        {"iss": "somebody-else"},
        {"token_type": "refresh"},
        {"token_type": None},
        {"exp": int(time.time()) - 1},
        {"exp": None},
        {"nbf": int(time.time()) + 600},
        {"sub": str(uuid.uuid4())},
        {"sid": str(uuid.uuid4())},
        {"sid": "not-a-session"},
        {"sid": None},
        {"sid": ["a"]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_token_of_ours_with_a_wrong_claim_is_refused(
    access: str, change: dict[str, Any]
) -> None:
    claims = {**claims_of(access), **change}
    claims = {name: value for name, value in claims.items() if value is not None}
    assert me(forge(claims)) == 401
    assert me(forge(claims_of(access))) == 200


def test_a_token_naming_another_user_than_its_session_is_refused(access: str) -> None:
    other = make_user()
    assert me(forge({**claims_of(access), "sub": str(other.pk)})) == 401


GARBAGE = ["", "x", "a.b.c", "." * 50, "\x00", "é" * 20, "a" * 100_000, NESTED]


@pytest.mark.parametrize("text", GARBAGE)
def test_garbage_is_refused_like_any_other_token(user: User, text: str) -> None:
    response = Client().get(ME, headers={"Authorization": "Bearer " + text})
    assert response.status_code in {400, 401}


def test_old_keys_stay_good_for_checking_after_a_rotation(user: User, settings: Any) -> None:
    old = settings.SIGNING
    token = sign_in(Client())
    settings.SIGNING = SigningConfig(
        "HS256", secret="n" + old.secret[1:], previous_secrets=(old.secret,)
    )
    assert me(token) == 200
    assert me(sign_in(Client())) == 200
    settings.SIGNING = SigningConfig("HS256", secret="n" + old.secret[1:])
    assert me(token) == 401, "and go when they are taken out"


def pem_pair(key: Any) -> dict[str, Any]:
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return {"private_key": private.decode(), "public_key": public.decode()}


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_every_shared_secret_algorithm_signs_and_checks(
    user: User, settings: Any, algorithm: str
) -> None:
    settings.SIGNING = SigningConfig(algorithm, secret="s" * 64)
    assert me(sign_in(Client())) == 200


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "ES256", "ES384", "EdDSA"])
def test_every_key_pair_algorithm_signs_checks_and_rotates(
    user: User, settings: Any, algorithm: str
) -> None:
    def pair() -> dict[str, Any]:
        if algorithm.startswith("RS"):
            return pem_pair(RSAKey.generate_key(2048).private_key)
        curve = ec.SECP256R1() if algorithm == "ES256" else ec.SECP384R1()
        edwards = algorithm == "EdDSA"
        made: Any = ed25519.Ed25519PrivateKey.generate() if edwards else None
        return pem_pair(made or ec.generate_private_key(curve))

    old = pair()
    settings.SIGNING = SigningConfig(algorithm, **old)
    token = sign_in(Client())
    assert me(token) == 200
    settings.SIGNING = SigningConfig(
        algorithm, **pair(), previous_public_keys=f"{pair()['public_key']}\n{old['public_key']}"
    )
    assert me(token) == 200, "the key before is still believed"
    assert me(sign_in(Client())) == 200
    settings.SIGNING = SigningConfig(algorithm, **pair())
    assert me(token) == 401


def test_signing_out_ends_access_and_refresh_at_once(user: User) -> None:
    client = Client()
    token = sign_in(client)
    refresh = client.cookies["refresh_token"].value
    assert post(client, LOGOUT, Authorization=f"Bearer {token}").status_code == 204
    assert me(token) == 401
    client.cookies["refresh_token"] = refresh
    assert post(client, REFRESH).status_code == 401


def test_a_changed_password_ends_api_sessions_at_once(user: User, access: str) -> None:
    users.set_password(users.SYSTEM, user, "another long passphrase")
    assert me(access) == 401


def test_a_disabled_user_is_out_at_once(user: User, access: str) -> None:
    users.set_active(users.SYSTEM, user, False)
    assert me(access) == 401


def test_losing_a_role_ends_api_sessions(user: User, access: str) -> None:
    users.set_roles(users.SYSTEM, user, [])
    assert me(access) == 401


def test_other_sites_cannot_use_the_cookie(user: User) -> None:
    client = Client()
    sign_in(client)
    for origin in ("https://evil.example", "null", "http://testserver.evil.example"):
        assert post(client, REFRESH, Origin=origin).status_code == 403
    assert post(client, REFRESH, Origin="http://testserver").status_code == 200


def test_a_form_post_cannot_sign_in(user: User) -> None:
    response = Client().post(LOGIN, {"username": "uma", "password": PASSWORD})
    assert response.status_code == 415, "only JSON, which other sites cannot send unasked"


def test_nothing_that_is_not_asked_for_can_be_set(user: User) -> None:
    client = Client()
    more = {"is_superuser": True, "roles": ["system.admin"]}
    body = {"username": "uma", "password": PASSWORD, **more}
    assert post(client, LOGIN, body).status_code == 400
    user.refresh_from_db()
    assert not user.is_superuser
    assert user.roles == {TOOLKIT_USER}


def test_two_refreshes_at_once_are_decided_by_the_database(user: User) -> None:
    pair = tokens.issue(user)
    claims = token_kinds.read(pair.refresh, token_kinds.RefreshToken)
    assert tokens._rotate(claims) is not None
    assert tokens._rotate(claims) is None
    assert UserSession.objects.get(pk=pair.session.pk).is_alive
