"""JSON-RPC to one Zabbix instance, over addresses that the settings let us reach."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from toolkit_sdk import Context, ToolkitError
from toolkit_sdk.net import NetError, Options, Request, Response, exchange

from zabbix_toolkit.app import Config, Instance
from zabbix_toolkit.dialect import OLDEST, Dialect

_PATH = "/api_jsonrpc.php"
_UNAUTHORISED = ("re-login", "not authori", "session terminated", "api token expired")
_OPEN = {"apiinfo.version"}


class ApiError(ToolkitError):
    """The API answered with an error. ``detail`` is what Zabbix said."""

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail or message


class Unreachable(ToolkitError):
    """The API gave no usable answer, so that nobody knows what became of the call."""


class Api:
    """One instance's API. Calls stop waiting when the job is asked to stop."""

    def __init__(
        self, ctx: Context, instance: Instance, *, timeout: float | None = None
    ) -> None:
        self.ctx, self.instance = ctx, instance
        config: Config = ctx.settings
        self.url = endpoint(instance.url)
        self._options = Options(
            reach=config.reach,
            timeout=timeout or config.timeout_seconds,
            verify=instance.verify_tls,
            ca=instance.ca or None,
            proxy=instance.proxy or None,
            body_limit=config.answer_limit_mib << 20,
        )
        self._page = config.page_size
        self._numbers = itertools.count(1)
        self.last: Response | None = None

    @cached_property
    def dialect(self) -> Dialect:
        """The version that answers, and how it wants to be spoken to."""
        found = self._call("apiinfo.version", [], {})
        dialect = Dialect(str(found))
        if dialect.number < OLDEST:
            raise ToolkitError(
                f"{self.instance.name} is Zabbix {found}; this toolkit speaks 6.0 and newer."
            )
        return dialect

    def call(self, method: str, params: Any) -> Any:
        """Call a method with the instance's token. Raises ``ApiError`` and ``Unreachable``."""
        if method in _OPEN:
            return self._call(method, params, {})
        token = self.instance.token.reveal() if self.instance.token else ""
        if not token:
            raise ToolkitError(
                f"{self.instance.name} has no API token. Make one in Zabbix and add it to the "
                "record in Instances."
            )
        if self.dialect.bearer:
            return self._call(method, params, {}, ("Authorization", f"Bearer {token.strip()}"))
        return self._call(method, params, {"auth": token.strip()})

    def get(self, kind: str, **params: Any) -> list[dict[str, Any]]:
        """Call ``kind.get`` and return the objects as a list."""
        found = self.call(f"{kind}.get", params)
        return list(found.values()) if isinstance(found, dict) else list(found)

    def count(self, kind: str, **params: Any) -> int:
        """How many objects ``kind.get`` would return."""
        return int(self.call(f"{kind}.get", {**params, "countOutput": True}))

    def pages(self, kind: str, key: str, ids: list[str], **params: Any) -> Iterator[dict[str, Any]]:
        """The objects of ``ids`` in pages, so that no answer gets too large. Reports progress."""
        for start in range(0, len(ids), self._page):
            self.ctx.report(start, len(ids), "Reading")
            yield from self.get(kind, **params, **{f"{key}s": ids[start : start + self._page]})
        self.ctx.report(len(ids), len(ids), "Reading")

    def _call(
        self, method: str, params: Any, more: dict[str, Any], *headers: tuple[str, str]
    ) -> Any:
        number = next(self._numbers)
        body = {"jsonrpc": "2.0", "method": method, "params": params, "id": number, **more}
        request = Request(
            "POST",
            self.url,
            (("Content-Type", "application/json-rpc"), ("Accept", "application/json"), *headers),
            json.dumps(body).encode(),
        )
        try:
            answer: Response = self.ctx.interruptible(exchange, request, self._options)
        except (NetError, ValueError) as error:
            raise Unreachable(f"{self.instance.name} ({self.url}): {error}.") from None
        self.last = answer
        return self._result(method, number, answer)

    def _result(self, method: str, number: int, answer: Response) -> Any:
        where = f"{self.instance.name} ({self.url})"
        if 300 <= answer.status < 400:
            target = answer.header("location") or "another address"
            raise Unreachable(f"{where} redirects to {target[:200]}; use that address as its URL.")
        if answer.truncated:
            limit = self._options.body_limit >> 20
            raise Unreachable(
                f"{where}: the answer to {method} is larger than {limit} MiB, the limit of the "
                "settings. Ask for less, or raise it."
            )
        try:
            found = json.loads(answer.body)
        except ValueError:
            raise Unreachable(f"{where}: {_no_api(answer)}") from None
        if not isinstance(found, dict) or ("error" not in found and found.get("id") != number):
            raise Unreachable(f"{where} did not answer as the API of Zabbix does.")
        if "error" in found:
            raise self._error(method, found["error"])
        return found["result"]

    def _error(self, method: str, error: Any) -> ApiError:
        given = error if isinstance(error, dict) else {}
        detail = str(given.get("data") or given.get("message") or error)[:2000]
        name = self.instance.name
        if any(sign in detail.lower() for sign in _UNAUTHORISED):
            hint = "Check that it is enabled and has not expired"
            if "dialect" in vars(self) and self.dialect.bearer:
                hint += ", and that the web server hands on the Authorization header"
            return ApiError(f"{name} does not accept the API token: {detail} {hint}.", detail)
        if "no permissions" in detail.lower():
            return ApiError(
                f"{name}: the token's user may not call {method}, or may not see what it names: "
                f"{detail}",
                detail,
            )
        return ApiError(f"{name} refused {method}: {detail}", detail)


def endpoint(url: str) -> str:
    """The address of the API of a frontend."""
    trimmed = url.strip().rstrip("/")
    if urlsplit(trimmed).path.endswith(".php"):
        trimmed = trimmed.rpartition("/")[0]
    return trimmed + _PATH


def _no_api(answer: Response) -> str:
    if answer.status == 404:
        return "there is no API at this address (404). Is the path of the frontend right?"
    if answer.status >= 400:
        return f"the web server answered {answer.status} {answer.reason}."
    return "what answers is no API of Zabbix: it sends no JSON. Is the path of the frontend right?"
