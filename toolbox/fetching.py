"""Fetching files from places that people name: catalogs, bundles.

Only ``https`` (and ``file`` where the caller allows it), to addresses that were checked; every
redirect is a new request with the same checks; limits on size and on time as a whole.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import NewConnectionError

from toolbox import outgoing
from toolbox.problems import Problem

_REDIRECTS = 4
_CHUNK = 1 << 16


class FetchError(Problem):
    """What was named cannot be fetched, or must not be."""

    http_status = 502
    title = "It could not be fetched"


class _Adapter(outgoing.CheckedAdapter):
    """Streams, unlike its base, which reads small answers whole."""

    def send(self, request: Any, **options: Any) -> requests.Response:  # type: ignore[override]
        options["timeout"], options["stream"] = outgoing.TIMEOUT, True
        options["proxies"] = {}
        return super(outgoing.CheckedAdapter, self).send(request, **options)


def fetch(
    url: str, target: Path, *, most_bytes: int, most_seconds: float, allow_private: bool = False,
    allow_file: bool = False,
) -> str:  # fmt: skip
    """Write what ``url`` answers to ``target`` and return the address that it came from.

    Raises ``FetchError`` that says what is wrong; ``target`` is then not there.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and allow_file:
        _copy(Path(parts.path), target, most_bytes)
        return url
    deadline = time.monotonic() + most_seconds
    try:
        return _follow(url, target, most_bytes, deadline, allow_private=allow_private)
    except FetchError:
        target.unlink(missing_ok=True)
        raise
    except (requests.RequestException, NewConnectionError, OSError, ValueError) as error:
        target.unlink(missing_ok=True)
        raise FetchError(f"{_place(url)} could not be fetched: {_reason(error)}.") from None


def _copy(source: Path, target: Path, most_bytes: int) -> None:
    try:
        if source.stat().st_size > most_bytes:
            raise FetchError(f"{source} is larger than {most_bytes:,} bytes.")
        target.write_bytes(source.read_bytes())
    except OSError as error:
        raise FetchError(f"{source} cannot be read: {error.strerror}.") from None


def _follow(
    url: str, target: Path, most_bytes: int, deadline: float, *, allow_private: bool
) -> str:
    with requests.Session() as session:
        session.trust_env = False
        adapter = _Adapter(refuse=partial(outgoing.refusal, private=allow_private))
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        for _ in range(_REDIRECTS + 1):
            scheme = urlsplit(url).scheme
            if scheme != "https" and not (scheme == "http" and allow_private):
                raise FetchError(f"{_place(url)} is not https.")
            # Without ``stream`` the session would read the whole answer before it is looked at.
            with session.get(url, allow_redirects=False, stream=True) as answer:
                if answer.is_redirect:
                    url = urljoin(url, answer.headers["location"])
                    continue
                if answer.status_code != requests.codes.ok:
                    raise FetchError(f"{_place(url)} answers {answer.status_code}.")
                _keep(answer, target, most_bytes, deadline)
                return url
    raise FetchError(f"{_place(url)} leads on and on: more than {_REDIRECTS} redirects.")


def _keep(answer: requests.Response, target: Path, most_bytes: int, deadline: float) -> None:
    size = 0
    with target.open("wb") as stream:
        for chunk in answer.iter_content(_CHUNK):
            size += len(chunk)
            if size > most_bytes:
                raise FetchError(f"It is larger than the limit of {most_bytes:,} bytes.")
            if time.monotonic() > deadline:
                raise FetchError("It takes too long to come.")
            stream.write(chunk)


def _place(url: str) -> str:
    """The address without user, password and query, which may be secret."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"[:300]


def _reason(error: Exception) -> str:
    cause: BaseException = error
    while cause.__context__ is not None and not isinstance(cause, NewConnectionError):
        cause = cause.__context__
    text = str(cause).rpartition(": ")[2] or type(error).__name__
    return text[:200]
