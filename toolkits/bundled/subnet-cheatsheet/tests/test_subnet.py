"""Unit tests of the subnet toolkit with the SDK's fake context."""

import ipaddress
import random

import pytest
from toolkit_sdk import ToolkitError
from toolkit_sdk.testing import InvalidInputs, fake_context

from subnet_toolkit import arithmetic, toolkit
from subnet_toolkit.app import Subnet


def run(operation, **inputs):
    return fake_context(toolkit).run(operation, **inputs)


def values(view):
    return {item.label: item.value for item in view.items}


def test_summary_of_an_ipv4_network():
    shown = values(run("summary", cidr="10.20.30.77/26").views[0])

    assert shown["network"] == "10.20.30.64/26"
    assert shown["you wrote"] == "10.20.30.77, an address in it"
    assert shown["hosts"] == "10.20.30.65 to 10.20.30.126"
    assert shown["number of hosts"] == "62"
    assert (shown["netmask"], shown["wildcard mask"]) == ("255.255.255.192", "0.0.0.63")
    assert shown["broadcast"] == "10.20.30.127"
    assert shown["kind"] == "private or special"
    assert shown["reverse zone"] == "64/26.30.20.10.in-addr.arpa (in 30.20.10.in-addr.arpa)"


def test_summary_of_an_ipv6_network():
    section = run("summary", cidr="2001:db8:1234::/45")

    shown = values(section.views[0])
    assert shown["network"] == "2001:db8:1230::/45"
    assert shown["number of /64"] == "524 288"
    assert shown["reverse zone"] == "8 zones from 0.3.2.1.8.b.d.0.1.0.0.2.ip6.arpa"
    assert shown["kind"] == "documentation"
    assert section.views[1].rows[0]["network"] == "2001:db8:1228::/45"


@pytest.mark.parametrize(
    ("cidr", "hosts", "broadcast"),
    [("10.0.0.0/31", "2", "none (RFC 3021)"), ("10.0.0.9", "1", "none (RFC 3021)")],
)
def test_point_to_point_and_single_addresses(cidr, hosts, broadcast):
    shown = values(run("summary", cidr=cidr).views[0])

    assert (shown["number of hosts"], shown["broadcast"]) == (hosts, broadcast)


@pytest.mark.parametrize(
    ("cidr", "kind"),
    [
        ("8.8.8.0/24", "global: routed on the Internet"), ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"), ("224.0.0.0/4", "multicast"),
        ("100.64.1.0/24", "shared by carriers (RFC 6598)"), ("fe80::/64", "link-local"),
    ],
)  # fmt: skip
def test_what_a_network_is_for(cidr, kind):
    assert values(run("summary", cidr=cidr).views[0])["kind"] == kind


@pytest.mark.parametrize(
    ("cidr", "message"),
    [
        ("10.0.0.0/33", "'33' is neither a prefix from 0 to 32 nor a netmask"),
        ("10.0.0/24", "it has 3 parts, an IPv4 address has four"),
        ("10.0.0.256", "256 is more than 255"),
        ("2001:db8::g/64", "an IPv6 address has eight groups"),
        ("2001:db8::/129", "'129' is neither a prefix from 0 to 128"),
        ("example.com", "names are not looked up"),
        ("", "it is empty"),
        ("010.0.0.1", "octal"),
        ("10.0.0.0/255.0.255.0", "neither a prefix"),
    ],
)
def test_what_is_no_network_is_explained_at_its_field(cidr, message):
    with pytest.raises(InvalidInputs) as caught:
        run("summary", cidr=cidr)

    assert message in caught.value.errors["cidr"]


@pytest.mark.parametrize(
    "cidr", ["10.0.0.0 255.255.255.0", "10.0.0.0/255.255.255.0", "10.0.0.0/0.0.0.255"]
)
def test_masks_are_read_as_well_as_prefixes(cidr):
    assert values(run("summary", cidr=cidr).views[0])["network"] == "10.0.0.0/24"


def test_a_network_is_split_by_prefix_parts_or_hosts():
    by_prefix = run("split", cidr="10.0.0.0/24", new_prefix=26)
    assert [row["network"] for row in by_prefix.rows] == [
        "10.0.0.0/26", "10.0.0.64/26", "10.0.0.128/26", "10.0.0.192/26",
    ]  # fmt: skip
    assert run("split", cidr="10.0.0.0/24", parts=5).rows[0]["network"] == "10.0.0.0/27"
    assert run("split", cidr="10.0.0.0/24", hosts=62).rows[0]["network"] == "10.0.0.0/26"
    assert run("split", cidr="10.0.0.0/24", hosts=63).rows[0]["network"] == "10.0.0.0/25"
    big = run("split", cidr="2001:db8::/32", new_prefix=64)
    assert (len(big.rows), big.caption) == (1024, "The first 1024 of 4 294 967 296 (2^32)")


