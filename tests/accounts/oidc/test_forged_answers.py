"""An OpenID provider, or somebody between, that lies: every lie is refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.test import Client
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from accounts.models import Identity, Provider
from accounts.providers import oidc
from accounts.providers.problems import ProviderUnavailable
from audit.models import Event
from tests.accounts.oidc.conftest import CLIENT_ID, CLIENT_SECRET, query

Make = Callable[..., Provider]
KEY = RSAKey.generate_key(2048, {"kid": "one", "alg": "RS256", "use": "sig"})


class Liar:
    """Answers as a provider would, with what a test changes: ``claims``, ``header``, ``write``."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        self.nonce = ""
        self.token_requests: list[dict[str, str]] = []
        self.write: Callable[[dict[str, Any]], str] = lambda claims: jwt.encode(
            {"alg": "RS256", "kid": "one"}, claims, KEY
        )
        liar = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                liar.answer(self, liar.get(self.path))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                liar.token_requests.append({k: v[0] for k, v in parse_qs(body).items()})
                liar.answer(self, liar.token())

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("localhost", 0), Handler)
        self.issuer = f"http://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, handler: Any, body: Any) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        try:
            handler.wfile.write(data)
        except OSError:
            return

    def get(self, path: str) -> Any:
        if path.endswith("openid-configuration"):
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/auth",
                "token_endpoint": f"{self.issuer}/token",
                "userinfo_endpoint": f"{self.issuer}/me",
                "jwks_uri": f"{self.issuer}/jwks",
                "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
                **self.metadata,
            }
        return self.userinfo if path == "/me" else {"keys": [KEY.as_dict(private=False)]}

    def token(self) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT_ID, "sub": "s", "nonce": self.nonce, "iat": now,
            "exp": now + 60, "preferred_username": "alice", "name": "A", "email": "a@example.com",
            "groups": [], **self.claims,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        return {"access_token": "at", "token_type": "Bearer", "id_token": self.write(claims)}


@pytest.fixture
def liar() -> Iterator[Liar]:
    found = Liar()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def corp(liar: Liar, make_provider: Make) -> Provider:
    return make_provider(liar.issuer)


def sign_in(liar: Liar) -> Any:
    client = Client()
    sent = query(client.get("/account/oidc/corp/").url)
    liar.nonce = sent["nonce"]
    return client.get("/account/oidc/corp/callback/", {"code": "c", "state": sent["state"]})


def reason() -> str:
    return str(Event.objects.get(name="auth.sign_in_failed").details["reason"])


def test_without_a_lie_it_works(corp: Provider, liar: Liar) -> None:
    assert sign_in(liar).status_code == 302
    assert liar.token_requests[0]["redirect_uri"].endswith("/account/oidc/corp/callback/")
    assert len(liar.token_requests[0]["code_verifier"]) >= 43


@pytest.mark.parametrize(
    "lie",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another-client"},
        {"aud": ["another-client"]},
        {"aud": [CLIENT_ID, "another-client"]},
        {"aud": [CLIENT_ID, "another-client"], "azp": "another-client"},
        {"aud": None},
        {"azp": "another-client"},
        {"nonce": "of-another-flow"},
        {"nonce": None},
        {"nonce": ""},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"iat": int(time.time()) + 3600},
        {"sub": None},
        {"at_hash": "bm90LXRoZS1yaWdodC1oYXNo"},
    ],
    ids="-".join,
)
def test_a_wrong_claim_is_refused(corp: Provider, liar: Liar, lie: dict[str, Any]) -> None:
    liar.claims = lie
    assert sign_in(liar).status_code == 401
    assert not Identity.objects.exists()
    assert reason()


def part(data: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


def unsigned(claims: dict[str, Any]) -> str:
    return f"{part({'alg': 'none'})}.{part(claims)}."


def by_client_secret(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(CLIENT_SECRET))


def by_public_key(claims: dict[str, Any]) -> str:
    body = f"{part({'alg': 'HS256', 'kid': 'one'})}.{part(claims)}"
    mac = hmac.new(KEY.as_pem(private=False), body.encode(), hashlib.sha256).digest()
    return f"{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def by_own_key(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "RS256", "kid": "one"}, claims, RSAKey.generate_key(2048))


def by_key_in_header(claims: dict[str, Any]) -> str:
    own = RSAKey.generate_key(2048)
    return jwt.encode({"alg": "RS256", "jwk": own.as_dict(private=False)}, claims, own)


def by_unknown_key(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "RS256", "kid": "two"}, claims, RSAKey.generate_key(2048))


def changed_after_signing(claims: dict[str, Any]) -> str:
    head, _, signature = jwt.encode({"alg": "RS256", "kid": "one"}, claims, KEY).split(".")
    return f"{head}.{part({**claims, 'sub': 'admin'})}.{signature}"


@pytest.mark.parametrize(
    "write",
    [unsigned, by_client_secret, by_public_key, by_own_key, by_key_in_header, by_unknown_key,
     changed_after_signing, lambda claims: "", lambda claims: "a.b.c"],
    ids=lambda write: write.__name__,
)  # fmt: skip
def test_a_forged_signature_is_refused(corp: Provider, liar: Liar, write: Any) -> None:
    liar.write = write
    assert sign_in(liar).status_code == 401
    assert not Identity.objects.exists()


def test_userinfo_of_somebody_else_is_refused(corp: Provider, liar: Liar) -> None:
    liar.claims = {"groups": None}
    liar.userinfo = {"sub": "admin", "groups": ["admins"]}
    assert sign_in(liar).status_code == 401
    assert "speaks of somebody else" in reason()


def test_userinfo_of_the_same_person_gives_what_lacks(corp: Provider, liar: Liar) -> None:
    liar.claims = {"groups": None}
    liar.userinfo = {"sub": "s", "groups": ["netops"], "preferred_username": "root"}
    assert sign_in(liar).status_code == 302
    identity = Identity.objects.get()
    assert identity.groups == ["netops"]
    assert identity.name == "alice", "what the ID token says goes first"


def test_an_unverified_address_is_not_kept(corp: Provider, liar: Liar) -> None:
    liar.claims = {"email_verified": False}
    sign_in(liar)
    assert Identity.objects.get().user.email == ""


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"id_token_signing_alg_values_supported": ["none", "HS256"]},
        {"jwks_uri": None},
        {"token_endpoint": ["x"]},
        {"token_endpoint": "http://id.example.com/token"},
        {"userinfo_endpoint": "http://id.example.com/me"},
        {"id_token_signing_alg_values_supported": 5},
    ],
    ids=lambda metadata: next(iter(metadata)),
)
def test_metadata_that_cannot_be_trusted_is_refused(
    corp: Provider, liar: Liar, metadata: dict[str, Any]
) -> None:
    liar.metadata = metadata
    with pytest.raises(ProviderUnavailable):
        oidc.test(corp)


def test_an_answer_without_end_is_cut_off(corp: Provider, liar: Liar) -> None:
    liar.metadata = {"filler": "x" * (3 << 20)}
    with pytest.raises(ProviderUnavailable, match="larger than"):
        oidc.test(corp)


@pytest.mark.parametrize("groups", ["netops", ["netops", 7, None, {"a": 1}], {"netops": 1}, 5])
def test_groups_of_any_shape_do_no_harm(corp: Provider, liar: Liar, groups: Any) -> None:
    liar.claims = {"groups": groups, "preferred_username": "../../<b>&\n", "name": "n" * 9000}
    assert sign_in(liar).status_code == 302
    assert Identity.objects.get().user.username.isprintable()
