"""A stand-in for the API of Zabbix 7.x, which no package here has: written from the public API
documentation, strict about the names that 7.x knows, and in memory.

It answers the calls that the bundled toolkit makes. What it refuses it refuses as 7.x does:
``auth`` in the request, ``selectGroups``, ``proxy_hostid`` and other names of before.
"""

from __future__ import annotations

import fnmatch
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support import listeners
from tests.support.zabbix7_writing import IDS, Params, Refused, Writing, only

TOKEN = "7" * 64
_PATHS = ("/zabbix/api_jsonrpc.php", "/api_jsonrpc.php")

# What *.get takes beside the ids of its own and of what it belongs to.
_COMMON = {
    "output", "filter", "search", "searchByAny", "searchWildcardsEnabled", "startSearch", "limit",
    "sortfield", "sortorder", "countOutput", "preservekeys", "editable",
}  # fmt: skip
_GET = {
    "host": {
        "groupids", "hostids", "templateids", "proxyids", "proxy_groupids", "tags", "evaltype",
        "inheritedTags", "monitored_hosts", "templated_hosts", "with_items", "maintenanceids",
        "selectHostGroups", "selectParentTemplates", "selectInterfaces", "selectTags",
        "selectMacros", "selectInventory", "selectInheritedTags",
    },
    "hostgroup": {"groupids", "hostids", "with_hosts", "with_monitored_hosts", "selectHosts"},
    "template": {
        "templateids", "groupids", "hostids", "parentTemplateids", "tags", "evaltype",
        "selectTemplateGroups", "selectHosts", "selectTags", "selectMacros", "selectTemplates",
        "selectParentTemplates",
    },
    "templategroup": {"groupids", "templateids", "with_templates", "selectTemplates"},
    "proxy": {"proxyids", "proxy_groupids", "selectHosts"},
    "proxygroup": {"proxy_groupids", "proxyids", "selectProxies"},
    "item": {
        "itemids", "hostids", "templateids", "templated", "monitored", "inherited", "groupids",
        "webitems", "selectHosts", "selectTags",
    },
    "hostinterface": {"hostids", "interfaceids", "selectHosts"},
    "usermacro": {"hostids", "hostmacroids", "globalmacro"},
    "maintenance": {
        "groupids", "hostids", "maintenanceids", "selectHostGroups", "selectHosts", "selectTags",
        "selectTimeperiods",
    },
    "problem": {
        "eventids", "groupids", "hostids", "objectids", "source", "object", "acknowledged",
        "suppressed", "severities", "recent", "tags", "evaltype", "time_from", "time_till",
        "selectAcknowledges", "selectTags", "selectSuppressionData", "symptom",
    },
    "trigger": {
        "triggerids", "hostids", "groupids", "only_true", "monitored", "active", "selectHosts",
        "skipDependent", "expandDescription", "min_severity",
    },
}  # fmt: skip


