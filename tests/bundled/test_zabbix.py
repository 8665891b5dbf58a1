"""The Zabbix toolkit's connection and its bulk adding of hosts, on real and stand-in servers."""

import base64
import csv
import io
import json
import shutil
import threading
import time

import pytest
from toolkit_sdk import Cancelled, Secret, StepsFailed, ToolkitError
from toolkit_sdk.testing import InvalidInputs

from tests.bundled.conftest import BUNDLED
from tests.bundled.zabbix_servers import (
    AGENT,
    SNMP,
    context,
    host_of,
    instance_of,
    outcomes,
    parts,
)
from tests.support import listeners
from tests.support.api import Api
from tests.support.tls import issue
from tests.support.waiting import until
from tests.support.zabbix7_writing import Refused
from toolbox import secrets
from toolkits.bundles.install import install_bundle
from toolkits.jobs.rerun import run_again
from toolkits.jobs.states import JobState
from toolkits.lifecycle import DATA, uninstall
from toolkits.models import CardState, Job
from toolkits.records import create
from toolkits.runtime.cards import run_card
from toolkits.runtime.execute import run_job
from zabbix_toolkit.app import Instance


def test_the_connection_test_tells_the_version_and_what_the_token_sees(zabbix):
    ctx = context()
    section = ctx.run("test_connection", instance=instance_of(ctx, zabbix))

    shown = parts(section)
    assert shown["stat"][0].value in {"6.0.14", "7.0.5", "7.4.1"}
    assert shown["stat"][0].state == "ok"
    counts = {item.label: item.value for item in shown["key_value"][1].items}
    assert counts["host groups"] >= 3
    assert counts["proxies"] == 1
    facts = {item.label: item.value for item in shown["key_value"][0].items}
    assert facts["TLS"] == "none: the token crosses the network in the clear"


def test_a_wrong_token_a_missing_one_and_a_wrong_path_are_told_apart(zabbix):
    ctx = context()
    with pytest.raises(ToolkitError, match="does not accept the API token"):
        ctx.run("test_connection", instance=instance_of(ctx, zabbix, token=Secret("0" * 64)))
    with pytest.raises(ToolkitError, match="has no API token"):
        ctx.run("test_connection", instance=instance_of(ctx, zabbix, token=None))
    with pytest.raises(ToolkitError, match="Is the path of the frontend right"):
        wrong = f"{zabbix.url}/nowhere/at/all"
        ctx.run("test_connection", instance=instance_of(ctx, zabbix, url=wrong))


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((301, {"Location": "https://new.example.com/"}, b""), "redirects to https://new"),
        ((502, {}, b"<html>"), "answered 502"),
        ((200, {}, b"<html>hello</html>"), "no API of Zabbix"),
        ((200, {}, b'{"jsonrpc":"2.0","result":"5.4.1","id":1}'), "speaks 6.0 and newer"),
        ((200, {}, b"[]"), "did not answer as the API"),
    ],
)
def test_what_is_no_zabbix_is_told_as_what_it_is(answer, told):
    ctx = context()
    with listeners.web(lambda _: answer) as site:
        instance = ctx.add(Instance(name="x", url=site.url, token=Secret("t")))
        with pytest.raises(ToolkitError, match=told):
            ctx.run("test_connection", instance=instance)


def test_only_addresses_that_the_settings_allow_are_reached(standin):
    ctx = context(settings={"deny_ranges": ["127.0.0.0/8"]})

    with pytest.raises(ToolkitError, match="which the administrator denies"):
        ctx.run("test_connection", instance=instance_of(ctx, standin))

    assert standin.calls == []


def test_tls_is_verified_by_the_authorities_of_the_instance(standin, tmp_path):
    ca = issue("Root", ca=True)
    tls = issue("localhost", by=ca).context(tmp_path)
    with listeners.web(standin.answer, context=tls) as secure:
        url = f"https://localhost:{secure.port}"
        ctx = context()
        with pytest.raises(ToolkitError, match="certificate not accepted"):
            ctx.run("test_connection", instance=instance_of(ctx, standin, url=url))
        good = ctx.run("test_connection", instance=instance_of(ctx, standin, url=url, ca=ca.pem))
        loose = instance_of(ctx, standin, url=url, verify_tls=False)
        ctx.run("test_connection", instance=loose)

    assert good.views[0].state == "ok"
    assert "the certificate of prod is not verified" in ctx.logs


