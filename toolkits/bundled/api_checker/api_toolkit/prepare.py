"""From a saved request and its variables to what goes over the wire."""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from toolkit_sdk import File, ToolkitError
from toolkit_sdk.net import Options, Request

from api_toolkit.app import Config, SavedRequest
from api_toolkit.parts import Pair
from api_toolkit.variables import filled

_TOKEN = re.compile(r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")


@dataclass(frozen=True)
class Prepared:
    """A request that is ready, how it is sent, and whether redirects are followed."""

    request: Request
    options: Options
    follow: bool


def prepare(
    saved: SavedRequest, values: Mapping[str, str], config: Config, upload: File | None = None
) -> Prepared:
    """Fill the variables in and build the request. Raises ``ToolkitError``."""
    url = _url(saved, values)
    headers = [
        (_header_name(pair.name), _header_value(filled(pair.value, values, "headers", pair.name)))
        for pair in saved.headers
    ]
    given = {name.lower() for name, _ in headers}
    auth = _auth(saved, values)
    if auth and auth[0].startswith("?"):
        url = _with_query(url, [(auth[0][1:], auth[1])])
    elif auth and auth[0].lower() not in given:
        headers.append(auth)
    kind, body = _body(saved, values, upload)
    if kind and "content-type" not in given:
        headers.append(("Content-Type", kind))
    return Prepared(
        Request(saved.method, url, tuple(headers), body),
        Options(
            reach=config.reach,
            timeout=saved.timeout_seconds or config.timeout_seconds,
            verify=saved.verify_tls,
            proxy=_proxy(saved.proxy, config),
            body_limit=config.body_limit_kib << 10,
        ),
        saved.follow_redirects,
    )


def _url(saved: SavedRequest, values: Mapping[str, str]) -> str:
    url = filled(saved.url.strip(), values, "url")
    if "://" not in url:
        raise ToolkitError(f"{url!r} does not start with http:// or https://.", field="url")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ToolkitError(
            f"{url!r} is not a URL; its port is a number from 1 to 65535.", field="url"
        ) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ToolkitError(f"{url!r} is not a URL of http or https with a host.", field="url")
    if parts.username is not None:
        raise ToolkitError(
            "put the user and password into the authentication, not the URL.", field="url"
        )
    # What people paste may hold spaces and umlauts; what is encoded already stays as it is.
    path = quote(parts.path, safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/?%:@!$&'()*+,;=~-._[]")
    url = urlunsplit((parts.scheme, parts.netloc, path, query, ""))
    pairs = [(pair.name, filled(pair.value, values, "query", pair.name)) for pair in saved.query]
    return _with_query(url, pairs)


def _with_query(url: str, pairs: list[tuple[str, str]]) -> str:
    if not pairs:
        return url
    parts = urlsplit(url)
    query = "&".join(filter(None, [parts.query, urlencode(pairs)]))
    return urlunsplit(parts._replace(query=query))


def _header_name(name: str) -> str:
    if not _TOKEN.match(name.strip()):
        raise ToolkitError(f"{name!r} is not the name of a header.", field="headers")
    return name.strip()


def _header_value(value: str, field: str = "headers") -> str:
    if any(ord(letter) < 32 and letter != "\t" for letter in value):
        raise ToolkitError("a header holds no line breaks and control characters.", field=field)
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        raise ToolkitError(
            "a header holds no characters beyond Latin-1.", field=field
        ) from None
    return value.strip()


def _auth(saved: SavedRequest, values: Mapping[str, str]) -> tuple[str, str] | None:
    if saved.auth == "none":
        return None
    secret = filled(saved.secret.reveal(), values, "secret") if saved.secret else ""
    if not secret:
        # An environment holds the usual ones, so that a request can do without.
        usual = {"bearer": "token", "basic": "password", "api key": "api_key"}[saved.auth]
        secret = values.get(usual, "")
        if not secret and saved.auth != "basic":
            raise ToolkitError(
                f"{saved.auth} needs one, here or as {usual} in the environment.",
                field="secret",
            )
    if saved.auth == "bearer":
        return "Authorization", f"Bearer {_header_value(secret, 'secret')}"
    if saved.auth == "basic":
        user = filled(saved.username, values, "username") or values.get("username", "")
        pair = base64.b64encode(f"{user}:{secret}".encode()).decode()
        return "Authorization", f"Basic {pair}"
    return saved.key_name.strip(), _header_value(secret, "secret")


def _proxy(wanted: str, config: Config) -> str | None:
    if not wanted:
        return None
    if wanted not in config.proxies:
        known = ", ".join(config.proxies) or "none"
        raise ToolkitError(f"{wanted!r} is not in the settings (known: {known}).", field="proxy")
    return wanted


def _body(
    saved: SavedRequest, values: Mapping[str, str], upload: File | None
) -> tuple[str, bytes | None]:
    """The content type and the bytes of the body."""
    if saved.body_kind == "none":
        return "", None
    if saved.body_kind == "json":
        return "application/json", _json(filled(saved.body, values, "body"))
    if saved.body_kind == "text":
        kind = saved.content_type or "text/plain; charset=utf-8"
        return kind, filled(saved.body, values, "body").encode()
    pairs = [(pair.name, filled(pair.value, values, "form", pair.name)) for pair in saved.form]
    if saved.body_kind == "form":
        return "application/x-www-form-urlencoded", urlencode(pairs).encode()
    if upload is None:
        raise ToolkitError("a body of this kind needs a file.", field="upload")
    if saved.body_kind == "file":
        return saved.content_type or "application/octet-stream", upload.content
    return _multipart(pairs, upload, saved.content_type or "application/octet-stream")


def _json(text: str) -> bytes:
    try:
        json.loads(text)
    except ValueError as error:
        raise ToolkitError(f"it is not JSON: {error}.", field="body") from None
    return text.encode()


def _multipart(pairs: list[tuple[str, str]], upload: File, kind: str) -> tuple[str, bytes]:
    boundary = secrets.token_hex(16)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n{value}\r\n'
        for name, value in pairs
    ]
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; '
        f'filename="{_quoted(upload.name or "file")}"\r\nContent-Type: {kind}\r\n\r\n'
    )
    tail = f"\r\n--{boundary}--\r\n"
    body = "".join(parts).encode() + head.encode() + upload.content + tail.encode()
    return f"multipart/form-data; boundary={boundary}", body


def _quoted(name: str) -> str:
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def pairs_of(items: list[tuple[str, str]]) -> list[Pair]:
    """Names and values as the pairs of a record."""
    return [Pair(name=name, value=value) for name, value in items if name]
