"""What differs between the versions of Zabbix's API, in one place.

6.2 parted template groups from host groups, 6.4 brought the bearer header, 7.0 new names for
proxies, 7.2 removed what had been deprecated until then.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

OLDEST = (6, 0)


@dataclass(frozen=True)
class Dialect:
    """How one version of the API wants to be spoken to."""

    version: str

    @property
    def number(self) -> tuple[int, int]:
        """Major and minor version."""
        found = re.match(r"(\d+)\.(\d+)", self.version)
        return (int(found[1]), int(found[2])) if found else (0, 0)

    @property
    def bearer(self) -> bool:
        """Whether the token goes into the Authorization header instead of the request."""
        return self.number >= (6, 4)

    @property
    def own_template_groups(self) -> bool:
        """Whether templates have groups of their own."""
        return self.number >= (6, 2)

    @property
    def new_proxies(self) -> bool:
        """Whether proxies have names and groups, and hosts say by what they are monitored."""
        return self.number >= (7, 0)

    @property
    def select_groups(self) -> str:
        """The parameter of ``host.get`` and ``maintenance.get`` for host groups."""
        return "selectHostGroups" if self.own_template_groups else "selectGroups"

    @property
    def groups_key(self) -> str:
        """Where ``host.get`` answers with them."""
        return "hostgroups" if self.own_template_groups else "groups"

    @property
    def maintenance_groups_key(self) -> str:
        """Where ``maintenance.get`` answers with host groups."""
        return "hostgroups" if self.own_template_groups else "groups"

    @property
    def select_template_groups(self) -> str:
        """The parameter of ``template.get`` for its groups."""
        return "selectTemplateGroups" if self.own_template_groups else "selectGroups"

    @property
    def template_groups_key(self) -> str:
        """Where ``template.get`` answers with them."""
        return "templategroups" if self.own_template_groups else "groups"

    @property
    def template_group_api(self) -> str:
        """The API that holds the groups of templates."""
        return "templategroup" if self.own_template_groups else "hostgroup"

    @property
    def only_groups_of_hosts(self) -> dict[str, bool]:
        """The filter of ``hostgroup.get`` for groups with hosts."""
        return {"with_hosts" if self.own_template_groups else "real_hosts": True}

    @property
    def proxy_name(self) -> str:
        """The property that names a proxy."""
        return "name" if self.new_proxies else "host"

    @property
    def host_proxy_output(self) -> list[str]:
        """The properties of a host that tell by what it is monitored."""
        if self.new_proxies:
            return ["monitored_by", "proxyid", "proxy_groupid"]
        return ["proxy_hostid"]

    def monitored_by(self, host: dict[str, Any]) -> tuple[str, str]:
        """``("server", "0")``, ``("proxy", id)`` or ``("proxy group", id)``."""
        if not self.new_proxies:
            found = str(host.get("proxy_hostid", "0"))
            return ("proxy", found) if found != "0" else ("server", "0")
        kind = {"1": "proxy", "2": "proxy group"}.get(str(host.get("monitored_by", "0")), "server")
        ids = {"proxy": "proxyid", "proxy group": "proxy_groupid"}
        return kind, str(host[ids[kind]]) if kind in ids else "0"

    def monitor(self, kind: str, wanted: str) -> dict[str, Any]:
        """The properties of a host that make it monitored so."""
        if not self.new_proxies:
            return {"proxy_hostid": wanted}
        if kind == "proxy":
            return {"monitored_by": 1, "proxyid": wanted}
        if kind == "proxy group":
            return {"monitored_by": 2, "proxy_groupid": wanted}
        return {"monitored_by": 0}

    def can(self, action: str) -> bool:
        """Whether problems can be dealt with in that way."""
        return self.number >= {"suppress": (6, 2), "unsuppress": (6, 2)}.get(action, (0, 0))