def test_the_proxy_of_the_instance_is_used(standin):
    with listeners.web(standin.answer) as proxy:
        ctx = context()
        away = instance_of(ctx, standin, url="http://127.0.0.1:9/zabbix", proxy=proxy.url)
        assert ctx.run("test_connection", instance=away).views[0].state == "ok"
    assert proxy.seen[0].path == "http://127.0.0.1:9/zabbix/api_jsonrpc.php"


def sheet(unique):
    return (
        "host;groups;templates;interfaces;tags;macros;proxy\n"
        f"{unique}-web;Linux servers;{AGENT};192.0.2.1;env=prod;{{$LIMIT}}=90;edge\n"
        f"{unique}-group;No such group;{AGENT};192.0.2.2;;;\n"
        f"{unique}-face;Linux servers;{SNMP};agent 192.0.2.3;;;\n"
        f"{unique}-web;Linux servers;;;;;\n"
        f"{AGENT};Linux servers;;;;;\n"
        f"{unique}/bad;Linux servers;;;;;\n"
        f"{unique}-tpl;Linux servers;Nothing by that name;;;;nowhere\n"
    )


def test_a_dry_run_tells_of_each_row_what_would_become_of_it_and_changes_nothing(zabbix, unique):
    ctx = context(dry_run=True)
    section = ctx.run("add_hosts", instance=instance_of(ctx, zabbix), text=sheet(unique))

    rows = parts(section)["table"][0].rows
    told = [(row["row"], row["state"]["text"], row["what"]) for row in rows]
    assert told[-1][:2] == (2, "create")
    assert f"templates: {AGENT}" in told[-1][2]
    assert "interfaces: agent 192.0.2.1:10050" in told[-1][2]
    assert told[:-1] == [
        (3, "refused", "no such host group: No such group"),
        (4, "refused", f"{SNMP} needs an snmp interface (item system.uptime)"),
        (5, "refused", "row 2 is for the same host"),
        (6, "refused", "a template of this name is there already"),
        (7, "refused", told[4][2]),
        (8, "refused", "no such template: Nothing by that name; no such proxy: nowhere"),
    ]
    assert "is no technical name" in told[4][2]
    assert host_of(zabbix, f"{unique}-web") is None


def test_nothing_is_done_while_a_row_is_refused_unless_they_are_left_out(zabbix, unique):
    ctx = context()
    instance = instance_of(ctx, zabbix)

    with pytest.raises(ToolkitError, match="Nothing was done: 6 of 7 rows are refused"):
        ctx.run("add_hosts", instance=instance, text=sheet(unique))
    assert host_of(zabbix, f"{unique}-web") is None
    ctx.platform.steps.clear()
    section = ctx.run("add_hosts", instance=instance, text=sheet(unique), refused="leave out")

    assert outcomes(section)[f"{unique}-tpl"][0] == "refused"
    made = host_of(zabbix, f"{unique}-web")
    assert made["groupnames"] == ["Linux servers"]
    assert made["templatenames"] == [AGENT]
    assert made["tags"] == [{"tag": "env", "value": "prod"}]
    assert [(one["macro"], one["value"]) for one in made["macros"]] == [("{$LIMIT}", "90")]
    assert [(one["ip"], one["port"]) for one in made["interfaces"]] == [("192.0.2.1", "10050")]
    proxy = zabbix.call("proxy.get", {})[0]["proxyid"]
    assert proxy in (made.get("proxyid"), made.get("proxy_hostid"))


def test_rows_of_the_form_take_the_usual_groups_and_make_those_that_are_missing(zabbix, unique):
    ctx = context()
    hosts = [
        {"host": f"{unique}-a", "interfaces": "snmp sw1.example.com:1161 v3 user=u level=authPriv"},
        {"host": f"{unique}-b", "groups": "Linux servers", "name": f"{unique} B",
         "status": "disabled"},
    ]  # fmt: skip
    section = ctx.run(
        "add_hosts", instance=instance_of(ctx, zabbix), hosts=hosts,
        groups=f"{unique}/new; Linux servers", create_groups=True,
    )  # fmt: skip

    assert {word for word, _ in outcomes(section).values()} == {"created"}
    first, second = host_of(zabbix, f"{unique}-a"), host_of(zabbix, f"{unique}-b")
    assert first["groupnames"] == sorted(["Linux servers", f"{unique}/new"])
    assert first["interfaces"][0]["details"]["securitylevel"] == "2" or (
        first["interfaces"][0]["details"]["securitylevel"] == 2
    )
    assert (second["status"], second["name"]) == ("1", f"{unique} B")
    assert second["groupnames"] == ["Linux servers"]


