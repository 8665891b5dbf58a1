"""Signing in by an OpenID provider: authorization code with PKCE, state and nonce.

What is sent out is kept in the browser's session and good once. The answer counts only if it
comes to the address of the provider that was asked, with that state, from that issuer, with a
signature by its keys, for this client, and with that nonce.
"""

from __future__ import annotations

import secrets
import time
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.urls import reverse

from accounts.models import Provider
from accounts.providers import oidc_client
from accounts.providers.claims import Claims
from accounts.providers.config import OidcSettings
from accounts.providers.oidc_client import FAILURES, OidcClient
from accounts.providers.problems import ProviderRefused

FLOWS = "accounts.oidc"
ID_TOKEN = "accounts.oidc_id_token"  # noqa: S105
_MOST_FLOWS = 5
_SECONDS = 600
_MFA_METHODS = frozenset({"mfa", "otp", "hwk", "swk", "fpt", "face", "sc", "pop"})


def begin(provider: Provider, session: SessionBase, *, target: str, user: str = "") -> str:
    """Note a new flow in the session and return the address to send the browser to.

    ``user`` is the id of whoever is signed in and wants to link this identity.
    """
    client = oidc_client.client(provider)
    state, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    made = client.create_authorization_url(_callback(provider), state=state, nonce=nonce)
    flows = _living(session)
    while len(flows) >= _MOST_FLOWS:
        flows.pop(next(iter(flows)))
    flows[state] = {
        "provider": str(provider.pk), "nonce": nonce, "verifier": made["code_verifier"],
        "next": target, "user": user, "at": int(time.time()),
    }  # fmt: skip
    session[FLOWS] = flows
    return str(made["url"])


def take(provider: Provider, session: SessionBase, answer: Any) -> dict[str, Any]:
    """Take the flow that an answer belongs to out of the session: it is good once."""
    flows = _living(session)
    flow = flows.pop(str(answer.get("state", "")), None)
    session[FLOWS] = flows
    if flow is None:
        raise ProviderRefused("the state is unknown, was used before, or is of another browser")
    if flow["provider"] != str(provider.pk):
        raise ProviderRefused("the answer came to another provider's address")
    return dict(flow)


def finish(provider: Provider, flow: dict[str, Any], answer: Any) -> Claims:
    """Exchange the answer's code and check what comes; return who it is."""
    client = oidc_client.client(provider)
    _check_answer(client, answer)
    wanted = oidc_client.settings_of(provider)
    try:
        token = client.fetch_access_token(
            redirect_uri=_callback(provider),
            code=answer["code"],
            code_verifier=flow["verifier"],
        )
        if not isinstance(token.get("id_token"), str):
            raise ProviderRefused("the answer has no ID token")
        said = client.parse_id_token(
            token, nonce=flow["nonce"], claims_options=_expected(client, wanted), leeway=60
        )
        said = {**said, **_more(client, wanted, token, dict(said))}
    except FAILURES as error:
        raise oidc_client.refused(error) from None
    return _claims(wanted, said, token["id_token"])


def _check_answer(client: OidcClient, answer: Any) -> None:
    """Errors, a missing code, and an answer from another issuer than was asked (RFC 9207)."""
    metadata = client.server_metadata
    issuer = answer.get("iss")
    required = metadata.get("authorization_response_iss_parameter_supported") is True
    if (issuer or required) and issuer != metadata["issuer"]:
        raise ProviderRefused(f"the answer is of the issuer {str(issuer)[:200]!r}")
    if error := answer.get("error"):
        told = str(answer.get("error_description", ""))
        raise ProviderRefused(f"the provider answered {error!s:.60}: {told:.200}")
    if not answer.get("code"):
        raise ProviderRefused("the answer has no code")


def _expected(client: OidcClient, wanted: OidcSettings) -> dict[str, Any]:
    return {
        "iss": {"essential": True, "value": client.server_metadata["issuer"]},
        "aud": {"essential": True, "value": wanted.client_id},
        "nonce": {"essential": True},
        "exp": {"essential": True},
        "iat": {"essential": True},
        "sub": {"essential": True},
    }


