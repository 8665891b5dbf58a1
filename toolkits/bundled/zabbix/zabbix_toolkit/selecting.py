"""Which hosts, templates or groups are meant: the filters of a preview and an export."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from toolkit_sdk import ToolkitError

from zabbix_toolkit import exportrows
from zabbix_toolkit.catalog import details
from zabbix_toolkit.client import Api
from zabbix_toolkit.hostrow import tags
from zabbix_toolkit.lookup import (
    group_ids,
    searching,
    tagged,
    template_group_ids,
    template_ids,
)

What = Literal["hosts", "templates", "host groups"]


class Filters(BaseModel):
    """Empty filters let everything through; several of them must all fit."""

    model_config = ConfigDict(extra="forbid")
    search: str = Field(default="", max_length=500, description="Part of a name; * for any text")
    groups: str = Field(
        default="", max_length=4000, description="In any of these groups: Linux servers; Web/*"
    )
    templates: str = Field(
        default="", max_length=4000, description="Hosts linked to any of these templates"
    )
    tags: str = Field(
        default="", max_length=2000, description="env=prod for that value, env for any"
    )
    status: Literal["any", "enabled", "disabled"] = Field(default="any", description="Of hosts")

    @field_validator("tags")
    @classmethod
    def _tags(cls, value: str) -> str:
        tags(value)
        return value


Row = dict[str, Any]


@dataclass(frozen=True)
class Selection:
    """A kind of object, with the calls that find it and what a row of it looks like."""

    kind: str
    key: str
    chosen: dict[str, Any]
    details: dict[str, Any]
    row: Callable[[dict[str, Any]], Row]
    columns: tuple[str, ...]

    def count(self, api: Api) -> int:
        """How many there are."""
        return api.count(self.kind, **self.chosen)

    def ids(self, api: Api, limit: int | None = None) -> list[str]:
        """Their ids, in the order of their names."""
        most = {"limit": limit} if limit else {}
        name = "name"
        found = api.get(
            self.kind, output=[self.key, name], sortfield=[name], **self.chosen, **most
        )
        return [one[self.key] for one in found]

    def rows(self, api: Api, ids: list[str]) -> list[Row]:
        """What is exported of each, in the order of ``ids``."""
        found = {
            one[self.key]: self.row(one)
            for one in api.pages(self.kind, self.key, ids, **self.details)
        }
        return [found[one] for one in ids if one in found]


def select(api: Api, what: What, filters: Filters) -> Selection:
    """Turn filters into a selection. Raises ``ToolkitError`` at the field that fits nothing."""
    unusable = [
        name for name in ("templates", "tags", "groups")
        if getattr(filters, name) and name not in _USABLE[what]
    ]  # fmt: skip
    if filters.status != "any" and what != "hosts":
        unusable.append("status")
    if unusable:
        raise ToolkitError(
            f"it is no filter for {what}; leave it empty.", field=f"filters.{unusable[0]}"
        )
    return {"hosts": _hosts, "templates": _templates, "host groups": _groups}[what](api, filters)


_USABLE: dict[str, tuple[str, ...]] = {
    "hosts": ("templates", "tags", "groups"),
    "templates": ("tags", "groups"),
    "host groups": (),
}


def _hosts(api: Api, filters: Filters) -> Selection:
    chosen = {**searching(filters.search, ("host", "name")), **tagged(filters.tags)}
    if filters.groups:
        chosen["groupids"] = group_ids(api, filters.groups, "filters.groups")
    if filters.templates:
        chosen["templateids"] = template_ids(api, filters.templates, "filters.templates")
    if filters.status != "any":
        chosen["filter"] = {"status": int(filters.status == "disabled")}
    row = exportrows.hosts(api)
    return Selection("host", "hostid", chosen, details(api), row, exportrows.HOST_COLUMNS)


def _templates(api: Api, filters: Filters) -> Selection:
    chosen = {**searching(filters.search, ("host", "name")), **tagged(filters.tags)}
    if filters.groups:
        chosen["groupids"] = template_group_ids(api, filters.groups, "filters.groups")
    wanted = {
        "output": ["templateid", "host", "name", "description"],
        api.dialect.select_template_groups: ["name"],
        "selectTags": ["tag", "value"],
        "selectMacros": ["macro", "value", "type"],
        "selectParentTemplates": ["host"],
        "selectHosts": "count",
    }
    row = exportrows.templates(api)
    columns = exportrows.TEMPLATE_COLUMNS
    return Selection("template", "templateid", chosen, wanted, row, columns)


def _groups(api: Api, filters: Filters) -> Selection:
    chosen = searching(filters.search, ("name",))
    wanted = {"output": ["groupid", "name"], "selectHosts": "count"}
    columns = exportrows.GROUP_COLUMNS
    return Selection("hostgroup", "groupid", chosen, wanted, exportrows.group, columns)