def test_a_host_that_is_there_is_refused_skipped_or_changed_as_asked(zabbix, unique):
    ctx = context()
    instance = instance_of(ctx, zabbix)
    host = {"host": unique, "groups": "Linux servers", "interfaces": "192.0.2.9",
            "templates": AGENT, "tags": "env=prod", "macros": "{$A}=1"}  # fmt: skip
    ctx.run("add_hosts", instance=instance, hosts=[host])
    other = {**host, "interfaces": "agent web.example.com; snmp 192.0.2.9", "templates": SNMP,
             "groups": "Zabbix servers", "tags": "role=web", "macros": "{$A}=2; {$B}=3",
             "proxy": "edge", "status": "disabled", "description": "moved"}  # fmt: skip

    def again(existing, row, *, dry_run=False):
        ctx.dry_run = dry_run
        ctx.platform.steps.clear()
        section = ctx.run("add_hosts", instance=instance, hosts=[row], existing=existing)
        return outcomes(section)[unique]

    with pytest.raises(ToolkitError, match="a host of this name is there already"):
        again("refuse", other)
    assert again("skip", other) == ("unchanged", "it is there already")
    assert again("change", host) == ("unchanged", "")
    word, what = again("change", other, dry_run=True)
    assert word == "change"
    assert "into the groups Zabbix servers; templates Linux by SNMP; tags role=web" in what
    assert host_of(zabbix, unique)["status"] == "0"
    assert again("change", other)[0] == "changed"
    made = host_of(zabbix, unique)
    assert made["groupnames"] == ["Linux servers", "Zabbix servers"]
    assert made["templatenames"] == [SNMP, AGENT]
    assert len(made["tags"]) == 2
    assert {one["macro"]: one["value"] for one in made["macros"]} == {"{$A}": "2", "{$B}": "3"}
    assert [(one["type"], one["dns"] or one["ip"]) for one in made["interfaces"]] == [
        ("1", "web.example.com"), ("2", "192.0.2.9"),
    ]  # fmt: skip
    assert (made["status"], made["description"]) == ("1", "moved")
    assert again("change", other) == ("unchanged", "")
    assert again("change", {"host": unique, "proxy": "server"})[0] == "changed"


def test_hosts_are_put_under_a_group_of_proxies_where_there_are_such(zabbix, unique):
    ctx = context(dry_run=True)
    row = {"host": unique, "groups": "Linux servers", "proxy": "group:edges"}
    instance = instance_of(ctx, zabbix)
    section = ctx.run("add_hosts", instance=instance, hosts=[row])

    if not hasattr(zabbix, "version"):
        assert outcomes(section)[unique] == ("refused", "Zabbix 6.0.14 has no proxy groups")
        return
    ctx.dry_run = False
    ctx.run("add_hosts", instance=instance, hosts=[row])
    assert host_of(zabbix, unique)["monitored_by"] == "2"


def test_the_value_of_a_secret_macro_comes_from_vault_and_is_kept_nowhere(zabbix, unique):
    secrets = {"db": {"password": "pa55-from-vault"}}
    ctx = context(secrets=secrets)
    row = {"host": unique, "groups": "Linux servers",
           "macros": "{$PW}=secret:db#password; {$V}=vault:zabbix/db:pw"}  # fmt: skip
    bad = {"host": f"{unique}-bad", "groups": "Linux servers", "macros": "{$PW}=secret:no#such"}
    section = ctx.run(
        "add_hosts", instance=instance_of(ctx, zabbix), hosts=[row, bad], refused="leave out"
    )

    assert outcomes(section)[f"{unique}-bad"][0] == "refused"
    kinds = {one["macro"]: str(one["type"]) for one in host_of(zabbix, unique)["macros"]}
    assert kinds == {"{$PW}": "1", "{$V}": "2"}
    assert "pa55" not in f"{ctx.platform.steps}{ctx.logs}{section}"
    if not hasattr(zabbix, "version"):
        stored = zabbix.sql("select value from hostmacro where macro = '{$PW}'")
        assert stored == [("pa55-from-vault",)]


def flaky(standin, broken):
    def before(method, params):
        if method == "host.create" and params["host"] in broken:
            raise Refused(f"Cannot link template to {params['host']}.")

    standin.before = before


