"""What the stand-in for Zabbix 7.x does when it is written to."""

from __future__ import annotations

from typing import Any

Params = dict[str, Any]

IDS = {
    "host": "hostid", "hostgroup": "groupid", "template": "templateid", "templategroup": "groupid",
    "proxy": "proxyid", "proxygroup": "proxy_groupid", "item": "itemid", "problem": "eventid",
    "hostinterface": "interfaceid", "usermacro": "hostmacroid", "maintenance": "maintenanceid",
    "trigger": "triggerid",
}  # fmt: skip
_HOST = {
    "host", "name", "status", "description", "monitored_by", "proxyid", "proxy_groupid", "groups",
    "interfaces", "templates", "tags", "macros", "inventory", "inventory_mode", "tls_connect",
    "tls_accept", "hostid", "templates_clear",
}  # fmt: skip
_INTERFACE = {"interfaceid", "hostid", "type", "main", "useip", "ip", "dns", "port", "details"}
_MACRO = {"hostmacroid", "hostid", "macro", "value", "type", "description"}
_MAINTENANCE = {
    "maintenanceid", "name", "active_since", "active_till", "description", "maintenance_type",
    "tags_evaltype", "groups", "hosts", "timeperiods", "tags",
}  # fmt: skip


_PLAIN = ("host", "name", "status", "description", "monitored_by", "proxyid", "proxy_groupid")


class Refused(Exception):
    """An error of the API."""

    def __init__(self, data: str, code: int = -32602, message: str = "Invalid params.") -> None:
        super().__init__(data)
        self.error = {"code": code, "message": message, "data": data}


def only(params: Params, known: set[str], path: str = "/") -> None:
    """Refuse names that are not known."""
    for name in params:
        if name not in known:
            raise Refused(f'Invalid parameter "{path}": unexpected parameter "{name}".')


def _texts(values: Params) -> Params:
    return {
        name: value if isinstance(value, dict | list) else str(value)
        for name, value in values.items()
    }


