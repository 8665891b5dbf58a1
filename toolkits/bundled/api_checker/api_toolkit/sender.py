"""Sends a prepared request, follows its redirects, and makes the body readable."""

from __future__ import annotations

import json
import time
import zlib
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from toolkit_sdk.net import ExchangeError, NetError, Request, Response, exchange

from api_toolkit.prepare import Prepared

_REDIRECTS = {301, 302, 303, 307, 308}
_PRIVATE = {"authorization", "cookie", "proxy-authorization", "x-api-key"}


@dataclass(frozen=True)
class Hop:
    """One redirect."""

    status: int
    url: str
    took: float


@dataclass(frozen=True)
class Answer:
    """The last response, the redirects before it, and its body with any compression undone."""

    response: Response
    hops: tuple[Hop, ...]
    body: bytes
    truncated: bool
    total_ms: float

    @property
    def content_type(self) -> str:
        """The media type alone, in lower case."""
        return (self.response.header("content-type") or "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body as text."""
        kind = (self.response.header("content-type") or "").lower()
        charset = kind.partition("charset=")[2].partition(";")[0].strip(" \"'") or "utf-8"
        try:
            return self.body.decode(charset, errors="replace")
        except LookupError:
            return self.body.decode("utf-8", errors="replace")

    @property
    def is_text(self) -> bool:
        """Whether the body can be shown as text."""
        return b"\0" not in self.body[:4096]

    def json(self) -> Any:
        """The body as JSON. Raises ``ValueError``."""
        if self.truncated:
            raise ValueError("the body was cut at the limit, so it is not whole")
        return json.loads(self.body)


def send(prepared: Prepared, max_redirects: int, private: set[str] | None = None) -> Answer:
    """Send, and follow redirects within the time limit. Raises ``NetError``.

    Credentials do not follow a redirect to another origin.
    """
    started = time.monotonic()
    request, hops = prepared.request, []
    hidden = _PRIVATE | (private or set())
    while True:
        left = prepared.options.timeout - (time.monotonic() - started)
        if left <= 0:
            raise NetError("timeout", f"not finished in {prepared.options.timeout:g} s")
        try:
            response = exchange(request, replace(prepared.options, timeout=left))
        except ExchangeError as error:
            if error.kind == "timeout":
                where = str(error).partition(", ")[2]
                text = f"not finished in {prepared.options.timeout:g} s, {where}"
                raise ExchangeError(
                    NetError("timeout", text), error.phases, error.address
                ) from None
            raise
        target = response.header("location")
        if not prepared.follow or response.status not in _REDIRECTS or not target:
            break
        if len(hops) >= max_redirects:
            raise NetError("protocol", f"more than {max_redirects} redirects; the last to {target}")
        hops.append(Hop(response.status, request.url, response.phases.total))
        request = _redirected(request, response.status, target, hidden)
    body, cut = _decoded(response, prepared.options.body_limit)
    total = round((time.monotonic() - started) * 1000, 2)
    return Answer(response, tuple(hops), body, response.truncated or cut, total)


def _redirected(request: Request, status: int, target: str, hidden: set[str]) -> Request:
    url = urljoin(request.url, target.strip())
    if urlsplit(url).scheme not in ("http", "https"):
        raise NetError("protocol", f"redirected to {url[:200]!r}, which is not HTTP")
    headers = request.headers
    if _origin(url) != _origin(request.url):
        headers = tuple(pair for pair in headers if pair[0].lower() not in hidden)
    if status == 303 or (status in (301, 302) and request.method == "POST"):
        headers = tuple(pair for pair in headers if pair[0].lower() != "content-type")
        method = "HEAD" if request.method == "HEAD" else "GET"
        return Request(method, url, headers, None)
    return Request(request.method, url, headers, request.body)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _decoded(response: Response, limit: int) -> tuple[bytes, bool]:
    """Undo gzip and deflate, no further than the limit: a small body can unpack to gigabytes."""
    encoding = (response.header("content-encoding") or "").strip().lower()
    if encoding not in ("gzip", "x-gzip", "deflate") or not response.body:
        return response.body, False
    bits = 31 if "gzip" in encoding else 15
    for window in (bits, -15):
        unpack = zlib.decompressobj(window)
        try:
            body = unpack.decompress(response.body, limit)
        except zlib.error:
            continue
        return body, bool(unpack.unconsumed_tail)
    return response.body, False