def test_the_others_go_on_when_some_fail_and_a_later_attempt_does_those_alone(standin):
    broken = {"h2", "h4"}
    flaky(standin, broken)
    ctx = context()
    instance = instance_of(ctx, standin)
    hosts = [{"host": f"h{n}", "groups": "New"} for n in range(1, 6)]

    with pytest.raises(StepsFailed, match="2 items") as failed:
        ctx.run("add_hosts", instance=instance, hosts=hosts, create_groups=True)
    assert "h2: prod refused host.create: Cannot link template to h2." in str(failed.value)
    report = list(csv.DictReader(io.StringIO(ctx.platform.artifacts["hosts-report.csv"].decode())))
    words = ["created", "failed", "created", "failed", "created"]
    assert [row["outcome"] for row in report] == words
    broken.clear()
    standin.calls.clear()
    section = ctx.run("add_hosts", instance=instance, hosts=hosts, create_groups=True)

    assert {word for word, _ in outcomes(section).values()} == {"created"}
    made = [params["host"] for method, params in standin.calls if method == "host.create"]
    assert made == ["h2", "h4"]


def test_a_host_whose_answer_was_lost_is_not_taken_for_a_failure_by_the_next_attempt(standin):
    def lose(method, params):
        standin.after = lambda _method, _params: None
        raise ConnectionError

    ctx = context()
    instance = instance_of(ctx, standin)
    hosts = [{"host": "h1", "groups": "Linux servers"}]
    standin.before = lambda method, params: (
        method == "host.create" and setattr(standin, "after", lose)
    )
    with pytest.raises(StepsFailed, match="closed the connection|ended"):
        ctx.run("add_hosts", instance=instance, hosts=hosts)

    section = ctx.run("add_hosts", instance=instance, hosts=hosts)

    assert outcomes(section)["h1"][0] == "created"
    assert "h1 is there already, from the attempt before" in ctx.logs


def test_a_cancelled_job_does_not_wait_for_the_server(standin):
    released = threading.Event()
    standin.before = lambda method, params: released.wait(60)
    ctx = context()
    instance = instance_of(ctx, standin)
    threading.Timer(0.3, ctx.cancel).start()
    started = time.monotonic()

    with pytest.raises(Cancelled):
        ctx.run("add_hosts", instance=instance, hosts=[{"host": "a", "groups": "Linux servers"}])

    # The server never answered; how soon a job ends is measured elsewhere.
    assert time.monotonic() - started < 25
    released.set()


def test_what_is_wrong_with_the_form_is_said_at_its_field(standin):
    ctx = context()
    instance = instance_of(ctx, standin)
    with pytest.raises(InvalidInputs) as refused:
        ctx.run("add_hosts", instance=instance, text="hostname,colour\na,red\n")
    assert "unknown columns colour" in refused.value.errors["text"]
    upload = {"name": "a.csv", "content": base64.b64encode(b"name,groups\n").decode()}
    with pytest.raises(InvalidInputs) as refused:
        ctx.run("add_hosts", instance=instance, upload=upload)
    assert "no column host" in refused.value.errors["upload"]
    with pytest.raises(InvalidInputs) as refused:
        ctx.run(
            "add_hosts", instance=instance, hosts=[{"host": "a", "interfaces": "agent 300.1.1.1"}]
        )
    assert refused.value.errors["hosts.0.interfaces"] == "'300.1.1.1' is no IPv4 address"
    with pytest.raises(ToolkitError, match="no hosts to add"):
        ctx.run("add_hosts", instance=instance)


def test_an_error_before_the_version_is_known_is_told_and_not_asked_again():
    error = b'{"jsonrpc": "2.0", "error": {"code": -32602, "data": "Not authorized."}, "id": 1}'
    ctx = context()
    with listeners.web(lambda _: (200, {}, error)) as site:
        instance = ctx.add(Instance(name="x", url=site.url, token=Secret("t")))
        with pytest.raises(ToolkitError, match="Not authorized"):
            ctx.run("test_connection", instance=instance)
        assert len(site.seen) == 1


def test_the_card_shows_each_instance_and_what_to_do_where_there_is_none(zabbix):
    ctx = context()
    assert "No instances yet" in ctx.card("overview").text
    instance_of(ctx, zabbix)
    instance_of(ctx, zabbix, name="gone", url=f"http://127.0.0.1:{listeners.closed_port()}")

    first, second = ctx.card("overview").items
    assert first.label.startswith("prod ")
    assert (second.value, second.state) == ("does not answer", "critical")