def test_a_split_that_makes_no_sense_is_refused():
    with pytest.raises(ToolkitError, match="a prefix from 24 to 32 is possible"):
        run("split", cidr="10.0.0.0/24", new_prefix=23)
    with pytest.raises(ToolkitError, match="give one of"):
        run("split", cidr="10.0.0.0/24", new_prefix=25, parts=2)


def test_a_network_is_divided_by_need_without_waste():
    table = run("divide", cidr="10.0.0.0/24", needs=["link=2", "web=60", "db=25", "huge=500"])

    rows = {row["name"]: row for row in table.rows}
    assert rows["web"]["network"] == "10.0.0.0/26"
    assert rows["db"]["network"] == "10.0.0.64/27"
    assert rows["link"]["network"] == "10.0.0.96/31"
    assert rows["huge"]["state"]["text"] == "no room"
    with pytest.raises(ToolkitError, match="write name=hosts"):
        run("divide", cidr="10.0.0.0/24", needs=["web"])


def test_supernet_and_the_fewest_networks():
    section = run("supernet", cidrs=["10.0.0.0/25", "10.0.0.128/25", "10.0.2.0/24 # other"])

    shown = values(section.views[0])
    assert shown["smallest network around all"] == "10.0.0.0/22"
    assert shown["addresses in it that are in none of yours"] == "512"
    assert [row["network"] for row in section.views[1].rows] == ["10.0.0.0/24", "10.0.2.0/24"]
    with pytest.raises(ToolkitError, match="no common supernet"):
        run("supernet", cidrs=["10.0.0.0/8", "::/0"])


def test_a_range_becomes_networks():
    table = run("range_to_networks", first="10.0.0.1", last="10.0.0.6")

    assert [row["network"] for row in table.rows] == [
        "10.0.0.1/32", "10.0.0.2/31", "10.0.0.4/31", "10.0.0.6/32",
    ]  # fmt: skip
    with pytest.raises(ToolkitError, match="comes after"):
        run("range_to_networks", first="10.0.0.6", last="10.0.0.1")


