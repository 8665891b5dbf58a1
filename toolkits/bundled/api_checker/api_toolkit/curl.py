"""curl command lines: read into requests, and written from them."""

from __future__ import annotations

import base64
import json
import re
import shlex
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlsplit, urlunsplit

from toolkit_sdk import Secret, ToolkitError

from api_toolkit.app import SavedRequest
from api_toolkit.parts import Pair
from api_toolkit.prepare import pairs_of

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_WITH_VALUE = {
    "-X": "method", "--request": "method", "-H": "header", "--header": "header",
    "-d": "data", "--data": "data", "--data-ascii": "data", "--data-raw": "raw",
    "--data-binary": "binary", "--data-urlencode": "urlencode", "--json": "json",
    "-u": "user", "--user": "user", "-F": "part", "--form": "part", "--form-string": "part",
    "-A": "agent", "--user-agent": "agent", "-e": "referer", "--referer": "referer",
    "-b": "cookie", "--cookie": "cookie", "-x": "proxy", "--proxy": "proxy",
    "-m": "timeout", "--max-time": "timeout", "--url": "url", "--oauth2-bearer": "bearer",
    "-T": "unsupported", "--upload-file": "unsupported",
    "-o": "", "--output": "", "--connect-timeout": "", "--retry": "", "-w": "",
    "--write-out": "", "-c": "", "--cookie-jar": "", "--max-redirs": "", "-D": "",
    "--dump-header": "",
    "--cacert": "unsupported", "--cert": "unsupported", "--key": "unsupported",
    "--resolve": "unsupported", "--connect-to": "unsupported", "--unix-socket": "unsupported",
}  # fmt: skip
_FLAGS = {
    "-k": "insecure", "--insecure": "insecure", "-L": "follow", "--location": "follow",
    "-G": "get", "--get": "get", "-I": "head", "--head": "head",
    "-s": "", "--silent": "", "-S": "", "--show-error": "", "-v": "", "--verbose": "", "-i": "",
    "--include": "", "-f": "", "--fail": "", "--compressed": "", "-g": "", "--globoff": "",
    "-N": "",
    "--no-buffer": "", "-O": "", "--http1.1": "", "--http2": "", "-4": "", "-6": "", "-#": "",
    "--fail-with-body": "", "--no-progress-meter": "", "-J": "", "-n": "",
}  # fmt: skip
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "'": "'", '"': '"', "\\": "\\"}


@dataclass
class _Read:
    method: str = ""
    url: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    parts: list[tuple[str, str]] = field(default_factory=list)
    json: bool = False
    user: str | None = None
    bearer: str | None = None
    flags: set[str] = field(default_factory=set)
    proxy: str = ""
    timeout: float | None = None
    dropped: list[str] = field(default_factory=list)


def read(command: str, name: str = "") -> tuple[SavedRequest, list[str]]:
    """Read a command line; returns the request and what of it was left out.

    Raises ``ToolkitError`` for what is not a curl command.
    """
    words = _words(command)
    if not words or words[0].rpartition("/")[2] not in ("curl", "curl.exe"):
        raise ToolkitError("it does not begin with curl.", field="command")
    found = _Read()
    _options(iter(words[1:]), found)
    if not found.url:
        raise ToolkitError("it names no URL.", field="command")
    return _request(found, name), found.dropped


def _words(command: str) -> list[str]:
    text = re.sub(r"[\\^`]\r?\n", " ", command.strip())
    # Bash's $'…', which browsers copy bodies with.
    text = re.sub(r"\$'((?:[^'\\]|\\.)*)'", lambda match: shlex.quote(_unescaped(match[1])), text)
    try:
        return shlex.split(text)
    except ValueError as error:
        raise ToolkitError(f"its quotes do not match ({error}).", field="command") from None


