"""OpenBao's own OpenID provider: the platform's Vault can be its directory too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
from django.test import Client

from accounts.models import Identity, Provider, User
from accounts.roles import TOOLKIT_CURATOR
from tests.accounts.oidc.conftest import callback, query

POLICY = 'path "identity/oidc/provider/+/authorize" { capabilities = ["read", "update"] }'
TEMPLATE = (
    '{"preferred_username": {{identity.entity.name}},'
    ' "groups": {{identity.entity.groups.names}}}'
)
PASSWORD = "alice's password in OpenBao"


@pytest.fixture
def bao(openbao: Any) -> Any:
    """OpenBao with a user, a group, a client and a provider; returns a client that may do all."""
    client = openbao.client()

    def write(path: str, **data: Any) -> dict[str, Any]:
        answer = client.adapter.post(f"/v1/{path}", json=data)
        found = answer if isinstance(answer, dict) else (answer.json() if answer.content else {})
        return dict(found.get("data") or {})

    if "userpass/" not in client.sys.list_auth_methods()["data"]:
        client.sys.enable_auth_method("userpass")
    accessor = client.sys.list_auth_methods()["data"]["userpass/"]["accessor"]
    client.sys.create_or_update_policy("oidc", POLICY)
    write("auth/userpass/users/alice", password=PASSWORD, token_policies=["oidc"])
    client.adapter.post(
        "/v1/identity/entity/name/alice", json={"metadata": {"email": "alice@example.com"}}
    )
    entity_id = client.adapter.get("/v1/identity/entity/name/alice")["data"]["id"]
    write("identity/entity-alias", name="alice", canonical_id=entity_id, mount_accessor=accessor)
    write("identity/group/name/netops", member_entity_ids=[entity_id])
    write("identity/oidc/assignment/all", entity_ids=[entity_id], group_ids=[])
    write("identity/oidc/key/toolbox", allowed_client_ids="*", algorithm="RS256")
    write(
        "identity/oidc/scope/profile",
        template=TEMPLATE,
    )
    write(
        "identity/oidc/client/toolbox", redirect_uris=[callback("corp")], assignments=["all"],
        key="toolbox", id_token_ttl="10m", access_token_ttl="10m",
    )  # fmt: skip
    made = client.adapter.get("/v1/identity/oidc/client/toolbox")["data"]
    write(
        "identity/oidc/provider/toolbox", allowed_client_ids=[made["client_id"]],
        scopes_supported=["profile"], issuer=openbao.addr,
    )  # fmt: skip
    return {"addr": openbao.addr, "entity": entity_id, **made}


@pytest.fixture
def corp(bao: dict[str, Any], make_provider: Callable[..., Provider]) -> Provider:
    from toolbox import secrets

    provider = make_provider(
        f"{bao['addr']}/v1/identity/oidc/provider/toolbox",
        settings={"client_id": bao["client_id"], "scopes": ["openid", "profile"]},
    )
    secrets.client().write("auth/providers/oidc", {"client_secret": bao["client_secret"]})
    return provider


def authorize(bao: dict[str, Any], url: str) -> dict[str, str]:
    """What OpenBao's own page does in a browser: sign in, ask for a code, lead back."""
    signed_in = requests.post(
        f"{bao['addr']}/v1/auth/userpass/login/alice", json={"password": PASSWORD}, timeout=10
    ).json()
    response = requests.get(
        f"{bao['addr']}/v1/identity/oidc/provider/toolbox/authorize",
        params=query(url),
        headers={"X-Vault-Token": signed_in["auth"]["client_token"]},
        timeout=10,
    )
    assert response.status_code == 200, response.text
    return dict(response.json())


def test_signing_in_by_openbao(corp: Provider, bao: dict[str, Any]) -> None:
    corp.mappings = [{"group": "netops", "role": TOOLKIT_CURATOR}]
    corp.save()
    client = Client()
    answer = authorize(bao, client.get("/account/oidc/corp/", {"next": "/account/"}).url)
    response = client.get("/account/oidc/corp/callback/", answer)
    assert response.status_code == 302, response.content[:3000]
    assert response.url == "/account/"
    identity = Identity.objects.get()
    assert identity.subject == bao["entity"]
    assert identity.groups == ["netops"]
    assert User.objects.get(username="alice").roles == {TOOLKIT_CURATOR}


def test_a_code_is_good_once(corp: Provider, bao: dict[str, Any]) -> None:
    client, thief = Client(), Client()
    answer = authorize(bao, client.get("/account/oidc/corp/").url)
    assert client.get("/account/oidc/corp/callback/", answer).status_code == 302
    stolen = {**answer, "state": query(thief.get("/account/oidc/corp/").url)["state"]}
    assert thief.get("/account/oidc/corp/callback/", stolen).status_code == 401
