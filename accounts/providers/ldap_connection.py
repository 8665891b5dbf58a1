"""Connections to LDAP servers: encrypted, with certificates checked, and bounded in time."""

from __future__ import annotations

import math
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ldap3
from ldap3.core.exceptions import LDAPException

from accounts.providers.config import DirectorySettings
from accounts.providers.problems import ProviderUnavailable

_INVALID_CREDENTIALS = 49
_PLACE_IN_C, _BRACKETS = re.compile(r" \(_ssl\.c:\d+\)"), "()'\", "


class CheckedTls(ldap3.Tls):  # type: ignore[misc]
    """TLS by the standard library's own rules: certificate chain and host name are checked."""

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
        context = ssl.create_default_context(cadata=self.ca_certs_data or None)
        connection.socket = context.wrap_socket(
            connection.socket, server_hostname=connection.server.host
        )


class Directory:
    """One provider's servers. Search results never follow a referral to another server."""

    def __init__(self, settings: DirectorySettings, bind_password: str) -> None:
        self.settings = settings
        self._bind_password = bind_password

    @contextmanager
    def searching(self) -> Iterator[Any]:
        """A connection that may search: bound as the provider is set up to, or anonymously."""
        settings = self.settings
        if settings.bind_dn and not self._bind_password:
            # A bind without a password is anonymous, and succeeds.
            raise ProviderUnavailable(f"There is no password to bind as {settings.bind_dn}.")
        connection = self._open()
        try:
            if settings.bind_dn:
                connection.user, connection.password = settings.bind_dn, self._bind_password
                connection.authentication = ldap3.SIMPLE
            with _explained("bind"):
                bound = connection.bind()
            if not bound:
                who = settings.bind_dn or "anonymously"
                raise ProviderUnavailable(f"Binding as {who} failed: {_result(connection)}.")
            yield connection
        finally:
            _close(connection)

    def proves(self, dn: str, password: str) -> bool:
        """Whether ``password`` opens the entry ``dn``."""
        if not dn or not password:
            return False  # a bind without a password is anonymous, and succeeds
        connection = self._open()
        try:
            connection.user, connection.password = dn, password
            connection.authentication = ldap3.SIMPLE
            with _explained("bind"):
                if connection.bind():
                    return True
            code = connection.result.get("result")
            if code == _INVALID_CREDENTIALS:
                return False
            # Locked, expired, and unwilling are refusals too, only with other codes.
            return False
        finally:
            _close(connection)

    def _open(self) -> Any:
        """Connect to the first server that answers."""
        problems = []
        for url in self.settings.urls:
            try:
                return self._connect(url)
            except (LDAPException, OSError, ssl.SSLError) as error:
                problems.append(f"{url}: {_words(error)}")
        raise ProviderUnavailable("No server answers. " + "; ".join(problems))

    def _connect(self, url: str) -> Any:
        seconds = self.settings.timeout
        tls = CheckedTls(ca_certs_data=self.settings.ca_cert or None)
        server = ldap3.Server(url, tls=tls, get_info=ldap3.NONE, connect_timeout=seconds)
        connection = ldap3.Connection(
            server,
            auto_bind=ldap3.AUTO_BIND_NONE,
            read_only=True,
            receive_timeout=math.ceil(seconds),  # it goes to the socket as whole seconds
            auto_referrals=False,
            check_names=False,
            raise_exceptions=False,
        )
        connection.open(read_server_info=False)
        if not server.ssl and not connection.start_tls(read_server_info=False):
            _close(connection)
            raise OSError("the server refused StartTLS")
        return connection


def search(connection: Any, base: str, query: str, attributes: list[str], most: int) -> list[Any]:
    """Return at most ``most`` entries (``dn`` and raw ``attributes``) below ``base``."""
    with _explained("search"):
        connection.search(
            base,
            query,
            attributes=attributes,
            size_limit=most,
            dereference_aliases=ldap3.DEREF_NEVER,
        )
    code = connection.result["result"]
    # 4: more than the limit were found; 32: the base is not there, which search reports as well.
    if code not in {0, 4}:
        raise ProviderUnavailable(f"The search below {base} failed: {_result(connection)}.")
    return [entry for entry in connection.response or [] if entry.get("type") == "searchResEntry"]


def capabilities(connection: Any) -> set[bytes]:
    """What the server says it can do; nothing where it does not say."""
    with _explained("search"):
        connection.search(
            "", "(objectClass=*)", search_scope=ldap3.BASE, attributes=["supportedCapabilities"]
        )
    found: set[bytes] = set()
    for entry in connection.response or []:
        for name, values in entry.get("raw_attributes", {}).items():
            if name.lower() == "supportedcapabilities":
                found |= set(values)
    return found


@contextmanager
def _explained(act: str) -> Iterator[None]:
    try:
        yield
    except (LDAPException, OSError, ssl.SSLError) as error:
        raise ProviderUnavailable(f"The {act} failed: {_words(error)}.") from None


def _result(connection: Any) -> str:
    result = connection.result or {}
    parts = (str(result.get("description", "")), str(result.get("message", "")))
    return ", ".join(part for part in parts if part)[:200] or "no reason was given"


def _words(error: BaseException) -> str:
    """What went wrong, without the places in C and the brackets that the library puts round it."""
    plain = _PLACE_IN_C.sub("", str(error)).replace("socket ssl wrapping error: ", "")
    return (plain.strip(_BRACKETS).splitlines() or [type(error).__name__])[0][:200]


def _close(connection: Any) -> None:
    try:
        connection.unbind()
    except (LDAPException, OSError):
        return  # it is closed already
