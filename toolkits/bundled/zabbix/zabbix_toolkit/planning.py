"""What each row would do: create a host, change one, nothing, or be refused, and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from toolkit_sdk import ToolkitError

from zabbix_toolkit.catalog import Catalog, missing_interfaces
from zabbix_toolkit.changing import changes_of
from zabbix_toolkit.client import Api
from zabbix_toolkit.dialect import Dialect
from zabbix_toolkit.hostfile import Line
from zabbix_toolkit.hostrow import HostRow, macros, parts, tags

Existing = Literal["refuse", "skip", "change"]
Act = Literal["create", "change", "unchanged", "refused"]


@dataclass
class Plan:
    """What is to be done for one row. ``calls`` are methods of the API with their parameters;
    it is plain data, so that a later attempt can go on with the same plan."""

    number: int
    host: str
    act: Act
    what: list[str] = field(default_factory=list)
    calls: list[list[Any]] = field(default_factory=list)

    def packed(self) -> dict[str, Any]:
        """As JSON types."""
        return asdict(self)


@dataclass(frozen=True)
class Rules:
    """How rows are taken."""

    existing: Existing
    create_groups: bool


@dataclass(frozen=True)
class Usual:
    """What rows have that name none of their own."""

    groups: str = ""
    templates: str = ""
    proxy: str = ""

    def fill(self, line: Line) -> Line:
        """The line with what it leaves out."""
        if line.row is None:
            return line
        update = {
            name: value for name, value in asdict(self).items()
            if value and not getattr(line.row, name)
        }  # fmt: skip
        return Line(line.number, line.host, line.row.model_copy(update=update))

    def check(self, dialect: Dialect, made: Catalog, rules: Rules) -> None:
        """Raises ``ToolkitError`` at the input that names what is not there."""
        unknown = [name for name in parts(self.groups) if name not in made.groups]
        if unknown and not rules.create_groups:
            raise ToolkitError(f"no such host group: {', '.join(unknown)}.", field="groups")
        unknown = [name for name in parts(self.templates) if name not in made.templates]
        if unknown:
            raise ToolkitError(f"no such template: {', '.join(unknown)}.", field="templates")
        for why in _proxy_refusal(dialect, made, self.proxy):
            raise ToolkitError(f"{why}.", field="proxy")


def named(lines: list[Line], usual: Usual) -> dict[str, set[str]]:
    """What the rows and the usual name, by its kind; to ask the server for."""
    rows = [line.row for line in lines if line.row is not None]
    return {
        "hosts": {row.host for row in rows},
        "names": {row.name for row in rows if row.name},
        "groups": {name for row in [*rows, usual] for name in parts(row.groups)},
        "templates": {name for row in [*rows, usual] for name in parts(row.templates)},
        "proxies": {row.proxy for row in [*rows, usual]},
    }


def plan(api: Api, made: Catalog, lines: list[Line], rules: Rules) -> list[Plan]:
    """Plan every row, with what the rows before it already take."""
    seen: dict[str, int] = {}
    names: dict[str, int] = {}
    plans = []
    for line in lines:
        if line.row is None:
            plans.append(Plan(line.number, line.host, "refused", [line.error]))
            continue
        row = line.row
        why = _refusals(api.dialect, made, row, rules, seen, names)
        seen.setdefault(row.host, line.number)
        names.setdefault(row.name or row.host, line.number)
        if why:
            plans.append(Plan(line.number, row.host, "refused", why))
        elif row.host in made.hosts:
            plans.append(_existing(api.dialect, made, line.number, row, rules))
        else:
            plans.append(_new(api.dialect, made, line.number, row))
    return plans


def _refusals(
    dialect: Dialect,
    made: Catalog,
    row: HostRow,
    rules: Rules,
    seen: dict[str, int],
    names: dict[str, int],
) -> list[str]:
    why = []
    if row.host in seen:
        return [f"row {seen[row.host]} is for the same host"]
    if row.host in made.hosts and rules.existing == "refuse":
        return ["a host of this name is there already"]
    if row.host in made.taken_by_templates:
        why.append("a template of this name is there already")
    visible = row.name or row.host
    owner = made.visible.get(visible)
    if owner not in (None, row.host):
        why.append(f"the host {owner} has the visible name {visible!r} already")
    elif visible in names:
        why.append(f"row {names[visible]} has the same visible name")
    groups = parts(row.groups)
    if row.host not in made.hosts and not groups:
        why.append("a host needs at least one group")
    unknown = [name for name in groups if name not in made.groups]
    if unknown and not rules.create_groups:
        why.append(f"no such host group: {', '.join(unknown)}")
    strange = [name for name in parts(row.templates) if name not in made.templates]
    if strange:
        why.append(f"no such template: {', '.join(strange)}")
    why += _proxy_refusal(dialect, made, row.proxy)
    if not strange:
        kinds = {one.params()["type"] for one in row.made_interfaces()}
        there = made.hosts.get(row.host, {}).get("interfaces") or []
        kinds |= {int(one["type"]) for one in there}
        why += missing_interfaces(made, parts(row.templates), kinds)
    return why


def _proxy_refusal(dialect: Dialect, made: Catalog, proxy: str) -> list[str]:
    if proxy in ("", "server"):
        return []
    if not proxy.startswith("group:"):
        return [] if proxy in made.proxies else [f"no such proxy: {proxy}"]
    if not dialect.new_proxies:
        return [f"Zabbix {dialect.version} has no proxy groups"]
    name = proxy.removeprefix("group:").strip()
    return [] if name in made.proxy_groups else [f"no such proxy group: {name}"]


def monitored(made: Catalog, proxy: str) -> tuple[str, str]:
    """By what a row wants its host to be monitored: a kind and an id."""
    if proxy in ("", "server"):
        return "server", "0"
    if proxy.startswith("group:"):
        return "proxy group", made.proxy_groups[proxy.removeprefix("group:").strip()]
    return "proxy", made.proxies[proxy]


def group_of(made: Catalog, name: str) -> dict[str, str]:
    """A group for a call; one that is not there yet by its name, until it is."""
    return {"groupid": made.groups[name]} if name in made.groups else {"name": name}


def _new(dialect: Dialect, made: Catalog, number: int, row: HostRow) -> Plan:
    groups, templates = parts(row.groups), parts(row.templates)
    ids = dict.fromkeys(made.templates[name] for name in templates)
    params: dict[str, Any] = {
        "host": row.host,
        "groups": [group_of(made, name) for name in groups],
        "interfaces": [one.params() for one in row.made_interfaces()],
        "templates": [{"templateid": one} for one in ids],
        "tags": tags(row.tags),
        "macros": macros(row.macros),
        "status": int(row.status == "disabled"),
    }
    if row.name:
        params["name"] = row.name
    if row.description:
        params["description"] = row.description
    if row.proxy not in ("", "server"):
        params |= dialect.monitor(*monitored(made, row.proxy))
    shown = {
        "groups": ", ".join(groups), "templates": ", ".join(templates),
        "interfaces": ", ".join(map(str, row.made_interfaces())), "tags": row.tags,
        "macros": ", ".join(one["macro"] for one in macros(row.macros)), "proxy": row.proxy,
        "status": row.status,
    }  # fmt: skip
    what = [f"{name}: {value}" for name, value in shown.items() if value]
    return Plan(number, row.host, "create", what, [["host.create", params]])


def _existing(
    dialect: Dialect, made: Catalog, number: int, row: HostRow, rules: Rules
) -> Plan:
    if rules.existing == "skip":
        return Plan(number, row.host, "unchanged", ["it is there already"])
    groups = [group_of(made, name) for name in parts(row.groups)]
    templates = {made.templates[name]: name for name in parts(row.templates)}
    wanted = monitored(made, row.proxy) if row.proxy else None
    what, calls = changes_of(dialect, made.hosts[row.host], row, groups, templates, wanted)
    return Plan(number, row.host, "change" if calls else "unchanged", what, calls)
