"""A certified OpenID provider, run by node, for the tests of this folder."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests
from django.conf import settings
from django.test import Client
from joserfc.jwk import RSAKey

from accounts.models import Provider
from tests.support.npm_packages import installed
from tests.support.processes import free_port
from tests.support.waiting import until
from toolbox import secrets

HERE = Path(__file__).parent
CLIENT_ID, CLIENT_SECRET = "toolbox", "the client's secret, from Vault"
PEOPLE = {
    "sub-alice": {
        "preferred_username": "alice", "name": "Alice", "email": "alice@example.com",
        "email_verified": True, "groups": ["netops", "sre"],
    },
    "sub-mallory": {
        # Mallory can name herself as she likes: only the subject is not hers to choose.
        "preferred_username": "alice", "name": "Alice", "email": "alice@example.com",
        "email_verified": True, "groups": [],
    },
}  # fmt: skip


@dataclass
class Idp:
    """A running provider."""

    issuer: str

    def walk(self, url: str, hint: str, session: requests.Session | None = None) -> str:
        """Follow the browser's way through the provider until it leads back to us."""
        session = session or requests.Session()
        url += f"&login_hint={hint}"
        for _ in range(10):
            response = session.get(url, allow_redirects=False, timeout=10)
            assert response.is_redirect, response.text[:2000]
            url = urljoin(url, response.headers["Location"])
            if not url.startswith(self.issuer):
                return url
        raise AssertionError("it leads nowhere")


def callback(slug: str) -> str:
    return f"{settings.FRONTEND_BASE_URL}/account/oidc/{slug}/callback/"


def local(url: str) -> str:
    """The part of an address of ours that the test client asks for."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


@pytest.fixture(scope="session")
def idp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Idp]:
    folder = installed(HERE)
    port = free_port()
    issuer = f"http://localhost:{port}"
    config = tmp_path_factory.mktemp("idp") / "config.json"
    key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256", "kid": "one"})
    client = {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "redirect_uris": [callback("corp"), callback("other")],
        "post_logout_redirect_uris": [f"{settings.FRONTEND_BASE_URL}/account/login/"],
    }
    jwks = {"keys": [key.as_dict(private=True)]}
    config.write_text(json.dumps({"clients": [client], "people": PEOPLE, "jwks": jwks}))
    shutil.copy(HERE / "server.mjs", folder / "server.mjs")
    log = config.with_name("log")
    with log.open("wb") as out:
        command = ["node", "server.mjs", str(port), issuer, str(config)]
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=out)
    until(lambda: b"ready" in log.read_bytes(), 30, f"the provider answers; see {log}")
    yield Idp(issuer)
    process.kill()
    process.wait()


@pytest.fixture
def make_provider(db: None, openbao: Any) -> Callable[..., Provider]:
    """Make a row of an OpenID provider; the client secret is in the real OpenBao."""
    secrets.client().write("auth/providers/oidc", {"client_secret": CLIENT_SECRET})

    def make(issuer: str, slug: str = "corp", **fields: Any) -> Provider:
        own = {"issuer": issuer, "client_id": CLIENT_ID, **fields.pop("settings", {})}
        reference = {"path": "auth/providers/oidc", "key": "client_secret"}
        return Provider.objects.create(
            slug=slug, name=slug.capitalize(), kind="oidc", settings=own,
            secrets={"client_secret": reference}, **fields,
        )  # fmt: skip

    return make


@pytest.fixture
def corp(idp: Idp, make_provider: Callable[..., Provider]) -> Provider:
    return make_provider(idp.issuer)


@pytest.fixture
def go(idp: Idp) -> Callable[..., Any]:
    """Sign a browser in by the provider: ``go(client, "sub-alice")`` → our last response."""

    def run(client: Client, hint: str = "sub-alice", slug: str = "corp", **data: str) -> Any:
        started = client.get(f"/account/oidc/{slug}/", data)
        assert started.status_code == 302, started.content[:2000]
        return client.get(local(idp.walk(started.url, hint)))

    return run
