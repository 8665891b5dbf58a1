"""Unit tests of the TLS toolkit with the SDK's fake context; no server is needed."""

import base64
import datetime as dt
import socket
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from toolkit_sdk import ToolkitError
from toolkit_sdk.net import NetError
from toolkit_sdk.testing import InvalidInputs, fake_context

from tls_toolkit import naming, starttls, toolkit
from tls_toolkit.app import Host
from tls_toolkit.facts import covers

NOW = dt.datetime.now(dt.UTC)
PEM = serialization.Encoding.PEM


def make(name="a.example", by=None, days=90, ca=False, key=None):
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer, signer = by or (None, key)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - dt.timedelta(days=400))
        .not_valid_after(NOW + dt.timedelta(days=days, hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(signer, hashes.SHA256())
    )
    return made, key


def pem(*certificates):
    return "".join(one.public_bytes(PEM).decode() for one in certificates)


def codes(section):
    table = section.views[1]
    return [] if table.view == "text" else [row["state"]["text"] for row in table.rows]


@pytest.mark.parametrize(
    ("names", "wanted", "answer"),
    [
        (("a.example",), "A.example.", True),
        (("*.example.com",), "www.example.com", True),
        (("*.example.com",), "a.b.example.com", False),
        (("*.example.com",), "example.com", False),
        (("*.com",), "example.com", False),
        (("10.0.0.1",), "10.0.0.1", True),
        (("*.0.0.1",), "10.0.0.1", False),
        (("xn--mnchen-3ya.example",), "münchen.example", True),
        ((), "a.example", False),
    ],
)
def test_names_are_compared_as_clients_do(names, wanted, answer):
    assert covers(names, wanted) is answer


def test_a_good_file_is_good_when_its_authority_is_trusted():
    root = make("Root", ca=True)
    leaf, _ = make(by=root)
    ctx = fake_context(toolkit, settings={"trusted": pem(root[0])})

    section = ctx.run("check_file", pem=pem(root[0], leaf), name="a.example")

    assert codes(section) == ["long lifetime"]
    assert section.views[0].value == 90
    assert [row["subject"] for row in section.views[3].rows] == ["a.example", "Root"]


def test_a_bad_file_is_bad_in_every_way():
    leaf, _ = make("b.example", days=-3, key=rsa.generate_private_key(65537, 1024))

    section = fake_context(toolkit).run("check_file", pem=pem(leaf), name="a.example")

    assert set(codes(section)) == {"expired", "weak key", "self signed", "hostname mismatch"}
    assert section.views[0].state == "critical"
    assert section.views[0].value == "ended 2 days ago"


def test_a_missing_intermediate_and_an_unknown_authority_are_told_apart():
    root = make("Root", ca=True)
    middle = make("Middle", by=root, ca=True)
    leaf, _ = make(by=middle)
    ctx = fake_context(toolkit, settings={"trusted": pem(root[0])})

    assert "incomplete" in codes(ctx.run("check_file", pem=pem(leaf)))
    assert "incomplete" not in codes(ctx.run("check_file", pem=pem(leaf, middle[0])))
    assert "untrusted" in codes(
        fake_context(toolkit).run("check_file", pem=pem(leaf, middle[0], root[0]))
    )


def test_der_and_a_private_key_are_read():
    leaf, key = make()
    _, other = make()
    upload = {"content": base64.b64encode(leaf.public_bytes(serialization.Encoding.DER)).decode()}
    form = (PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    ctx = fake_context(toolkit)

    assert "key matches" in codes(
        ctx.run("check_file", upload=upload, key=key.private_bytes(*form).decode())
    )
    assert "key differs" in codes(
        ctx.run("check_file", upload=upload, key=other.private_bytes(*form).decode())
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "paste PEM text"),
        ("hello", "neither PEM, DER nor PKCS#7"),
        ("0hello", "cannot be read"),
        (
            "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----",
            "holds a private key, and no certificate",
        ),
        ("-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----", "cannot be read"),
    ],
)
def test_what_is_no_certificate_is_said_to_be_none(text, message):
    with pytest.raises(ToolkitError, match=message):
        fake_context(toolkit).run("check_file", pem=text)


def talk(protocol, *answers):
    """Run a STARTTLS dialogue against canned answers; returns what was asked."""
    ours, theirs = socket.socketpair()
    asked = []

    def serve():
        with theirs:
            for answer in answers:
                if answer is None:
                    asked.append(theirs.recv(4096))
                else:
                    theirs.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with ours:
            ours.settimeout(5)
            starttls.ASK[protocol](ours)
    finally:
        thread.join()
    return asked


