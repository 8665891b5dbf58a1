"""Ids of what people name, with ``*`` for any text. A name that fits nothing is an error."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from toolkit_sdk import ToolkitError

from zabbix_toolkit.client import Api
from zabbix_toolkit.hostrow import parts, tags


def group_ids(api: Api, names: str, field: str = "groups") -> list[str]:
    """Ids of host groups."""
    return _ids(api, "hostgroup", "groupid", ("name",), names, field, "host group")


def template_group_ids(api: Api, names: str, field: str = "groups") -> list[str]:
    """Ids of the groups that templates are in."""
    kind = api.dialect.template_group_api
    return _ids(api, kind, "groupid", ("name",), names, field, "template group")


def template_ids(api: Api, names: str, field: str = "templates") -> list[str]:
    """Ids of templates, by technical or visible name."""
    return _ids(api, "template", "templateid", ("host", "name"), names, field, "template")


def host_ids(api: Api, names: str, field: str = "hosts") -> list[str]:
    """Ids of hosts, by technical or visible name."""
    return _ids(api, "host", "hostid", ("host", "name"), names, field, "host")


def _ids(
    api: Api, kind: str, key: str, properties: tuple[str, ...], names: str, field: str, what: str
) -> list[str]:
    wanted = parts(names)
    found: dict[str, None] = {}
    plain = [name for name in wanted if "*" not in name]
    seen: set[str] = set()
    for name in properties if plain else ():
        for one in api.get(kind, filter={name: plain}, output=[key, name]):
            found[one[key]] = None
            seen.add(one[name])
    missing = [name for name in plain if name not in seen]
    for pattern in (name for name in wanted if "*" in name):
        ones = api.get(kind, output=[key], **searching(pattern, properties))
        found |= {one[key]: None for one in ones}
        if not ones:
            missing.append(pattern)
    if missing:
        raise ToolkitError(f"no such {what}: {', '.join(missing)}.", field=field)
    return list(found)


def searching(text: str, properties: Iterable[str]) -> dict[str, Any]:
    """The parameters of a search in any of the properties; ``*`` stands for any text."""
    if not text.strip():
        return {}
    made: dict[str, Any] = {"search": dict.fromkeys(properties, text.strip()), "searchByAny": True}
    return {**made, "searchWildcardsEnabled": True} if "*" in text else made


def tagged(text: str) -> dict[str, Any]:
    """The parameters that want tags: ``env=prod`` that value, ``env`` the tag with any value."""
    wanted = [
        {**tag, "operator": 1} if "=" in part else {"tag": tag["tag"], "value": "", "operator": 0}
        for part, tag in zip(parts(text), tags(text), strict=True)
    ]
    return {"tags": wanted} if wanted else {}