def test_as_an_installed_toolkit_it_takes_its_token_from_vault_and_goes_on_after_a_failure(
    openbao, bundled, run, user, standin
):
    installed = bundled("zabbix")
    data = {"name": "prod", "url": standin.url, "token": standin.token}
    record = create(installed, "instances", data, user)
    assert standin.token not in json.dumps(record.data)
    broken = {"h2"}
    flaky(standin, broken)
    hosts = [{"host": f"h{n}", "groups": "Linux servers"} for n in range(1, 4)]
    inputs = {"instance": str(record.pk), "hosts": hosts}

    dry = run("zabbix", "add_hosts", inputs, dry_run=True)
    assert dry.state == JobState.SUCCEEDED, dry.reason
    assert standin.data["host"] == {}
    job = run("zabbix", "add_hosts", inputs)
    assert job.state == JobState.FAILED
    assert "h2: prod refused host.create" in job.reason
    assert [one.name for one in job.artifacts.all()] == ["hosts-report.csv"]
    broken.clear()
    standin.calls.clear()
    again = run_again(job, user, {}, resume=True)
    run_job(str(again.pk))
    again.refresh_from_db()

    assert again.state == JobState.SUCCEEDED, again.reason
    assert [p["host"] for method, p in standin.calls if method == "host.create"] == ["h2"]
    assert standin.token not in json.dumps([job.inputs, job.result, again.result])


def test_form_api_and_command_line_do_the_same(platform, bundled, admin_user, standin, client):
    installed = bundled("zabbix")
    data = {"name": "prod", "url": standin.url, "token": standin.token}
    instance = str(create(installed, "instances", data, admin_user).pk)
    platform.worker()

    path = "toolkits/zabbix/operations/test_connection/"
    api = Api(admin_user).post(path, {"instance": instance})
    client.force_login(admin_user)
    form = client.post("/toolkits/zabbix/run/test_connection/", {"instance": instance})
    line = platform.manage(
        "toolkit", "run", "zabbix", "test_connection", "--input", f"instance={instance}"
    )

    assert api.status_code == 200, api.content
    assert form.status_code == 302
    assert line.returncode == 0, line.stderr
    until(lambda: Job.objects.filter(state=JobState.SUCCEEDED).count() == 3, 60, "three jobs")
    results = [job.result for job in Job.objects.all()]
    assert {result["views"][0]["value"] for result in results} == {"7.0.5"}
    assert json.loads(line.stdout)["title"] == results[0]["title"] == "prod"


def test_a_form_without_records_says_where_to_add_one(bundled, admin_user, client):
    bundled("zabbix")
    client.force_login(admin_user)

    page = client.get("/toolkits/zabbix/run/test_connection/").content.decode()

    assert "There are no records yet." in page
    assert 'href="/toolkits/zabbix/records/instances/"' in page


def test_its_card_is_refreshed_in_a_runner_with_the_token_from_vault(
    openbao, valkey, bundled, user, standin
):
    installed = bundled("zabbix")
    data = {"name": "prod", "url": standin.url, "token": standin.token}
    create(installed, "instances", data, user)
    card, _ = CardState.objects.get_or_create(toolkit=installed, name="overview")

    run_card(str(card.pk))

    card.refresh_from_db()
    assert card.error == ""
    assert card.view["items"][0]["value"] == "no problems"


def test_it_is_updated_with_its_records_and_leaves_nothing_when_it_goes(
    openbao, bundled, user, curator, standin, tmp_path
):
    installed = bundled("zabbix")
    data = {"name": "prod", "url": standin.url, "token": standin.token}
    record = create(installed, "instances", data, user)
    newer = shutil.copytree(BUNDLED / "zabbix", tmp_path / "zabbix")
    manifest = json.loads((newer / "toolkit.json").read_text())
    (newer / "toolkit.json").write_text(json.dumps({**manifest, "version": "99.0.0"}))

    install_bundle(newer, user=curator, via="cli")
    installed.refresh_from_db()
    assert installed.active_version.version == "99.0.0"
    assert record in installed.records.all()
    assert secrets.client().names("toolkits/zabbix") != []
    uninstall(installed, curator, purge=DATA)

    assert not installed.records.exists()
    assert installed.removed_at is not None
    assert secrets.client().names("toolkits/zabbix") == []