def test_overlaps_are_found_between_any_two():
    table = run(
        "overlap", cidrs=["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "192.0.2.0/24", "10.1.2.0/24"]
    )

    pairs = {(row["one"], row["relation"]["text"], row["other"]) for row in table.rows}
    assert ("10.0.0.0/8", "holds", "10.1.0.0/16") in pairs
    assert ("10.1.2.0/24", "is the same as", "10.1.2.0/24") in pairs
    assert len(table.rows) == 6
    assert "None of the 2" in run("overlap", cidrs=["10.0.0.0/8", "11.0.0.0/8"]).caption


def test_overlaps_agree_with_comparing_every_pair():
    random.seed(7)
    given = [
        ipaddress.ip_network((random.getrandbits(32), random.randint(4, 16)), strict=False)
        for _ in range(150)
    ]
    slow = {frozenset((a, b)) for a in range(150) for b in range(a) if given[a].overlaps(given[b])}

    assert {frozenset(pair) for pair in arithmetic.overlaps(given)} == slow


def test_free_space_is_the_block_without_what_is_used():
    block = ipaddress.ip_network("10.0.0.0/20")
    random.seed(3)
    used = random.sample(list(block.subnets(new_prefix=26)), 20)

    gaps = arithmetic.free(block, used)

    assert sum(gap.num_addresses for gap in gaps) == block.num_addresses - 20 * 64
    assert not any(gap.overlaps(one) for gap in gaps for one in used)


def test_the_best_place_is_the_smallest_gap_that_fits():
    section = run("free_space", cidr="10.0.0.0/24", used=["10.0.0.0/26", "10.0.0.96/27"], prefix=27)

    assert section.views[1].text == "Best place for a /27: 10.0.0.64/27"
    assert [row["network"] for row in section.views[2].rows] == ["10.0.0.64/27", "10.0.0.128/25"]
    full = run("free_space", cidr="10.0.0.0/24", used=["10.0.0.0/8"], prefix=30)
    assert (full.views[0].value, full.views[1].text) == (100.0, "A /30 does not fit.")


def test_the_most_specific_network_of_an_address_comes_first():
    ctx = fake_context(toolkit)
    ctx.add(Subnet(name="all", cidr="10.0.0.0/8", parent=True))
    ctx.add(Subnet(name="web", cidr="10.1.0.0/24"))

    rows = ctx.run("contains", wanted=["10.1.0.7", "10.9.9.9", "192.0.2.1"]).rows

    assert rows[0]["network"] == "10.1.0.0/24 (web)"
    assert rows[0]["also"] == "10.0.0.0/8 (all)"
    assert rows[2]["state"]["text"] == "in none"
    with pytest.raises(ToolkitError, match="no networks to look in"):
        run("contains", wanted=["10.0.0.1"])


@pytest.mark.parametrize("mask", ["26", "/26", "255.255.255.192", "0.0.0.63", "10.1.2.0/26"])
def test_masks_are_turned_into_each_other(mask):
    shown = values(run("masks", mask=mask).views[0])

    assert (shown["prefix"], shown["netmask"], shown["wildcard mask"]) == (
        "/26",
        "255.255.255.192",
        "0.0.0.63",
    )


def test_a_mask_that_is_none_is_refused():
    with pytest.raises(ToolkitError, match="no IPv4 prefix"):
        run("masks", mask="255.0.255.0")


def test_reverse_zones_of_both_families():
    rows = run("reverse_zones", cidrs=["10.0.0.0/22", "192.0.2.64/26", "2001:db8::/32"]).rows

    zones = [row["zone"] for row in rows]
    assert zones == [
        "0.0.10.in-addr.arpa", "1.0.10.in-addr.arpa", "2.0.10.in-addr.arpa", "3.0.10.in-addr.arpa",
        "2.0.192.in-addr.arpa", "8.b.d.0.1.0.0.2.ip6.arpa",
    ]  # fmt: skip
    assert "64/26.2.0.192.in-addr.arpa" in rows[4]["note"]
    assert values(run("reverse_name", cidr="192.0.2.5"))["name"] == "5.2.0.192.in-addr.arpa"


def test_prefix_tables_are_whole():
    ipv4, ipv6 = run("prefix_table"), run("prefix_table", family="IPv6")

    assert len(ipv4.rows) == 33
    assert ipv4.rows[8] == {
        "prefix": "/24", "netmask": "255.255.255.0", "wildcard": "0.0.0.255", "addresses": 256, "hosts": 254,
    }  # fmt: skip
    assert ipv6.rows[16]["usual"] == "one link; what SLAAC needs"


def test_collisions_in_the_plan_are_shown():
    ctx = fake_context(toolkit)
    assert ctx.card("plan").value == 0
    assert "The plan is empty" in ctx.run("check_plan").views[0].text
    for name, cidr, more in [
        ("all", "10.0.0.0/16", {"parent": True}), ("web", "10.0.1.0/24", {"gateway": "10.0.2.1"}),
        ("app", "10.0.1.128/25", {}), ("odd", "10.0.9.7/24", {}), ("bad", "1::2::/64", {}),
    ]:  # fmt: skip
        ctx.add(Subnet(name=name, cidr=cidr, **more))

    stat, remarks, tree = ctx.run("check_plan").views

    assert stat.value == 2
    assert {(row["subnet"], row["what"]["text"]) for row in remarks.rows} == {
        ("web", "gateway"), ("app", "overlap"), ("odd", "host bits set"), ("bad", "unreadable"),
    }  # fmt: skip
    assert [row["network"].count("\u00a0") // 3 for row in tree.rows] == [0, 1, 2, 1]
    assert tree.rows[0]["used"] == "0.8 %"
    assert ctx.card("plan").state == "critical"


def test_the_next_free_subnet_is_reserved_once():
    ctx, dry = fake_context(toolkit), fake_context(toolkit, dry_run=True)
    for one in (ctx, dry):
        one.add(Subnet(name="all", cidr="10.0.0.0/24", parent=True))
        one.add(Subnet(name="web", cidr="10.0.0.0/26"))

    assert (
        values(dry.run("reserve", block="10.0.0.0/24", prefix=26, name="app"))["cidr"]
        == "10.0.0.64/26"
    )
    assert len(dry.records(Subnet).list()) == 2
    ctx.run("reserve", block="10.0.0.0/24", prefix=26, name="app", owner="ann")
    assert (
        values(ctx.run("reserve", block="10.0.0.0/24", prefix=25, name="db"))["cidr"]
        == "10.0.0.128/25"
    )
    with pytest.raises(ToolkitError, match="no room"):
        ctx.run("reserve", block="10.0.0.0/24", prefix=26, name="more")