def _more(
    client: OidcClient, wanted: OidcSettings, token: dict[str, Any], said: dict[str, Any]
) -> dict[str, Any]:
    """Claims that the ID token lacks, from the userinfo endpoint, if it is of the same person."""
    needed = {wanted.username_claim, wanted.groups_claim, wanted.email_claim, wanted.name_claim}
    if not client.server_metadata.get("userinfo_endpoint") or needed - {""} <= said.keys():
        return {}
    found = dict(client.userinfo(token=token))
    if found.get("sub") != said["sub"]:
        raise ProviderRefused("the userinfo endpoint speaks of somebody else")
    needed.add("email_verified")
    return {name: found[name] for name in needed & (found.keys() - said.keys())}


def _claims(wanted: OidcSettings, said: dict[str, Any], id_token: str) -> Claims:
    groups = said.get(wanted.groups_claim) or []
    if not isinstance(groups, list):
        groups = [groups]
    methods = ["oidc"]
    if wanted.trusts_mfa and _had_second_factor(said):
        methods.append("mfa")
    return Claims(
        issuer=str(said["iss"]),
        subject=str(said["sub"]),
        username=_text(said.get(wanted.username_claim)) or str(said["sub"]),
        email=_text(said.get(wanted.email_claim)) if said.get("email_verified", True) else "",
        display_name=_text(said.get(wanted.name_claim)),
        groups=tuple(sorted({_text(group) for group in groups if isinstance(group, str)})),
        methods=tuple(methods),
        id_token=id_token,
    )


def _had_second_factor(said: dict[str, Any]) -> bool:
    how = said.get("amr")
    return isinstance(how, list) and not _MFA_METHODS.isdisjoint(str(item) for item in how)


def sign_out_address(provider: Provider, id_token: str) -> str:
    """Where to send the browser so that the provider signs it out too; empty when nowhere."""
    wanted = oidc_client.settings_of(provider)
    client = oidc_client.client(provider)
    if not wanted.logout or not client.server_metadata.get("end_session_endpoint"):
        return ""
    made = client.create_logout_url(
        post_logout_redirect_uri=settings.FRONTEND_BASE_URL + reverse("login"),
        id_token_hint=id_token,
        client_id=wanted.client_id,
    )
    return str(made["url"])


def test(provider: Provider) -> list[str]:
    """Read the provider's metadata and keys; return what was found, a line each."""
    client = oidc_client.client(provider, fresh=True)
    found = client.server_metadata
    lines = [
        f"Issuer {found['issuer']} answers.",
        f"It has {len(found['jwks'].get('keys', []))} keys; signatures taken: "
        + ", ".join(found["id_token_signing_alg_values_supported"]) + ".",
        f"Register this redirect address there: {_callback(provider)}",
    ]  # fmt: skip
    if lacking := oidc_client.settings_of(provider).needs().keys() - _secrets(provider):
        lines.append(f"There is no {', '.join(lacking)} yet: nobody can sign in without it.")
    if "S256" not in found.get("code_challenge_methods_supported", ["S256"]):
        lines.append("It does not say that it supports PKCE with S256.")
    if not found.get("end_session_endpoint"):
        lines.append("It has no address to sign out at.")
    return lines


def _secrets(provider: Provider) -> set[str]:
    return {*provider.secrets, *(provider.unsaved_secrets or {})}


def metadata(provider: Provider) -> dict[str, Any]:
    """What the provider says of itself, read anew."""
    found = dict(oidc_client.client(provider, fresh=True).server_metadata)
    found.pop("_loaded_at", None)
    return found


def _callback(provider: Provider) -> str:
    """Made from our own setting, never from what a request says its host is."""
    return settings.FRONTEND_BASE_URL + reverse("oidc-callback", args=[provider.slug])


def _living(session: SessionBase) -> dict[str, dict[str, Any]]:
    oldest = time.time() - _SECONDS
    flows: dict[str, dict[str, Any]] = session.get(FLOWS, {})
    return {state: flow for state, flow in flows.items() if flow["at"] >= oldest}


def _text(value: Any) -> str:
    return value.strip()[:300] if isinstance(value, str) else ""
