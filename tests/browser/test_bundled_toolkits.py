"""Each bundled toolkit in the console: its form, its result, its documents with their picture."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import RESULTS
from tests.browser.console import Console
from tests.support import listeners, zabbix7
from tests.support.kits import run_here
from tests.support.processes import BASE
from tests.support.tls import issue
from toolkits.bundles.install import install_bundle
from toolkits.models import Toolkit
from toolkits.records import create

BUNDLED = BASE / "toolkits" / "bundled"


@dataclass
class Servers:
    """What the toolkits are pointed at."""

    web: str
    web_port: int
    tls_port: int
    closed: int
    zabbix: zabbix7.Standin


@dataclass
class Visit:
    """A form to fill in and what its result must show."""

    slug: str
    operation: str
    fields: dict[str, str]
    shows: list[str]
    choices: dict[str, str] = field(default_factory=dict)
    dry_run: bool = False


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    body = json.dumps({"items": [{"id": 1, "state": "open"}], "total": 1}).encode()
    with ExitStack() as kept:
        site = kept.enter_context(
            listeners.web(lambda _: (200, {"Content-Type": "application/json"}, body))
        )
        root = issue("Example root", ca=True)
        leaf = issue("localhost", by=issue("Example issuing", by=root, ca=True), days=20)
        secure = kept.enter_context(listeners.tcp(listeners.over_tls(leaf.context(tmp_path))))
        standin = monitored()
        kept.enter_context(zabbix7.serving(standin))
        yield Servers(site.url, site.port, secure, listeners.closed_port(), standin)


def monitored() -> zabbix7.Standin:
    """A Zabbix with a group, a template and a host."""
    made = zabbix7.Standin("7.0.5")
    group = made.add("hostgroup", name="Linux servers")
    linux = made.add("template", host="Linux by Zabbix agent", name="Linux by Zabbix agent")
    made.add("item", hostid=linux, key_="agent.ping", type="0")
    made.perform("host.create", {
        "host": "web1", "groups": [{"groupid": group}], "tags": [{"tag": "env", "value": "prod"}],
    })  # fmt: skip
    return made


HOSTS = """host,groups,templates,interfaces,tags
web1,Linux servers,,agent 192.0.2.11,env=prod; role=web
web2,Linux servers,Linux by Zabbix agent,agent 192.0.2.12,env=prod; role=web
db1,Linux servers,Linux by Zabbix agent,snmp 192.0.2.21,env=prod; role=db
db2,Database servers,Linux by Zabbix agent,agent 192.0.2.22,env=prod
"""


def visits(servers: Servers) -> list[Visit]:
    log = "\n".join(
        f'192.0.2.{n} - - [10/Oct/2025:13:5{n}:36 +0200] "GET /item/{n} HTTP/1.1" {status} 23{n}'
        for n, status in enumerate((200, 502, 404, 200), 1)
    )
    pattern = r'"(?P<method>[A-Z]+) (?P<path>\S+)[^"]*" (?P<status>\d{3})'
    return [
        Visit(
            "regex",
            "test",
            {"pattern": pattern, "sample": log},
            ["method", "/item/2", "502"],
        ),
        Visit("subnet-cheatsheet", "summary", {"cidr": "10.20.30.77/26"}, ["10.20.30.64/26"]),
        Visit(
            "tls-watchtower",
            "check",
            {"host": "localhost", "port": str(servers.tls_port)},
            ["Findings", "Example issuing", "days left"],
        ),
        Visit("api_checker", "send", {"url": f"{servers.web}/items"}, ["200", "Headers", "total"]),
        Visit(
            "latency_sleuth", "try_url", {"url": servers.web, "samples": "8"},
            ["first byte", "Samples"],
        ),
        Visit(
            "connectivity",
            "check",
            {"hosts": "127.0.0.1\nlocalhost", "ports": f"{servers.web_port}\n{servers.closed}"},
            ["connection refused"],
        ),
        Visit(
            "zabbix",
            "add_hosts",
            {"text": HOSTS},
            ["What would be done", "no such host group: Database servers", "tags role=web"],
            {"instance": "production", "existing": "change"},
            dry_run=True,
        ),
        Visit("toolbox_health", "status", {}, ["Queue default", "Scheduler", "Workers"]),
        Visit("sample-toolkit", "gallery", {}, ["Every view", "Heat map", "availability"]),
    ]  # fmt: skip


def installed(slug: str, user: Any) -> Toolkit:
    version = install_bundle(BUNDLED / slug, user=user, via="cli", bundled=True)
    return Toolkit.objects.select_related("active_version").get(pk=version.toolkit_id)


def prepare(slug: str, toolkit: Toolkit, user: Any, servers: Servers) -> None:
    """Records, so that a page shows more than its empty state."""
    if slug == "connectivity":
        data = {"name": "shop", "hosts": ["127.0.0.1"], "ports": f"{servers.web_port}"}
        create(toolkit, "targets", data, user)
        run_here(toolkit, user, "check_targets")
    elif slug == "zabbix":
        data = {"name": "production", "url": servers.zabbix.url, "token": servers.zabbix.token}
        create(toolkit, "instances", data, user)
    elif slug == "subnet-cheatsheet":
        create(toolkit, "subnets", {"name": "all", "cidr": "10.0.0.0/16", "parent": True}, user)


def fill(console: Console, visit: Visit) -> None:
    page = console.page
    for name, text in visit.fields.items():
        place = page.locator(f"[name='{name}']").first
        if place.evaluate("one => one.tagName") == "TEXTAREA" or "\n" not in text:
            place.fill(text)
        else:
            place.fill(text.replace("\n", ","))
    for name, choice in visit.choices.items():
        page.select_option(f"[name='{name}']", choice)


def test_each_is_run_and_read_in_the_console(
    console: Console, run_worker: Any, admin_user: Any, servers: Servers
) -> None:
    RESULTS.mkdir(exist_ok=True)
    for visit in visits(servers):
        toolkit = installed(visit.slug, admin_user)
        prepare(visit.slug, toolkit, admin_user, servers)
        page = console.open(f"/toolkits/{visit.slug}/run/{visit.operation}/")
        fill(console, visit)
        button = "button[name=_dry_run]" if visit.dry_run else "button[type=submit]"
        page.locator(f".run-form {button}").last.click()
        for text in visit.shows:
            console.until(
                f"document.querySelector('main')?.textContent.includes({json.dumps(text)})", 60
            )
        assert console.overflow() <= 0, visit.slug
        page.screenshot(path=RESULTS / f"bundled-{visit.slug}.png")
        console.open(f"/toolkits/{visit.slug}/")
        page.screenshot(path=RESULTS / f"bundled-{visit.slug}-toolkit.png")
        console.open(f"/toolkits/{visit.slug}/docs/")
        console.until(
            "[...document.querySelectorAll('.prose img')].length > 0"
            " && [...document.querySelectorAll('.prose img')].every(one => one.naturalWidth > 0)",
            60,
        )
        page.screenshot(path=RESULTS / f"bundled-{visit.slug}-docs.png")


def patterns(schema: Any) -> Iterator[str]:
    """Every pattern in a schema."""
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        schema = list(schema.values())
    if isinstance(schema, list):
        for entry in schema:
            yield from patterns(entry)


def test_patterns_of_forms_are_good_for_browsers_too(page: Any, storage: Path, db: None) -> None:
    found = set()
    for folder in sorted(BUNDLED.iterdir()):
        if (folder / "toolkit.json").is_file():
            found |= set(patterns(installed(folder.name, None).active_version.description))

    # A form's pattern is read with the flag v, which is stricter than Python.
    script = "all => all.filter(one => { try { new RegExp(one, 'v') } catch { return true } })"
    assert len(found) > 5
    assert page.evaluate(script, sorted(found)) == []
