"""What a Zabbix has of the things that rows name: groups, templates, proxies and hosts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from zabbix_toolkit.client import Api
from zabbix_toolkit.interfaces import NAMES

_CHUNK = 500
# The interface that an item of a type cannot be without.
_NEEDS = {"0": 1, "20": 2, "12": 3, "16": 4}


@dataclass
class Catalog:
    """Ids by name, and the hosts that are there already, as one look at the server found them."""

    groups: dict[str, str] = field(default_factory=dict)
    templates: dict[str, str] = field(default_factory=dict)
    needs: dict[str, dict[int, str]] = field(default_factory=dict)
    proxies: dict[str, str] = field(default_factory=dict)
    proxy_groups: dict[str, str] = field(default_factory=dict)
    hosts: dict[str, dict[str, Any]] = field(default_factory=dict)
    visible: dict[str, str] = field(default_factory=dict)
    taken_by_templates: set[str] = field(default_factory=set)


def look(
    api: Api,
    *,
    hosts: Iterable[str],
    names: Iterable[str],
    groups: Iterable[str],
    templates: Iterable[str],
    proxies: Iterable[str],
) -> Catalog:
    """Ask the server for everything that the rows name, in few calls."""
    made, wanted = Catalog(), sorted(set(hosts))
    for one in _chunked(api, "hostgroup", "name", groups, output=["groupid", "name"]):
        made.groups[one["name"]] = one["groupid"]
    _templates(api, made, sorted(set(templates)))
    _proxies(api, made, set(proxies))
    for one in _chunked(api, "host", "host", wanted, **details(api)):
        made.hosts[one["host"]] = one
    for one in _chunked(api, "host", "name", [*wanted, *names], output=["host", "name"]):
        made.visible[one["name"]] = one["host"]
    for one in _chunked(api, "template", "host", wanted, output=["host"]):
        made.taken_by_templates.add(one["host"])
    return made


def details(api: Api) -> dict[str, Any]:
    """The parameters of ``host.get`` for all that a row can name."""
    dialect = api.dialect
    return {
        "output": ["hostid", "host", "name", "status", "description", *dialect.host_proxy_output],
        dialect.select_groups: ["groupid", "name"],
        "selectParentTemplates": ["templateid", "host", "name"],
        "selectInterfaces": "extend",
        "selectTags": ["tag", "value"],
        "selectMacros": ["hostmacroid", "macro", "value", "type"],
    }


def _chunked(
    api: Api, kind: str, key: str, values: Iterable[str], **params: Any
) -> Iterable[dict[str, Any]]:
    wanted = sorted(set(values))
    for start in range(0, len(wanted), _CHUNK):
        yield from api.get(kind, filter={key: wanted[start : start + _CHUNK]}, **params)


def _templates(api: Api, made: Catalog, wanted: list[str]) -> None:
    output = ["templateid", "host", "name"]
    found = {
        one["templateid"]: one
        for key in ("name", "host")
        for one in _chunked(api, "template", key, wanted, output=output)
    }
    for one in found.values():
        # The technical name is unique; a visible one must not hide it.
        made.templates.setdefault(one["name"], one["templateid"])
    made.templates |= {one["host"]: one["templateid"] for one in found.values()}
    for templateid, item in _mandatory(api, list(found)):
        kind = _NEEDS[str(item["type"])]
        made.needs.setdefault(templateid, {}).setdefault(kind, item["key_"])


def _mandatory(api: Api, templateids: list[str]) -> Iterable[tuple[str, dict[str, Any]]]:
    if not templateids:
        return
    items = api.get(
        "item", templateids=templateids, output=["key_", "type", "hostid"],
        filter={"type": list(_NEEDS)},
    )  # fmt: skip
    for item in items:
        yield item["hostid"], item


def _proxies(api: Api, made: Catalog, wanted: set[str]) -> None:
    if not wanted - {"", "server"}:
        return
    name = api.dialect.proxy_name
    for one in api.get("proxy", output=["proxyid", name]):
        made.proxies[one[name]] = one["proxyid"]
    if api.dialect.new_proxies and any(text.startswith("group:") for text in wanted):
        for one in api.get("proxygroup", output=["proxy_groupid", "name"]):
            made.proxy_groups[one["name"]] = one["proxy_groupid"]


def missing_interfaces(made: Catalog, templates: Iterable[str], kinds: set[int]) -> list[str]:
    """Which interfaces the templates want beyond ``kinds``, as sentences."""
    found: dict[int, str] = {}
    for name in templates:
        for kind, key in made.needs.get(made.templates[name], {}).items():
            if kind not in kinds:
                found.setdefault(kind, f"{name} needs an {NAMES[kind]} interface (item {key})")
    return list(found.values())