def test_each_protocol_asks_in_its_own_words():
    smtp = talk(
        "smtp", b"220-hi\r\n220 ready\r\n", None, b"250-x\r\n250 STARTTLS\r\n", None, b"220 go\r\n"
    )
    imap = talk("imap", b"* OK hi\r\n", None, b"* CAPABILITY x\r\na1 OK go\r\n")
    assert smtp == [b"EHLO toolbox.invalid\r\n", b"STARTTLS\r\n"]
    assert imap == [b"a1 STARTTLS\r\n"]
    assert talk("pop3", b"+OK hi\r\n", None, b"+OK go\r\n") == [b"STLS\r\n"]
    assert talk("ftp", b"220 hi\r\n", None, b"234 go\r\n") == [b"AUTH TLS\r\n"]
    assert talk("postgresql", None, b"S") == [b"\x00\x00\x00\x08\x04\xd2\x16\x2f"]
    good = bytes.fromhex("300c02010178070a010004000400")
    assert b"1.3.6.1.4.1.1466.20037" in talk("ldap", None, good)[0]


@pytest.mark.parametrize(
    ("protocol", "answers", "message"),
    [
        ("smtp", [b"220 hi\r\n", None, b"250 x\r\n"], "does not offer STARTTLS"),
        ("smtp", [b"554 no\r\n"], "the server said '554 no'"),
        ("imap", [b"* OK hi\r\n", None, b"a1 NO sorry\r\n"], "'a1 NO sorry'"),
        ("postgresql", [None, b"N"], "does not offer TLS"),
        ("postgresql", [None, b"E"], "not PostgreSQL's"),
        ("ldap", [None, bytes.fromhex("300c02010178070a013404000400")], "result code 52"),
        ("ldap", [None, b"HTTP/1.1 400"], "not LDAP"),
        ("pop3", [b"-ERR no\r\n"], "'-ERR no'"),
        ("imap", [], "closed the connection"),
    ],
)
def test_a_server_that_refuses_is_quoted(protocol, answers, message):
    with pytest.raises(NetError, match=message):
        talk(protocol, *answers)


def test_hosts_are_added_once():
    ctx = fake_context(toolkit)
    lines = [
        "example.com",
        "https://example.com:443",
        "smtp://mail.example.com",
        "[2001:db8::1]:8443",
    ]

    rows = ctx.run("add_hosts", hosts=lines, tags=["web"]).rows

    assert [row["state"]["text"] for row in rows] == ["added", "there already", "added", "added"]
    assert [host.label for host in ctx.records(Host).list()] == [
        "example.com:443", "mail.example.com:25", "[2001:db8::1]:8443",
    ]  # fmt: skip
    with pytest.raises(ToolkitError, match="is not a host"):
        ctx.run("add_hosts", hosts=["gopher://x"])


def test_empty_states_say_what_to_do():
    ctx = fake_context(toolkit)

    assert "schedule the sweep" in ctx.card("certificates").detail
    for operation in ("sweep", "calendar"):
        assert "Add servers" in ctx.run(operation).views[0].text
    ctx.add(Host(host="a.example", tags=["x"], enabled=False))
    assert "Sweep all hosts" in ctx.run("calendar").views[0].text
    assert "switched off" in ctx.run("sweep").views[0].text
    with pytest.raises(ToolkitError, match="the tag 'y'"):
        ctx.run("sweep", tag="y")


def test_a_host_that_is_none_is_refused_at_its_field():
    with pytest.raises(InvalidInputs) as caught:
        fake_context(toolkit).run("check", host="a b", port=70000)

    assert set(caught.value.errors) == {"host", "port"}


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("example.com", ("example.com", None, None)),
        ("example.com:8443", ("example.com", None, 8443)),
        ("https://example.com/shop?x=1", ("example.com", "tls", None)),
        ("smtp://mail.example.com", ("mail.example.com", "smtp", None)),
        ("[2001:db8::1]:443", ("2001:db8::1", None, 443)),
        ("2001:db8::1", ("2001:db8::1", None, None)),
    ],
)
def test_a_server_is_named_in_many_ways(line, named):
    found = naming.read(line)

    assert (found.host, found.protocol, found.port) == named


def test_two_ports_for_one_server_are_refused_at_the_field():
    with pytest.raises(ToolkitError, match="the host says 8443") as caught:
        fake_context(toolkit).run("check", host="example.com:8443", port=443)

    assert caught.value.field == "port"


def test_a_name_without_an_address_is_an_error_at_its_field():
    with pytest.raises(ToolkitError, match="no.such.invalid") as caught:
        fake_context(toolkit).run("check", host="no.such.invalid")

    assert caught.value.field == "host"