class Writing:
    """Methods that create, update and delete. ``data`` holds objects by kind and id."""

    data: dict[str, dict[str, dict[str, Any]]]

    def add(self, kind: str, **values: Any) -> str:
        """Store an object and return its id."""
        raise NotImplementedError

    def _hostgroup_create(self, params: Params) -> Any:
        only(params, {"name"})
        if any(one["name"] == params["name"] for one in self.data["hostgroup"].values()):
            raise Refused(f'Host group "{params["name"]}" already exists.')
        return {"groupids": [self.add("hostgroup", name=params["name"])]}

    def _host_create(self, params: Params) -> Any:
        only(params, _HOST - {"hostid", "templates_clear"}, "/1")
        if not params.get("groups"):
            raise Refused('Invalid parameter "/1/groups": cannot be empty.')
        for name, label in (("host", ""), ("name", "visible ")):
            value = params.get(name, params["host"])
            if any(one[name] == value for one in self.data["host"].values()):
                raise Refused(f'Host with the same {label}name "{value}" already exists.')
        key = self.add(
            "host", host=params["host"], name=params["host"], status="0", description="",
            monitored_by="0", proxyid="0", proxy_groupid="0", maintenance_status="0", tags=[],
            _groups=[], _templates=[],
        )  # fmt: skip
        try:
            self._set(key, params)
        except Refused:
            del self.data["host"][key]
            raise
        return {"hostids": [key]}

    def _host_update(self, params: Params) -> Any:
        only(params, _HOST, "/1")
        self._set(params["hostid"], params)
        return {"hostids": [params["hostid"]]}

    def _set(self, key: str, params: Params) -> None:
        host = self.data["host"].get(key)
        if host is None:
            raise Refused("No permissions to referred object or it does not exist!")
        links = self._links(params)
        for one in params.get("interfaces", []):
            only(one, _INTERFACE - {"interfaceid", "hostid"}, "/1/interfaces/1")
        for one in params.get("tags", []):
            only(one, {"tag", "value"}, "/1/tags/1")
        self._check_interfaces(key, params, links.get("_templates", []))
        for one in params.get("macros", []):
            self.add("usermacro", hostid=key, description="", **one)
        for one in params.get("interfaces", []):
            self.add("hostinterface", hostid=key, available="0", error="", **_texts(one))
        host |= {name: str(params[name]) for name in _PLAIN if name in params}
        host |= links
        if "tags" in params:
            host["tags"] = params["tags"]

    def _links(self, params: Params) -> Params:
        links: Params = {}
        kinds = (("groups", "hostgroup", "_groups"), ("templates", "template", "_templates"))
        for name, kind, to in kinds:
            for one in params.get(name, []):
                only(one, {IDS[kind]}, f"/1/{name}/1")
            if name in params:
                links[to] = [self.data[kind][one[IDS[kind]]] for one in params[name]]
        return links

    def _check_interfaces(self, key: str, params: Params, templates: list[Params]) -> None:
        there = [one for one in self.data["hostinterface"].values() if one["hostid"] == key]
        kinds = {int(one["type"]) for one in [*there, *params.get("interfaces", [])]}
        linked = {one["templateid"] for one in templates}
        for item in self.data["item"].values():
            needed = {"0": 1, "20": 2}.get(str(item["type"]))
            if item["hostid"] in linked and needed and needed not in kinds:
                name = self.data["host"][key]["host"]
                raise Refused(
                    f'Cannot find host interface on "{name}" for item key "{item["key_"]}".'
                )

    def _hostinterface_create(self, params: Params) -> Any:
        only(params, _INTERFACE - {"interfaceid"}, "/1")
        return {
            "interfaceids": [self.add("hostinterface", available="0", error="", **_texts(params))]
        }

    def _hostinterface_update(self, params: Params) -> Any:
        only(params, _INTERFACE - {"hostid"}, "/1")
        self.data["hostinterface"][params["interfaceid"]] |= _texts(params)
        return {"interfaceids": [params["interfaceid"]]}

    def _usermacro_create(self, params: Params) -> Any:
        only(params, _MACRO - {"hostmacroid"}, "/1")
        return {"hostmacroids": [self.add("usermacro", description="", **params)]}

    def _usermacro_update(self, params: Params) -> Any:
        only(params, _MACRO - {"hostid"}, "/1")
        self.data["usermacro"][params["hostmacroid"]] |= params
        return {"hostmacroids": [params["hostmacroid"]]}

    def _maintenance_create(self, params: Params) -> Any:
        only(params, _MAINTENANCE - {"maintenanceid"}, "/1")
        if not params.get("groups") and not params.get("hosts"):
            raise Refused("At least one host group or host must be selected.")
        if any(one["name"] == params["name"] for one in self.data["maintenance"].values()):
            raise Refused(f'Maintenance "{params["name"]}" already exists.')
        groups = [self.data["hostgroup"][one["groupid"]] for one in params.get("groups", [])]
        hosts = [self.data["host"][one["hostid"]] for one in params.get("hosts", [])]
        plain = {name: str(params.get(name, "")) for name in (
            "name", "active_since", "active_till", "description", "maintenance_type",
            "tags_evaltype",
        )}  # fmt: skip
        periods = [_texts(one) for one in params["timeperiods"]]
        key = self.add(
            "maintenance", **plain, _groups=groups, _hosts=hosts, timeperiods=periods,
            _hostids=[one["hostid"] for one in hosts], tags=params.get("tags", []),
        )  # fmt: skip
        return {"maintenanceids": [key]}

    def _maintenance_update(self, params: Params) -> Any:
        only(params, _MAINTENANCE, "/1")
        one = self.data["maintenance"][params["maintenanceid"]]
        one |= {name: str(value) for name, value in params.items() if name in one and name[0] != "_"
                and name not in ("timeperiods", "tags")}  # fmt: skip
        if "timeperiods" in params:
            one["timeperiods"] = [_texts(period) for period in params["timeperiods"]]
        return {"maintenanceids": [params["maintenanceid"]]}

    def _maintenance_delete(self, params: list[str]) -> Any:
        for key in params:
            del self.data["maintenance"][key]
        return {"maintenanceids": params}

    def _event_acknowledge(self, params: Params) -> Any:
        only(
            params, {"eventids", "action", "message", "severity", "suppress_until", "cause_eventid"}
        )
        action = int(params["action"])
        if action & 4 and not params.get("message"):
            raise Refused('Invalid parameter "/message": cannot be empty.')
        for key in params["eventids"]:
            problem = self.data["problem"].get(key)
            if problem is None:
                raise Refused("No permissions to referred object or it does not exist!")
            if action & 1 and problem.get("_no_close"):
                raise Refused(
                    f'Cannot close problem: trigger "{problem["name"]}" does not allow manual '
                    "closing."
                )
        for key in params["eventids"]:
            self._acknowledge(self.data["problem"][key], action, params)
        return {"eventids": params["eventids"]}

    @staticmethod
    def _acknowledge(problem: Params, action: int, params: Params) -> None:
        problem["_acknowledges"].append({
            "message": params.get("message", ""), "action": str(action), "clock": "1700000000",
            "userid": "1", "username": "Admin",
        })  # fmt: skip
        for bit, name, value in (
            (2, "acknowledged", "1"), (16, "acknowledged", "0"), (32, "suppressed", "1"),
            (64, "suppressed", "0"), (8, "severity", str(params.get("severity"))),
        ):  # fmt: skip
            if action & bit:
                problem[name] = value
