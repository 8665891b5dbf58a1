"""Unit tests of the Zabbix toolkit: rows, interfaces, versions. No server is needed."""

import pytest
from pydantic import ValidationError
from toolkit_sdk import ToolkitError
from toolkit_sdk.testing import fake_context

from zabbix_toolkit import hostfile, toolkit
from zabbix_toolkit.client import endpoint
from zabbix_toolkit.dialect import Dialect
from zabbix_toolkit.hostrow import HostRow, macros, parts, tags
from zabbix_toolkit.interfaces import interfaces, written


@pytest.mark.parametrize(
    ("text", "kind", "useip", "address", "port"),
    [
        ("192.0.2.1", 1, 1, "192.0.2.1", "10050"),
        ("agent web.example.com:10051", 1, 0, "web.example.com", "10051"),
        ("AGENT [2001:db8::1]:1", 1, 1, "2001:db8::1", "1"),
        ("2001:db8::1", 1, 1, "2001:db8::1", "10050"),
        ("snmp sw1", 2, 0, "sw1", "161"),
        ("ipmi 192.0.2.1", 3, 1, "192.0.2.1", "623"),
        ("jmx app:{$PORT}", 4, 0, "app", "{$PORT}"),
        ("agent {HOST.DNS}:10050", 1, 0, "{HOST.DNS}", "10050"),
    ],
)
def test_interfaces_are_read(text, kind, useip, address, port):
    made = interfaces([text])[0].params()

    assert (made["type"], made["useip"], made["port"]) == (kind, useip, port)
    assert address == (made["ip"] or made["dns"])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("agent", "names no address"),
        ("agent 192.0.2.300", "no IPv4 address"),
        ("agent a:0", "no port"),
        ("agent a:99999", "no port"),
        ("agent a b", "means nothing"),
        ("agent a/b", "neither an address nor a name"),
        ("snmp a v4", "neither v1, v2 or v3"),
        ("snmp a v3 level=some", "none of noauthnopriv"),
    ],
)
def test_interfaces_that_are_wrong_are_told_why(text, why):
    with pytest.raises(ValueError, match=why):
        interfaces([text])


def test_the_first_interface_of_each_kind_is_the_main_one():
    made = interfaces(["a", "b", "snmp c", "snmp d"])
    assert [one.main for one in made] == [True, False, True, False]


def test_snmp_has_the_details_of_its_version():
    plain, secure = interfaces(
        ["snmp a", "snmp b v3 user=u level=authPriv auth=sha256 authpass={$A} priv=aes256 bulk=0"]
    )
    assert plain.details == {"version": 2, "bulk": 1, "community": "{$SNMP_COMMUNITY}"}
    assert secure.details["securitylevel"] == 2
    assert (secure.details["authprotocol"], secure.details["privprotocol"]) == (3, 3)
    assert secure.details["bulk"] == 0


def test_interfaces_are_written_as_they_are_read():
    found = {"useip": "1", "ip": "2001:db8::1", "dns": "", "port": "10050", "details": []}
    assert written(1, found) == "agent [2001:db8::1]:10050"
    assert interfaces([written(1, found)])[0].params()["ip"] == "2001:db8::1"
    snmp = {"useip": "0", "ip": "", "dns": "sw", "port": "161",
            "details": {"version": "2", "community": "{$C}"}}  # fmt: skip
    assert interfaces([written(2, snmp)])[0].details["community"] == "{$C}"


def test_entries_are_parted_and_each_is_there_once():
    assert parts(" a ;b|a\n c;;") == ["a", "b", "c"]
    assert tags("env=prod;plain; url=http://x?a=b") == [
        {"tag": "env", "value": "prod"},
        {"tag": "plain", "value": ""},
        {"tag": "url", "value": "http://x?a=b"},
    ]
    assert macros("{$A}=1; {$B:ctx}=x=y; {$S}=secret:p#k; {$V}=vault:a/b:c") == [
        {"macro": "{$A}", "value": "1", "type": 0},
        {"macro": "{$B:ctx}", "value": "x=y", "type": 0},
        {"macro": "{$S}", "secret": ["p", "k"], "type": 1},
        {"macro": "{$V}", "value": "a/b:c", "type": 2},
    ]


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("host", "a/b", "no technical name"),
        ("tags", "=x", "no name before"),
        ("macros", "{A}=1", "no user macro"),
        ("macros", "{$A}=1;{$A}=2", "given twice"),
        ("macros", "{$A}=secret:x", "secret:path#key"),
        ("macros", "{$A}=vault:x:y", "vault:path/name:key"),
        ("interfaces", "agent a b", "means nothing"),
    ],
)
def test_what_is_wrong_with_a_row_is_said_of_its_field(field, value, why):
    with pytest.raises(ValidationError, match=why) as error:
        HostRow.model_validate({"host": "a", field: value})
    assert error.value.errors()[0]["loc"] == (field,)


def test_csv_is_read_with_any_separator_and_the_names_of_other_tools():
    for separator in ",;\t":
        text = f"Hostname{separator}IP{separator}Status\nweb{separator}192.0.2.1{separator}1\n"
        line = hostfile.read(text)[0]
        assert (line.number, line.host) == (2, "web")
        assert (line.row.interfaces, line.row.status) == ("192.0.2.1", "disabled")


def test_a_bad_line_does_not_keep_the_others_from_being_read():
    lines = hostfile.read('host,groups\na,"x, y"\nb,x,y\nc/d,x\n')

    assert lines[0].row.groups == "x, y"
    assert "more cells" in lines[1].error
    assert "no technical name" in lines[2].error


@pytest.mark.parametrize(
    ("head", "why"),
    [("name,groups", "no column host"), ("host,colour", "unknown columns colour"),
     ("host,ip,interfaces", "two columns for interfaces")],
)  # fmt: skip
def test_a_file_with_other_columns_is_refused(head, why):
    with pytest.raises(ToolkitError, match=why):
        hostfile.read(f"{head}\na,b,c\n")


def test_cells_are_guarded_against_formulas_and_read_back():
    assert hostfile.guarded("=1+1") == "'=1+1"
    assert hostfile.read("host,description\na,'=1+1\n")[0].row.description == "=1+1"


def test_versions_are_spoken_to_in_their_own_way():
    old, middle, new = Dialect("6.0.14"), Dialect("6.4.0"), Dialect("7.0.0")

    assert [one.bearer for one in (old, middle, new)] == [False, True, True]
    assert [one.groups_key for one in (old, middle, new)] == ["groups", "hostgroups", "hostgroups"]
    assert middle.monitor("proxy", "5") == {"proxy_hostid": "5"}
    assert new.monitor("proxy", "5") == {"monitored_by": 1, "proxyid": "5"}
    assert new.monitored_by({"monitored_by": "2", "proxy_groupid": "9"}) == ("proxy group", "9")
    assert old.monitored_by({"proxy_hostid": "0"}) == ("server", "0")


def test_the_address_of_the_api_is_found_from_that_of_the_frontend():
    wanted = "https://z.example.com/zabbix/api_jsonrpc.php"
    for url in ("https://z.example.com/zabbix/", "https://z.example.com/zabbix/index.php", wanted):
        assert endpoint(url) == wanted


def test_the_card_tells_what_to_do_first():
    assert "Instances" in fake_context(toolkit).card("overview").text