def _unescaped(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        if match[1]:
            return chr(int(match[1], 16))
        return _ESCAPES.get(match[2], match[2])

    return re.sub(r"\\(?:u([0-9a-fA-F]{4})|(.))", one, text)


def _options(words: Any, found: _Read) -> None:
    for word in words:
        if not word.startswith("-") or word == "-":
            found.url = found.url or word
            continue
        option, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
        if option in _FLAGS:
            found.flags.add(_FLAGS[option])
        elif option in _WITH_VALUE:
            _take(found, option, value if equals else next(words, ""))
        elif word[:2] in _WITH_VALUE and not word.startswith("--"):
            _take(found, word[:2], word[2:])
        elif not word.startswith("--") and all(f"-{one}" in _FLAGS for one in word[1:]):
            found.flags |= {_FLAGS[f"-{one}"] for one in word[1:]}
        else:
            raise ToolkitError(f"the option {option} is not known here.", field="command")


def _take(found: _Read, option: str, value: str) -> None:
    kind = _WITH_VALUE[option]
    if kind == "unsupported":
        found.dropped.append(f"{option} {value}".strip())
    elif kind == "header":
        name, _, text = value.partition(":")
        found.headers.append((name.strip(), text.strip()))
    elif kind in ("data", "raw", "binary", "urlencode", "json"):
        _data(found, kind, option, value)
    elif kind == "part":
        name, _, text = value.partition("=")
        if text.startswith(("@", "<")):
            found.dropped.append(f"the file {text[1:]}")
        found.parts.append((name, text))
    elif kind in ("agent", "referer", "cookie"):
        header = {"agent": "User-Agent", "referer": "Referer", "cookie": "Cookie"}[kind]
        found.headers.append((header, value))
    elif kind == "timeout":
        found.timeout = _seconds(value)
    elif kind:
        setattr(found, kind, value)


def _seconds(value: str) -> float:
    try:
        return min(300.0, max(0.1, float(value)))
    except ValueError:
        raise ToolkitError(f"{value!r} is not a number of seconds.", field="command") from None


def _data(found: _Read, kind: str, option: str, value: str) -> None:
    if value.startswith("@") and kind not in ("raw", "urlencode"):
        found.dropped.append(f"the file {value[1:]} of {option}")
        return
    if kind == "urlencode":
        name, equals, text = value.partition("=")
        value = f"{name}={quote_plus(text)}" if equals and name else quote_plus(text or name)
    found.json = found.json or kind == "json"
    found.data.append(value)


def _request(found: _Read, name: str) -> SavedRequest:
    url = found.url if "://" in found.url else f"http://{found.url}"
    parts = urlsplit(url)
    if parts.username is not None:
        found.user = found.user or f"{parts.username}:{parts.password or ''}"
        url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    data = "&".join(found.data)
    if "get" in found.flags and data:
        url += ("&" if "?" in url else "?") + data
        data = ""
    made: dict[str, Any] = _authentication(found)
    made |= _body_of(found, data)
    method = found.method.upper() or ("HEAD" if "head" in found.flags else "")
    method = method or ("POST" if made.get("body_kind", "none") != "none" else "GET")
    if method not in _METHODS:
        raise ToolkitError(f"the method {method} is not known here.", field="command")
    return SavedRequest(
        name=name or f"{method} {urlsplit(url).path or '/'}"[:200],
        method=method,  # type: ignore[arg-type]
        url=url,
        headers=pairs_of(found.headers),
        follow_redirects="follow" in found.flags,
        verify_tls="insecure" not in found.flags,
        timeout_seconds=found.timeout,
        proxy=found.proxy,
        **made,
    )


def _authentication(found: _Read) -> dict[str, Any]:
    """Take credentials out of the headers: they belong to Vault, not to the record."""
    if found.user is not None:
        user, _, password = found.user.partition(":")
        return {"auth": "basic", "username": user, "secret": Secret(password)}
    bearer = found.bearer
    for name, value in found.headers:
        if name.lower() != "authorization":
            continue
        kind, _, rest = value.partition(" ")
        if kind.lower() == "bearer":
            bearer = rest.strip()
        elif kind.lower() == "basic":
            return {**_basic(rest), **_without(found, name)}
        else:
            return {
                "auth": "api key",
                "key_name": name,
                "secret": Secret(value),
                **_without(found, name),
            }
    if bearer is not None:
        return {"auth": "bearer", "secret": Secret(bearer), **_without(found, "authorization")}
    for name, value in found.headers:
        if re.search(r"(api|access|auth)[-_]?(key|token)", name, re.IGNORECASE):
            return {
                "auth": "api key",
                "key_name": name,
                "secret": Secret(value),
                **_without(found, name),
            }
    return {}


def _without(found: _Read, name: str) -> dict[str, Any]:
    found.headers = [pair for pair in found.headers if pair[0].lower() != name.lower()]
    return {}


def _basic(text: str) -> dict[str, Any]:
    try:
        user, _, password = base64.b64decode(text.strip()).decode().partition(":")
    except ValueError:
        raise ToolkitError("its basic authentication cannot be read.", field="command") from None
    return {"auth": "basic", "username": user, "secret": Secret(password)}


def _body_of(found: _Read, data: str) -> dict[str, Any]:
    if found.parts:
        form = [(name, text) for name, text in found.parts if not text.startswith(("@", "<"))]
        return {"body_kind": "multipart", "form": pairs_of(form)}
    if not data:
        return {}
    kind = next((value for name, value in found.headers if name.lower() == "content-type"), "")
    if found.json or "json" in kind or _is_json(data):
        if "json" in kind and kind.strip().lower() == "application/json":
            _without(found, "content-type")
        return {"body_kind": "json", "body": data}
    if kind and "form-urlencoded" not in kind:
        _without(found, "content-type")
        return {"body_kind": "text", "body": data, "content_type": kind}
    _without(found, "content-type")
    pairs = parse_qsl(data, keep_blank_values=True)
    return {"body_kind": "form", "form": pairs_of(pairs)}


def _is_json(data: str) -> bool:
    if data.lstrip()[:1] not in ("{", "["):
        return False
    try:
        json.loads(data)
    except ValueError:
        return False
    return True


def write(saved: SavedRequest) -> str:
    """Write a request as a command line. Secrets stand as variables of the shell."""
    url = saved.url
    if saved.query:
        query = "&".join(f"{quote_plus(p.name)}={_value(p)}" for p in saved.query)
        url += ("&" if "?" in url else "?") + query
    words = ["curl", "--request", saved.method]
    for pair in saved.headers:
        words += ["--header", f"{pair.name}: {pair.value}"]
    extra, url = _written_auth(saved, url)
    lines = [*_pairs(words[1:]), *extra]
    lines += [f"{option} {shlex.quote(value)}" for option, value in _written_body(saved)]
    if saved.follow_redirects:
        lines.append("--location")
    if not saved.verify_tls:
        lines.append("--insecure")
    if saved.timeout_seconds:
        lines.append(f"--max-time {saved.timeout_seconds:g}")
    if saved.proxy:
        lines.append(f"--proxy {shlex.quote(saved.proxy)}")
    lines.append(url if url.startswith('"') else shlex.quote(url))
    return "curl " + " \\\n  ".join(lines)


def _value(pair: Pair) -> str:
    return pair.value if "{{" in pair.value else quote_plus(pair.value)


def _pairs(words: list[str]) -> list[str]:
    return [
        f"{option} {shlex.quote(value)}"
        for option, value in zip(words[::2], words[1::2], strict=True)
    ]


def _written_auth(saved: SavedRequest, url: str) -> tuple[list[str], str]:
    if saved.auth == "bearer":
        return ['--header "Authorization: Bearer $TOKEN"'], url
    if saved.auth == "basic":
        return [f'--user {shlex.quote(saved.username or "user")}:"$PASSWORD"'], url
    if saved.auth == "api key":
        if saved.key_name.startswith("?"):
            sign = "&" if "?" in url else "?"
            return [], f'"{url}{sign}{quote_plus(saved.key_name[1:])}=$API_KEY"'
        return [f'--header "{saved.key_name}: $API_KEY"'], url
    return [], url


def _written_body(saved: SavedRequest) -> list[tuple[str, str]]:
    if saved.body_kind == "json":
        return [("--header", "Content-Type: application/json"), ("--data-raw", saved.body)]
    if saved.body_kind == "text":
        kind = saved.content_type or "text/plain; charset=utf-8"
        return [("--header", f"Content-Type: {kind}"), ("--data-raw", saved.body)]
    if saved.body_kind == "form":
        return [("--data-urlencode", f"{pair.name}={pair.value}") for pair in saved.form]
    if saved.body_kind == "multipart":
        parts = [("--form-string", f"{pair.name}={pair.value}") for pair in saved.form]
        return [*parts, ("--form", "file=@FILE")]
    if saved.body_kind == "file":
        kind = saved.content_type or "application/octet-stream"
        return [("--header", f"Content-Type: {kind}"), ("--data-binary", "@FILE")]
    return []
