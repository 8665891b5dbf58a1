"""An operation of every bundled toolkit does the same by form, by API and by command line.

The door of zabbix, whose results are of a server, is tried in ``test_zabbix.py``.
"""

from __future__ import annotations

import io
import json
from typing import Any

from django.core.management import call_command

from tests.bundled.test_every_bundle import SLUGS
from tests.support import until
from tests.support.api import Api
from tests.support.tls import issue
from toolkits.jobs.states import JobState
from toolkits.models import Job
from toolkits.records import create

#: What results say of the moment that they were made at.
MOMENTS = {"took", "at", "checked", "when", "latency", "lookup", "dns", "dns_ms"}


def cases() -> list[tuple[str, str, dict[str, Any]]]:
    pem = issue("localhost", days=400).chain_pem
    return [
        ("api_checker", "export_curl", {}),
        ("connectivity", "check", {"hosts": ["127.0.0.1"], "ports": ["1-2"]}),
        ("latency_sleuth", "overview", {"hours": 12}),
        ("regex", "explain", {"pattern": r"(?P<word>\w+)\b", "flags": ["ascii"]}),
        ("sample-toolkit", "hello", {"name": "ann"}),
        ("subnet-cheatsheet", "divide", {"cidr": "10.0.0.0/24", "needs": ["web=100", "db=20"]}),
        ("tls-watchtower", "check_file", {"pem": pem, "name": "localhost"}),
        ("toolbox_health", "incidents", {"days": 3}),
    ]


def flags(inputs: dict[str, Any]) -> list[str]:
    """The inputs as those of a command line."""
    found = []
    for name, value in inputs.items():
        for one in value if isinstance(value, list) else [value]:
            found += ["--input", f"{name}={one}"]
    return found


def typed(inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs as a browser sends them, where a list is lines of a text or boxes."""
    return {
        name: "\n".join(value) if isinstance(value, list) and name != "flags" else value
        for name, value in inputs.items()
    }


def steady(result: Any) -> Any:
    """A result without what differs from one moment to the next."""
    if isinstance(result, dict):
        return {name: steady(one) for name, one in result.items() if name not in MOMENTS}
    return [steady(one) for one in result] if isinstance(result, list) else result


def test_form_api_and_command_line_do_the_same(
    platform: Any, bundled: Any, admin_user: Any, client: Any
) -> None:
    every = cases()
    assert {slug for slug, *_ in every} | {"zabbix"} == set(SLUGS)
    platform.worker()
    client.force_login(admin_user)
    for slug, operation, inputs in every:
        installed = bundled(slug)
        if slug == "api_checker":
            saved = create(installed, "requests", {"name": "r", "url": "http://h/"}, admin_user)
            inputs["request"] = str(saved.pk)
        printed = io.StringIO()

        form = client.post(f"/toolkits/{slug}/run/{operation}/", typed(inputs))
        api = Api(admin_user).post(f"toolkits/{slug}/operations/{operation}/", inputs)
        call_command("toolkit", "run", slug, operation, *flags(inputs), stdout=printed)

        where = f"{slug}.{operation}"
        assert form.status_code == 302, (where, form.content[-3000:])
        assert api.status_code in (200, 202), (where, api.content)
        jobs = Job.objects.filter(toolkit=installed)
        until(lambda jobs=jobs: all(one.is_finished for one in jobs.all()), 60, where)
        found = list(jobs.all())
        assert {one.requested_via for one in found} == {"console", "api", "cli"}, where
        reasons = [one.reason for one in found]
        assert {one.state for one in found} == {JobState.SUCCEEDED}, (where, reasons)
        assert len({json.dumps(one.inputs, sort_keys=True) for one in found}) == 1, where
        results = [steady(one.result) for one in found]
        assert results[0] == results[1] == results[2], where
        assert steady(json.loads(printed.getvalue())) == results[0], where
