"""One HTTP exchange over a checked address, with the time of each phase measured."""

from __future__ import annotations

import base64
import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit

from toolkit_sdk.net.resolve import Family, connect, explain, resolve
from toolkit_sdk.net.rules import NetError, Reach

_PORTS = {"http": 80, "https": 443}
_CHUNK = 65_536


@dataclass
class Phases:
    """Milliseconds of each phase; None for one that did not happen."""

    dns: float | None = None
    connect: float | None = None
    tls: float | None = None
    first_byte: float | None = None
    transfer: float | None = None
    total: float = 0.0


@dataclass(frozen=True)
class Request:
    """What is sent. ``headers`` are taken as they are; Host, Content-Length, User-Agent and
    Accept are added where they are missing."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None


@dataclass(frozen=True)
class Options:
    """How it is sent. ``ca`` is PEM text of more trusted authorities, ``proxy`` a URL."""

    reach: Reach = field(default_factory=Reach)
    timeout: float = 30.0
    verify: bool = True
    ca: str | None = None
    proxy: str | None = None
    family: Family = "any"
    body_limit: int = 1 << 20


@dataclass(frozen=True)
class Response:
    """What came back. ``truncated`` says that the body is longer than the limit."""

    url: str
    status: int
    reason: str
    version: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    truncated: bool
    phases: Phases
    address: str
    tls: str = ""
    cipher: str = ""

    def header(self, name: str) -> str | None:
        """Return the first header of that name, in any case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


class ExchangeError(NetError):
    """An exchange that failed. ``phases`` tells how far it came, ``address`` where."""

    def __init__(self, error: NetError, phases: Phases, address: str) -> None:
        super().__init__(error.kind, str(error))
        self.phases, self.address = phases, address


def split(url: str) -> SplitResult:
    """Return the parts of an HTTP address. Raises ``ValueError`` in clear words."""
    if any(ord(letter) <= 32 or ord(letter) == 127 for letter in url):
        raise ValueError("a URL holds no spaces and no control characters; encode them as %20")
    parts = urlsplit(url)
    if parts.scheme not in _PORTS:
        raise ValueError(f"{url!r} is not a URL that starts with http:// or https://")
    if not parts.hostname:
        raise ValueError(f"{url!r} names no host")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError(f"{url!r}: the port is a number from 1 to 65535") from None
    return parts


def exchange(
    request: Request,
    options: Options,
    *,
    on_socket: Callable[[socket.socket], None] = lambda _: None,
) -> Response:
    """Send one request and read its answer, all within ``options.timeout``; no redirects.

    ``on_socket`` is told each socket, for a caller that wants to close it from another thread.
    Raises ``ExchangeError``.
    """
    return _Exchange(request, options, on_socket).run()


