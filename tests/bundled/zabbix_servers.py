"""The servers that the Zabbix toolkit's tests run on: Zabbix 6.0 itself, where Debian's packages
are installed, and stand-ins for 7.x that are written from its documentation. A test's id says
which one it ran on.
"""

import itertools

import pytest
from toolkit_sdk import Secret
from toolkit_sdk.testing import fake_context

from tests.support import zabbix as real
from tests.support import zabbix7
from zabbix_toolkit import toolkit
from zabbix_toolkit.app import Instance

AGENT = "Linux by Zabbix agent"
SNMP = "Linux by SNMP"
_ITEMS = ((AGENT, 0, "agent.ping"), (SNMP, 20, "system.uptime"))
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def zabbix_itself(tmp_path_factory):
    """Zabbix 6.0's own API."""
    if missing := real.missing():
        pytest.skip(
            f"nothing ran on Zabbix 6.0 itself, because {missing} are not installed here "
            f"(apt install {real.PACKAGES})"
        )
    with real.running(tmp_path_factory.mktemp("zabbix")) as made:
        ids = {one["host"]: one["templateid"] for one in made.call("template.get", {})}
        for template, kind, key in _ITEMS:
            item = {"hostid": ids[template], "name": key, "key_": key, "type": kind}
            more = {"snmp_oid": "1.3.6.1.2.1.1.3.0"} if kind == 20 else {}
            made.call("item.create", {**item, **more, "value_type": 3, "delay": "1m"})
        made.call("proxy.create", {"host": "edge", "status": 5})
        yield made


def _standin(version):
    made = zabbix7.Standin(version)
    for name in ("Linux servers", "Zabbix servers", "Discovered hosts"):
        made.add("hostgroup", name=name)
    operating = {"groupid": made.add("templategroup", name="Templates/Operating systems")}
    group = made.data["templategroup"][operating["groupid"]]
    for template, kind, key in _ITEMS:
        made_id = made.add(
            "template", host=template, name=template, description="", tags=[], _groups=[group]
        )
        made.add("item", hostid=made_id, name=key, key_=key, type=str(kind), state="0", status="0")
    made.add("proxy", name="edge", lastaccess="0", proxy_groupid="0")
    made.add("proxygroup", name="edges")
    return made


@pytest.fixture(params=["zabbix-6.0-itself", "standin-7.0.5", "standin-7.4.1"])
def zabbix(request):
    """A Zabbix of each kind."""
    if request.param == "zabbix-6.0-itself":
        yield request.getfixturevalue("zabbix_itself")
        return
    made = _standin(request.param.partition("-")[2])
    with zabbix7.serving(made):
        yield made


@pytest.fixture
def standin():
    """A stand-in for 7.x alone, for what cannot be done to the real one."""
    made = _standin("7.0.5")
    with zabbix7.serving(made):
        yield made


@pytest.fixture
def unique():
    """A prefix for names that no other test has, because the real server keeps what was made."""
    return f"t{next(_numbers)}"


def context(**options):
    return fake_context(toolkit, **options)


def instance_of(ctx, server, **fields):
    """A record of the server, with its token."""
    values = {"name": "prod", "url": server.url, "token": Secret(server.token), **fields}
    return ctx.add(Instance(**values))


def host_of(server, name):
    """A host as the server has it, with its groups under one name."""
    key = "selectHostGroups" if hasattr(server, "version") else "selectGroups"
    found = server.call("host.get", {
        "filter": {"host": [name]}, key: ["name"], "selectParentTemplates": ["host"],
        "selectInterfaces": "extend", "selectTags": ["tag", "value"], "selectMacros": "extend",
    })  # fmt: skip
    if not found:
        return None
    one = found[0]
    one["groupnames"] = sorted(
        group["name"] for group in one.get("hostgroups") or one.get("groups") or []
    )
    one["templatenames"] = sorted(template["host"] for template in one["parentTemplates"])
    return one


def parts(section):
    """The views of a section by their kind."""
    found = {}
    for view in section.views:
        found.setdefault(view.view, []).append(view)
    return found


def outcomes(section):
    """What the table of a bulk operation says of each host."""
    table = parts(section)["table"][0]
    return {row["host"]: (row["state"]["text"], row["what"]) for row in table.rows}
