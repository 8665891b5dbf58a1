"""What is exported of a host, a template or a group. Never a secret: neither values of secret
macros nor passphrases, and communities of SNMP only where they are macros."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zabbix_toolkit.client import Api
from zabbix_toolkit.hostfile import COLUMNS
from zabbix_toolkit.interfaces import written

#: The columns of an import, so that an export can be one.
HOST_COLUMNS = COLUMNS
TEMPLATE_COLUMNS = (
    "template", "name", "groups", "templates", "tags", "macros", "hosts", "description",
)  # fmt: skip
GROUP_COLUMNS = ("group", "hosts")
LISTS = ("interfaces", "groups", "templates", "tags", "macros")


def hosts(api: Api) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A function that makes the row of a host; it looks the names of proxies up once."""
    dialect = api.dialect
    names: dict[tuple[str, str], str] = {}

    def proxy(host: dict[str, Any]) -> str:
        by = dialect.monitored_by(host)
        if by[0] == "server":
            return ""
        if by not in names:
            names.update(_proxies(api))
        return names.get(by, by[1])

    def row(host: dict[str, Any]) -> dict[str, Any]:
        return {
            "host": host["host"],
            "name": host["name"] if host["name"] != host["host"] else "",
            "interfaces": [
                written(int(one["type"]), one)
                for one in sorted(host["interfaces"], key=lambda one: -int(one["main"]))
            ],
            "groups": [one["name"] for one in host[dialect.groups_key]],
            "templates": [one["host"] for one in host["parentTemplates"]],
            "tags": _tags(host),
            "macros": _macros(host),
            "proxy": proxy(host),
            "status": "disabled" if str(host["status"]) == "1" else "enabled",
            "description": host["description"],
        }

    return row


def _proxies(api: Api) -> dict[tuple[str, str], str]:
    name = api.dialect.proxy_name
    found = {
        ("proxy", one["proxyid"]): one[name] for one in api.get("proxy", output=["proxyid", name])
    }
    if api.dialect.new_proxies:
        for one in api.get("proxygroup", output=["proxy_groupid", "name"]):
            found["proxy group", one["proxy_groupid"]] = f"group:{one['name']}"
    return found


def templates(api: Api) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A function that makes the row of a template."""
    key = api.dialect.template_groups_key

    def row(template: dict[str, Any]) -> dict[str, Any]:
        return {
            "template": template["host"],
            "name": template["name"] if template["name"] != template["host"] else "",
            "groups": [one["name"] for one in template[key]],
            "templates": [one["host"] for one in template.get("parentTemplates", [])],
            "tags": _tags(template),
            "macros": _macros(template),
            "hosts": int(template["hosts"]),
            "description": template["description"],
        }

    return row


def group(found: dict[str, Any]) -> dict[str, Any]:
    """The row of a host group."""
    return {"group": found["name"], "hosts": int(found["hosts"])}


def _tags(found: dict[str, Any]) -> list[str]:
    return [f"{one['tag']}={one['value']}" if one["value"] else one["tag"] for one in found["tags"]]


def _macros(found: dict[str, Any]) -> list[str]:
    made = []
    for one in found["macros"]:
        kind = str(one["type"])
        if kind != "1":
            made.append(f"{one['macro']}={'vault:' if kind == '2' else ''}{one['value']}")
    return made


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """A row as cells of CSV."""
    return {
        key: "; ".join(value) if isinstance(value, list) else value for key, value in row.items()
    }