class _Exchange:
    def __init__(self, request: Request, options: Options, on_socket: Any) -> None:
        self.request, self.options, self.on_socket = request, options, on_socket
        self.parts = split(request.url)
        self.phases, self.address = Phases(), ""
        self.deadline = time.monotonic() + options.timeout
        self.socket: socket.socket | None = None
        self.late = False

    def run(self) -> Response:
        started = time.perf_counter()
        timer = threading.Timer(self.options.timeout, self._too_late)
        timer.daemon = True
        timer.start()
        try:
            return self._run(started)
        except NetError as error:
            raise self._failed(error, started) from None
        except ssl.SSLCertVerificationError as error:
            problem = NetError("tls", f"certificate not accepted: {error.verify_message}")
            raise self._failed(problem, started) from None
        except ssl.SSLError as error:
            problem = NetError("tls", f"TLS failed: {error.reason or error}")
            raise self._failed(problem, started) from None
        except OSError as error:
            raise self._failed(explain(error, self.options.timeout), started) from None
        except (http.client.HTTPException, ValueError) as error:
            text = str(error) or type(error).__name__
            problem = NetError("protocol", f"not an HTTP answer: {text[:200]}")
            raise self._failed(problem, started) from None
        finally:
            timer.cancel()
            if self.socket is not None:
                self.socket.close()

    def _too_late(self) -> None:
        self.late = True
        if self.socket is not None:
            interrupt(self.socket)

    def _failed(self, error: NetError, started: float) -> ExchangeError:
        self.phases.total = _since(started)
        if self.late or error.kind == "timeout":
            text = f"not finished in {self.options.timeout:g} s, still {self._doing()}"
            error = NetError("timeout", text)
        return ExchangeError(error, self.phases, self.address)

    def _doing(self) -> str:
        """What it was at, by the phases that are done."""
        phases = self.phases
        if phases.dns is None:
            return "looking the name up"
        if phases.connect is None:
            return "connecting"
        if self.parts.scheme == "https" and phases.tls is None:
            return "shaking hands"
        return "waiting for the answer" if phases.first_byte is None else "reading the answer"

    def _run(self, started: float) -> Response:
        port = self.parts.port or _PORTS[self.parts.scheme]
        host = self.parts.hostname or ""
        target = self._target()
        self._connect(host, port)
        if self.parts.scheme == "https":
            if self.options.proxy:
                self._tunnel(host, port)
            self._wrap(host)
        assert self.socket is not None
        connection = http.client.HTTPConnection(host, port)
        connection.sock = self.socket
        return self._talk(connection, target, started)

    def _target(self) -> str:
        path = self.parts.path or "/"
        query = f"?{self.parts.query}" if self.parts.query else ""
        if self.options.proxy and self.parts.scheme == "http":
            return f"http://{self.parts.netloc.rpartition('@')[2]}{path}{query}"
        return path + query

    def _connect(self, host: str, port: int) -> None:
        if self.options.proxy:
            self._check_behind_proxy(host, port)
            proxy = split(self.options.proxy)
            host, port = proxy.hostname or "", proxy.port or _PORTS[proxy.scheme]
        found = resolve(host, port, self.options.reach, family=self.options.family)
        self.phases.dns = found.dns_ms
        self.address = found.endpoints[0].address
        connection, endpoint, took = connect(found, self.options.timeout, deadline=self.deadline)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.phases.connect, self.address = took, endpoint.address
        self._use(connection)

    def _check_behind_proxy(self, host: str, port: int) -> None:
        """The proxy looks the name up itself; what it means here must be allowed at least."""
        try:
            resolve(host, port, self.options.reach)
        except NetError as error:
            if error.kind == "denied" or self.options.reach.allow:
                raise NetError("denied", f"through the proxy: {error}") from None

    def _use(self, connection: socket.socket) -> None:
        self.socket = connection
        self.on_socket(connection)
        if self.late:
            raise NetError("timeout", "")

    def _tunnel(self, host: str, port: int) -> None:
        assert self.socket is not None
        shown = f"[{host}]" if ":" in host else host
        lines = [f"CONNECT {shown}:{port} HTTP/1.1", f"Host: {shown}:{port}"]
        lines += [f"{name}: {value}" for name, value in self._proxy_auth()]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        answer = http.client.HTTPResponse(self.socket, method="CONNECT")
        answer.begin()
        if answer.status != 200:
            raise NetError("protocol", f"the proxy answered {answer.status} {answer.reason}")

    def _proxy_auth(self) -> list[tuple[str, str]]:
        proxy = split(self.options.proxy or "")
        if proxy.username is None:
            return []
        pair = f"{proxy.username}:{proxy.password or ''}".encode()
        return [("Proxy-Authorization", "Basic " + base64.b64encode(pair).decode())]

    def _wrap(self, host: str) -> None:
        assert self.socket is not None
        context = tls_context(verify=self.options.verify, ca=self.options.ca)
        started = time.perf_counter()
        wrapped = context.wrap_socket(
            self.socket, server_hostname=host, do_handshake_on_connect=False
        )
        self._use(wrapped)
        wrapped.do_handshake()
        self.phases.tls = _since(started)

    def _talk(
        self, connection: http.client.HTTPConnection, target: str, started: float
    ) -> Response:
        request = self.request
        sent = time.perf_counter()
        connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in self._headers():
            connection.putheader(name, value)
        connection.endheaders(request.body)
        answer = connection.getresponse()
        self.phases.first_byte = _since(sent)
        reading = time.perf_counter()
        body, truncated = self._read(answer)
        self.phases.transfer = _since(reading)
        self.phases.total = _since(started)
        secure = self.socket if isinstance(self.socket, ssl.SSLSocket) else None
        return Response(
            url=request.url,
            status=answer.status,
            reason=answer.reason,
            version="1.0" if answer.version == 10 else "1.1",
            headers=tuple(answer.getheaders()),
            body=body,
            truncated=truncated,
            phases=self.phases,
            address=self.address,
            tls=secure.version() or "" if secure else "",
            cipher=(secure.cipher() or ("",))[0] if secure else "",
        )

    def _headers(self) -> Iterator[tuple[str, str]]:
        given = {name.lower() for name, _ in self.request.headers}
        if "host" not in given:
            yield "Host", self.parts.netloc.rpartition("@")[2]
        if "user-agent" not in given:
            yield "User-Agent", "sre-toolbox-toolkit/1.0"
        if "accept" not in given:
            yield "Accept", "*/*"
        if self.request.body is not None and not given & {"content-length", "transfer-encoding"}:
            yield "Content-Length", str(len(self.request.body))
        if self.options.proxy and self.parts.scheme == "http":
            yield from self._proxy_auth()
        yield from self.request.headers
        if "connection" not in given:
            yield "Connection", "close"

    def _read(self, answer: http.client.HTTPResponse) -> tuple[bytes, bool]:
        limit, parts, size = self.options.body_limit, [], 0
        while size <= limit:
            if not (chunk := answer.read1(_CHUNK)):
                break
            parts.append(chunk)
            size += len(chunk)
        if self.late:
            raise NetError("timeout", "")
        missing = answer.length or 0
        if size <= limit and missing:
            raise NetError("reset", f"the answer ended {missing} bytes too early")
        body = b"".join(parts)
        return body[:limit], size > limit


def interrupt(connection: socket.socket) -> None:
    """Make whoever reads from or writes to ``connection`` in another thread fail at once."""
    with contextlib.suppress(OSError):
        # Past the method of SSLSocket, which takes the TLS state from under the other thread.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def tls_context(*, verify: bool = True, ca: str | None = None) -> ssl.SSLContext:
    """Return a client's TLS context. Raises ``NetError`` for CA text that is not PEM."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    if ca:
        try:
            context.load_verify_locations(cadata=ca)
        except (ssl.SSLError, ValueError) as error:
            raise NetError("tls", f"the given CA certificates are not PEM: {error}") from None
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 3)
