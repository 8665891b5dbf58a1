"""Requests to the API: signed in, refreshed in time, refused in words."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from toolbox_cli import __version__, store
from toolbox_cli.errors import ApiError, ClientError, NotSignedIn, Unreachable

BASE = "/api/v1/"
_CONNECT, _READ = 10.0, 60.0
#: An access token is renewed this long before its end, so that it does not end on its way.
_EARLY = 30.0
_COOKIE = "refresh_token"
_LOCAL = {"127.0.0.1", "localhost", "::1"}


class _Bearer(requests.auth.AuthBase):
    """Sets the header itself: otherwise a line in ``~/.netrc`` would replace it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


@dataclass
class Client:
    """Talks to one server as one profile. ``token`` is used in place of the profile's session."""

    profile: store.Profile
    name: str = "default"
    token: str = ""

    def __post_init__(self) -> None:
        if not self.profile.url:
            raise NotSignedIn("No server is known. Run: toolbox login URL (or set TOOLBOX_URL).")
        check_address(self.profile.url)
        self.session = requests.Session()
        system = platform.system() or "unknown"
        self.session.headers["User-Agent"] = f"toolbox-cli/{__version__} ({system})"

    def get(self, path: str, **query: Any) -> Any:
        """GET and return the JSON."""
        return self.request("GET", path, params=given(query)).json()

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        """POST JSON and return what came."""
        return _body(self.request("POST", path, json={} if body is None else body, **options))

    def patch(self, path: str, body: Any) -> Any:
        """PATCH JSON and return what came."""
        return _body(self.request("PATCH", path, json=body))

    def delete(self, path: str, **query: Any) -> None:
        """DELETE."""
        self.request("DELETE", path, params=given(query))

    def pages(self, path: str, most: int, **query: Any) -> list[dict[str, Any]]:
        """Up to ``most`` entries of a list, over as many pages as it takes."""
        found: list[dict[str, Any]] = []
        page = self.get(path, **query, limit=min(most, 200))
        while True:
            found += page["results"]
            if len(found) >= most or not page.get("next"):
                return found[:most]
            page = self.request("GET", page["next"]).json()

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send a request as whoever is signed in. Raises ``ApiError`` for what is refused."""
        token = self._access()
        response = self.send(method, path, token, **options)
        if response.status_code == 401 and self._can_renew():
            response.close()
            response = self.send(method, path, self._renew(token), **options)
        return checked(response)

    def send(self, method: str, path: str, token: str = "", **options: Any) -> requests.Response:
        """Send a request with a token or none; any answer is returned."""
        address = urljoin(self.profile.url.rstrip("/") + BASE, path)
        if urlsplit(address).netloc != urlsplit(self.profile.url).netloc:
            raise ClientError(f"The server points to another one, {address}; nothing was sent.")
        options.setdefault("timeout", (_CONNECT, _READ))
        # Given here, because REQUESTS_CA_BUNDLE would win over the session's.
        options["verify"] = self.profile.ca_file or True
        try:
            response = self.session.request(
                method, address, auth=_Bearer(token), allow_redirects=False, **options
            )
        except requests.exceptions.SSLError as error:
            raise Unreachable(f"{self.profile.url}: its certificate is refused: {error}") from None
        except requests.RequestException as error:
            raise Unreachable(f"{self.profile.url} cannot be reached: {_why(error)}") from None
        if response.is_redirect:
            target = response.headers.get("Location", "")
            raise ClientError(f"The server sends elsewhere, to {target}. Sign in at that address.")
        return response

    def take(self, answer: requests.Response) -> dict[str, Any]:
        """Keep the session that an answer to signing in gives."""
        body: dict[str, Any] = checked(answer).json()
        self.profile.access = body["access"]
        self.profile.access_until = time.time() + body["expires_in"]
        self.profile.refresh = answer.cookies.get(_COOKIE) or ""
        self.profile.username = body["user"]["username"]
        # The cookie is kept in the profile; the session's own jar must not send it besides.
        self.session.cookies.clear()
        return body

    def spend(self, path: str) -> requests.Response:
        """POST with the refresh token, as a browser would send it."""
        return self.send("POST", path, headers={"Cookie": f"{_COOKIE}={self.profile.refresh}"})

    def _access(self) -> str:
        if self.token or self.profile.token:
            return self.token or self.profile.token
        if not self.profile.access and not self.profile.refresh:
            raise NotSignedIn("You are not signed in. Run: toolbox login")
        if self.profile.access_until - time.time() < _EARLY and self._can_renew():
            return self._renew(self.profile.access)
        return self.profile.access

    def _can_renew(self) -> bool:
        return bool(self.profile.refresh) and not (self.token or self.profile.token)

    def _renew(self, old: str) -> str:
        with store.locked():
            fresh = store.load(self.name)
            if fresh.access and fresh.access != old and fresh.url == self.profile.url:
                self.profile = fresh  # another call was faster
                return fresh.access
            answer = self.spend("auth/refresh/")
            if answer.status_code == 401:
                store.forget(self.name)
                raise NotSignedIn("Your session has ended. Run: toolbox login")
            self.take(answer)
            store.save(self.name, self.profile)
        return self.profile.access


def check_address(url: str) -> None:
    """Refuse what is no address, and one that would carry passwords in the open."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ClientError(f"{url!r} is not the address of a server: https://toolbox.example.com")
    if parts.scheme == "http" and parts.hostname not in _LOCAL:
        raise ClientError(
            f"{url} is not encrypted: whoever is on the way would read your session. Use https."
        )


def given(query: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that have a value, as the API writes them."""
    shown = {True: "true", False: "false"}
    return {
        name: shown[value] if isinstance(value, bool) else value
        for name, value in query.items()
        if value is not None and value not in ("", ())
    }


def checked(response: requests.Response) -> requests.Response:
    """Return the answer, or raise what it says went wrong."""
    if response.status_code < 400:
        return response
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    if not isinstance(problem, dict):
        problem = {}
    raise ApiError(response.status_code, problem, _seconds(response.headers.get("Retry-After")))


def _seconds(text: str | None) -> float:
    return float(text) if text and text.isdigit() else 0.0


def _body(response: requests.Response) -> Any:
    return json.loads(response.content) if response.content else None


def _why(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "it does not answer in time"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return str(error)