@dataclass
class Standin(Writing):
    """The state of a Zabbix in memory."""

    version: str = "7.0.5"
    token: str = TOKEN
    url: str = ""
    calls: list[tuple[str, Any]] = field(default_factory=list)
    data: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    #: Called before a method; it may raise, or wait.
    before: Callable[[str, Any], None] = lambda _method, _params: None
    #: Called after it; what it raises keeps the answer from being given.
    after: Callable[[str, Any], None] = lambda _method, _params: None
    _numbers: Any = field(default_factory=lambda: itertools.count(10_001))
    _lock: Any = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        for kind in IDS:
            self.data[kind] = {}

    def add(self, kind: str, **values: Any) -> str:
        """Store an object and return its id."""
        key = str(next(self._numbers))
        self.data[kind][key] = {IDS[kind]: key, **values}
        return key

    def call(self, method: str, params: Any, auth: str | None = None) -> Any:
        """Call a method directly, to prepare and to look."""
        return self.perform(method, params)

    def answer(self, seen: listeners.Seen) -> listeners.Answer | None:
        """Answer one request over HTTP."""
        if not seen.path.startswith("http:") and seen.path not in _PATHS:
            return 404, {}, b"<html>Not found</html>"
        request = json.loads(seen.body)
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": request.get("id")}
        try:
            reply["result"] = self._authorised(request, seen.headers)
        except Refused as refused:
            reply["error"] = refused.error
        except ConnectionError:
            return None
        return 200, {"Content-Type": "application/json"}, json.dumps(reply).encode()

    def _authorised(self, request: Params, headers: dict[str, str]) -> Any:
        method = request["method"]
        if "auth" in request:
            raise Refused(
                'Invalid parameter "/": unexpected parameter "auth".', -32600, "Invalid request."
            )
        given = headers.get("Authorization")
        if method == "apiinfo.version":
            if given:
                raise Refused('The "apiinfo.version" method must be called without the token.')
        elif given != f"Bearer {self.token}":
            raise Refused("Not authorized.")
        self.before(method, request["params"])
        result = self.perform(method, request["params"])
        self.after(method, request["params"])
        return result

    def perform(self, method: str, params: Any) -> Any:
        """Do what a method does."""
        self.calls.append((method, params))
        if method == "apiinfo.version":
            return self.version
        kind, _, verb = method.partition(".")
        handler = getattr(self, f"_{kind}_{verb}", None)
        with self._lock:
            if handler is not None:
                return handler(params)
            if verb == "get" and kind in _GET:
                return self._get(kind, params)
        raise Refused(f'Incorrect API "{kind}".', -32601, "Method not found.")

    # Reading.

    def _get(self, kind: str, params: Params) -> Any:
        only(params, _COMMON | _GET[kind])
        found = [self._seen(kind, one) for one in self.data[kind].values()]
        found = [one for one in found if self._matches(kind, one, params)]
        if params.get("countOutput"):
            return str(len(found))
        if sort := params.get("sortfield"):
            name = sort[0] if isinstance(sort, list) else sort
            found.sort(key=lambda one: str(one[name]), reverse=params.get("sortorder") == "DESC")
        found = found[: params.get("limit") or None]
        return [self._shown(kind, one, params) for one in found]

    def _matches(self, kind: str, one: Params, params: Params) -> bool:
        for name, wanted in (params.get("filter") or {}).items():
            values = wanted if isinstance(wanted, list) else [wanted]
            if wanted is not None and str(one.get(name)) not in map(str, values):
                return False
        searches = [
            _found(str(one.get(name, "")), text, bool(params.get("searchWildcardsEnabled")))
            for name, texts in (params.get("search") or {}).items()
            for text in (texts if isinstance(texts, list) else [texts])
        ]
        if searches and not (any if params.get("searchByAny") else all)(searches):
            return False
        return self._belongs(kind, one, params) and self._problem_filters(one, params)

    def _belongs(self, kind: str, one: Params, params: Params) -> bool:
        own = IDS[kind]
        where = {
            "groupids": {group["groupid"] for group in one.get("_groups", [])},
            "templateids": {t["templateid"] for t in one.get("_templates", [])},
            "hostids": {one["hostid"]} if "hostid" in one else set(one.get("_hostids", [])),
            "proxyids": {one.get("proxyid")},
        }
        where[f"{own}s"] = {one[own]}
        if kind == "item":
            where["templateids"] = {one["hostid"]}
        for name, ids in where.items():
            wanted = params.get(name)
            if wanted is None:
                continue
            wanted = wanted if isinstance(wanted, list) else [wanted]
            if not ids & set(map(str, wanted)):
                return False
        for tag in params.get("tags") or []:
            values = [t["value"] for t in one.get("tags", []) if t["tag"] == tag["tag"]]
            like = int(tag.get("operator", 0)) == 0
            if not any(
                tag["value"] in value if like else tag["value"] == value for value in values
            ):
                return False
        return True

    @staticmethod
    def _problem_filters(one: Params, params: Params) -> bool:
        for name in ("acknowledged", "suppressed"):
            if name in params and (str(one.get(name)) == "1") is not bool(params[name]):
                return False
        if "time_till" in params and int(one["clock"]) > int(params["time_till"]):
            return False
        if "severities" in params:
            return int(one["severity"]) in map(int, params["severities"])
        return True

    def _seen(self, kind: str, one: Params) -> Params:
        seen = dict(one)
        if kind == "template":
            seen["_hosts"] = [h for h in self.data["host"].values() if _linked(h, one)]
        if kind == "hostgroup":
            seen["_hosts"] = [h for h in self.data["host"].values() if _member(h, one)]
        if kind == "host":
            key = one["hostid"]
            seen["interfaces"] = [
                i for i in self.data["hostinterface"].values() if i["hostid"] == key
            ]
            seen["macros"] = [m for m in self.data["usermacro"].values() if m["hostid"] == key]
        return seen

    def _shown(self, kind: str, one: Params, params: Params) -> Params:
        output = params.get("output", "extend")
        plain = {name: value for name, value in one.items() if not name.startswith("_")}
        links = {"interfaces", "macros", "tags", "timeperiods"}
        shown = {name: value for name, value in plain.items() if name not in links}
        if output != "extend":
            known = [name for name in output if name not in plain]
            if known:
                raise Refused(f'Invalid parameter "/output/1": value must not be "{known[0]}".')
            shown = {name: plain[name] for name in {*output, IDS[kind]}}
        selects = {
            "selectHostGroups": ("hostgroups", "_groups"),
            "selectTemplateGroups": ("templategroups", "_groups"),
            "selectParentTemplates": ("parentTemplates", "_templates"),
            "selectHosts": ("hosts", "_hosts"), "selectTags": ("tags", "tags"),
            "selectInterfaces": ("interfaces", "interfaces"), "selectMacros": ("macros", "macros"),
            "selectTimeperiods": ("timeperiods", "timeperiods"),
            "selectAcknowledges": ("acknowledges", "_acknowledges"),
        }  # fmt: skip
        for name, (to, source) in selects.items():
            if params.get(name):
                values = [
                    {key: value for key, value in linked.items() if not key.startswith("_")}
                    for linked in one.get(source, [])
                ]
                for macro in values if source == "macros" else []:
                    if str(macro["type"]) == "1":
                        del macro["value"]
                shown[to] = len(values) if params[name] == "count" else values
        return shown


def _linked(host: Params, template: Params) -> bool:
    return any(one["templateid"] == template["templateid"] for one in host["_templates"])


def _member(host: Params, group: Params) -> bool:
    return any(one["groupid"] == group["groupid"] for one in host["_groups"])


def _found(value: str, text: str, wildcards: bool) -> bool:
    if wildcards and "*" in text:
        return fnmatch.fnmatch(value.lower(), text.lower())
    return text.lower() in value.lower()


@contextmanager
def serving(made: Standin) -> Iterator[None]:
    """Serve a stand-in on loopback for a block."""
    with listeners.web(made.answer) as web:
        made.url = f"{web.url}/zabbix"
        yield
