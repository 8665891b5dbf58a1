"""What a row changes of a host that is there: it adds and replaces, it never takes away."""

from __future__ import annotations

from typing import Any

from zabbix_toolkit.dialect import Dialect
from zabbix_toolkit.hostrow import HostRow, macros, tags

Calls = list[list[Any]]


def changes_of(
    dialect: Dialect,
    host: dict[str, Any],
    row: HostRow,
    groups: list[dict[str, str]],
    templates: dict[str, str],
    wanted: tuple[str, str] | None,
) -> tuple[list[str], Calls]:
    """Sentences that tell what changes, and the calls that do it; both empty for no change."""
    what: list[str] = []
    update: dict[str, Any] = {}
    _properties(host, row, what, update)
    if wanted is not None and wanted != dialect.monitored_by(host):
        what.append(f"monitored by {row.proxy}")
        update |= dialect.monitor(*wanted)
    _groups(dialect, host, row, groups, what, update)
    _templates(host, templates, what, update)
    _tags(host, row, what, update)
    calls: Calls = _interfaces(host, row, what)
    if update:
        calls.append(["host.update", {"hostid": host["hostid"], **update}])
    calls += _macros(host, row, what)
    return what, calls


def _properties(
    host: dict[str, Any], row: HostRow, what: list[str], update: dict[str, Any]
) -> None:
    if row.name and row.name != host["name"]:
        what.append(f"visible name: {host['name']} → {row.name}")
        update["name"] = row.name
    if row.description and row.description != host["description"]:
        what.append("description")
        update["description"] = row.description
    status = {"enabled": "0", "disabled": "1"}.get(row.status)
    if status and status != str(host["status"]):
        what.append(row.status)
        update["status"] = int(status)


def _groups(
    dialect: Dialect,
    host: dict[str, Any],
    row: HostRow,
    groups: list[dict[str, str]],
    what: list[str],
    update: dict[str, Any],
) -> None:
    there = {one["groupid"]: one["name"] for one in host[dialect.groups_key]}
    more = [one for one in groups if one.get("groupid") not in there]
    if more:
        names = [name.strip() for name in row.groups.replace("|", ";").split(";")]
        fresh = [name for name in names if name and name not in there.values()]
        what.append(f"into the groups {', '.join(fresh)}")
        update["groups"] = [{"groupid": one} for one in there] + more


def _templates(
    host: dict[str, Any], templates: dict[str, str], what: list[str], update: dict[str, Any]
) -> None:
    there = [one["templateid"] for one in host["parentTemplates"]]
    more = {key: name for key, name in templates.items() if key not in there}
    if more:
        what.append(f"templates {', '.join(more.values())}")
        update["templates"] = [{"templateid": one} for one in [*there, *more]]


def _tags(host: dict[str, Any], row: HostRow, what: list[str], update: dict[str, Any]) -> None:
    there = [{"tag": one["tag"], "value": one["value"]} for one in host["tags"]]
    more = [one for one in tags(row.tags) if one not in there]
    if more:
        what.append("tags " + ", ".join(f"{one['tag']}={one['value']}" for one in more))
        update["tags"] = there + more


def _interfaces(host: dict[str, Any], row: HostRow, what: list[str]) -> Calls:
    calls: Calls = []
    for one in row.made_interfaces():
        params = one.params()
        same = [
            known for known in host["interfaces"]
            if str(known["type"]) == str(params["type"]) and str(known["main"]) == "1"
        ]  # fmt: skip
        if not one.main or not same:
            if any(_alike(known, params) for known in host["interfaces"]):
                continue
            what.append(f"a new interface {one}")
            calls.append(["hostinterface.create", {**params, "hostid": host["hostid"]}])
        elif not _alike(same[0], params):
            what.append(f"the main interface: {one}")
            calls.append(
                ["hostinterface.update", {**params, "interfaceid": same[0]["interfaceid"]}]
            )
    return calls


def _alike(known: dict[str, Any], params: dict[str, Any]) -> bool:
    if any(str(known[key]) != str(params[key]) for key in ("type", "useip", "ip", "dns", "port")):
        return False
    given, there = params.get("details") or {}, known.get("details")
    found = there if isinstance(there, dict) else {}
    # What the server does not show, such as a passphrase, is no difference.
    return all(str(found[key]) == str(value) for key, value in given.items() if key in found)


def _macros(host: dict[str, Any], row: HostRow, what: list[str]) -> Calls:
    there = {one["macro"]: one for one in host["macros"]}
    calls: Calls = []
    for one in macros(row.macros):
        known = there.get(one["macro"])
        if known is None:
            what.append(f"macro {one['macro']}")
            calls.append(["usermacro.create", {"hostid": host["hostid"], **one}])
        elif "secret" in one or (known.get("value"), str(known["type"])) != (
            one["value"], str(one["type"]),
        ):  # fmt: skip
            what.append(f"macro {one['macro']} anew")
            given = {key: value for key, value in one.items() if key != "macro"}
            calls.append(["usermacro.update", {"hostmacroid": known["hostmacroid"], **given}])
    return calls
