"""The OpenID Connect client, by Authlib, with checked requests and kept metadata."""

from __future__ import annotations

import threading
import time
from typing import Any

import requests
from authlib.integrations.base_client import BaseApp, OAuth2Mixin, OAuthError, OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session
from joserfc.errors import JoseError

from accounts.models import Provider
from accounts.providers import vaulted
from accounts.providers.config import OidcSettings, is_safe, parse
from accounts.providers.problems import ProviderRefused, ProviderUnavailable
from toolbox import outgoing

_KEPT_SECONDS = 300.0
_DISCOVERY = "/.well-known/openid-configuration"
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_lock = threading.Lock()
_kept: dict[str, tuple[float, dict[str, Any]]] = {}

#: What Authlib, the JOSE library and the connection raise when an answer is not right.
FAILURES = (OAuthError, JoseError, requests.RequestException, ValueError, KeyError, TypeError,
            RuntimeError)  # fmt: skip


class _Session(OAuth2Session):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        authorities = kwargs.pop("authorities", "")
        super().__init__(*args, **kwargs)
        outgoing.guard(self, authorities)


class OidcClient(OAuth2Mixin, OpenIDMixin, BaseApp):  # type: ignore[misc]
    """Authlib's client, without its own keeping of state: ours is in the session, good once."""

    client_cls = _Session


def settings_of(provider: Provider) -> OidcSettings:
    """The provider's settings, checked."""
    found: OidcSettings = parse(OidcSettings, provider.settings)
    return found


def client(provider: Provider, *, fresh: bool = False) -> OidcClient:
    """A client with the provider's metadata, which every process keeps for a few minutes, but
    never beyond a change of the settings."""
    settings = settings_of(provider)
    made = OidcClient(
        framework=None,
        name=provider.slug,
        client_id=settings.client_id,
        client_secret=vaulted.read(provider, "client_secret") or None,
        client_kwargs={
            "scope": " ".join(settings.scopes),
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": settings.token_auth,
            "authorities": settings.ca_cert,
        },
        **_metadata(settings, fresh=fresh),
    )
    made.server_metadata["_loaded_at"] = time.time()
    return made


def _metadata(settings: OidcSettings, *, fresh: bool) -> dict[str, Any]:
    key = settings.model_dump_json()
    with _lock:
        until, found = _kept.get(key, (0.0, {}))
    if not found or fresh or time.monotonic() > until:
        found = _discover(settings)
        with _lock:
            if len(_kept) > 100:
                _kept.clear()
            _kept[key] = (time.monotonic() + _KEPT_SECONDS, found)
    return dict(found)


def _discover(settings: OidcSettings) -> dict[str, Any]:
    """Ask the issuer what it is. It must call itself exactly what it is set up as."""
    url = settings.issuer.rstrip("/") + _DISCOVERY
    with _Session(authorities=settings.ca_cert) as session:
        found = _fetch(session, url)
        if found.get("issuer") != settings.issuer:
            raise ProviderUnavailable(
                f"{url} says that its issuer is {found.get('issuer')!r}, not {settings.issuer!r}."
            )
        _check_endpoints(url, found)
        found["jwks"] = _fetch(session, found["jwks_uri"])
    if not isinstance(found["jwks"].get("keys"), list):
        raise ProviderUnavailable(f"{found['jwks_uri']} holds no list of keys.")
    offered = found.get("id_token_signing_alg_values_supported") or ["RS256"]
    if not isinstance(offered, list) or not all(isinstance(name, str) for name in offered):
        raise ProviderUnavailable(f"{url} does not say what it signs with.")
    taken = [name for name in settings.algorithms if name in offered]
    if not taken:
        raise ProviderUnavailable(f"It signs with {', '.join(offered)}: none of these is taken.")
    found["id_token_signing_alg_values_supported"] = taken
    return found


def _check_endpoints(url: str, found: dict[str, Any]) -> None:
    """The client secret, tokens and people are sent there, so each is https too."""
    for name in (*_NEEDED, "userinfo_endpoint", "end_session_endpoint"):
        if not isinstance(found.get(name), str) and (name in _NEEDED or found.get(name)):
            raise ProviderUnavailable(f"{url} names no {name}.")
        if found.get(name) and not is_safe(found[name]):
            raise ProviderUnavailable(f"{url} names a {name} that is not https: {found[name]}.")


def _fetch(session: _Session, url: str) -> dict[str, Any]:
    try:
        response = session.request("GET", url, withhold_token=True)
        response.raise_for_status()
        found = response.json()
    except (requests.RequestException, ValueError) as error:
        raise ProviderUnavailable(f"{url}: {outgoing.words(error)}.") from None
    if not isinstance(found, dict):
        raise ProviderUnavailable(f"{url} did not answer with an object.")
    return found


def refused(error: BaseException) -> ProviderRefused:
    """The refusal that a failure of these libraries means, in words for the audit trail."""
    return ProviderRefused(f"{type(error).__name__}: {outgoing.words(error)}")
