"""The TLS toolkit against real servers: certificates of every kind, STARTTLS, OCSP staples."""

import datetime as dt
import os
import shutil
import socket
import ssl
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from OpenSSL import SSL
from toolkit_sdk import Cancelled, ToolkitError
from toolkit_sdk.testing import fake_context

from tests.support import listeners, postgres, slapd, until
from tests.support.tls import NOW, issue, rsa_key
from tls_toolkit import staple, toolkit
from tls_toolkit.app import Certificate, Host
from tls_toolkit.sweeping import last
from toolkits.jobs.states import JobState
from toolkits.models import Toolkit, ToolkitSample
from toolkits.records import create


@pytest.fixture(scope="module")
def root():
    return issue("Test root", ca=True)


@pytest.fixture(scope="module")
def middle(root):
    return issue("Test middle", by=root, ca=True)


@contextmanager
def serving(issued, folder, *, chain=True, talk=lambda _: None, tune=lambda _: None):
    context = issued.context(folder, chain=chain)
    tune(context)
    with listeners.tcp(lambda connection: _after(talk, context, connection)) as port:
        yield port


def _after(talk, context, connection):
    talk(connection)
    listeners.over_tls(context)(connection)


def context(root=None, **settings):
    given = {"timeout_seconds": 3, "retries": 0, **settings}
    if root is not None:
        given["trusted"] = root.pem
    return fake_context(toolkit, settings=given)


def codes(section):
    table = section.views[1]
    return {row["state"]["text"] for row in table.rows} if table.view == "table" else set()


def check(root, port, **inputs):
    inputs = {"host": "localhost", "versions": False, **inputs}
    return context(root).run("check", port=port, **inputs)


def test_a_good_server_has_nothing_to_object_to(root, middle, tmp_path):
    leaf = issue("localhost", by=middle, days=90)
    with serving(leaf, tmp_path) as port:
        section = context(root).run("check", host="localhost", port=port)

    stat, findings, facts, connection, chain = section.views
    assert (stat.state, stat.value) == ("ok", 89)
    assert findings.view == "text"
    shown = {item.label: item.value for item in [*facts.items, *connection.items]}
    assert shown["names"] == "localhost"
    assert shown["key"] == "EC secp256r1"
    assert shown["protocol"] == "TLSv1.3"
    assert shown["versions it takes"] == "TLSv1.2, TLSv1.3"
    assert [row["subject"] for row in chain.rows] == ["localhost", "Test middle"]


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"days": 20}, "expires soon"),
        ({"days": 3}, "expires soon"),
        ({"days": -2, "since_days": 90}, "expired"),
        ({"days": 9, "since_days": -3}, "not yet valid"),
        ({"names": ("other.example",)}, "hostname mismatch"),
        ({"names": ()}, "hostname mismatch"),
        ({"days": 900}, "long lifetime"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_named(root, middle, tmp_path, how, code):
    with serving(issue("localhost", by=middle, **how), tmp_path) as port:
        assert codes(check(root, port)) == {code}


def test_a_weak_key_is_seen_not_refused(root, middle, tmp_path):
    def weak(server):
        server.set_ciphers("ALL:@SECLEVEL=0")

    leaf = issue("localhost", by=middle, key=rsa_key(1024))
    folder = tmp_path
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    weak(server)
    server.load_cert_chain(*leaf.write(folder))
    with listeners.tcp(listeners.over_tls(server)) as port:
        assert codes(check(root, port)) == {"weak key"}


def test_self_signed_incomplete_and_untrusted_are_told_apart(root, middle, tmp_path):
    alone = issue("localhost")
    with serving(alone, tmp_path) as port:
        assert codes(check(root, port)) == {"self signed"}
    leaf = issue("localhost", by=middle)
    with serving(leaf, tmp_path, chain=False) as port:
        assert codes(check(root, port)) == {"incomplete"}
    whole = issue("localhost", by=issue("Other", by=issue("Other root", ca=True), ca=True))
    with serving(whole, tmp_path) as port:
        assert "incomplete" in codes(check(root, port))
    stranger = issue("localhost", by=issue("Strange root", ca=True), root_in_chain=True)
    with serving(stranger, tmp_path) as port:
        assert codes(check(root, port)) == {"untrusted"}


def test_the_certificate_is_chosen_by_server_name(root, middle, tmp_path):
    other = issue("other.example", by=middle).context(tmp_path, "other")

    def chosen(connection, name, _):
        if name == "other.example":
            connection.context = other

    def by_name(server):
        server.sni_callback = chosen

    with serving(issue("localhost", by=middle), tmp_path, tune=by_name) as port:
        assert codes(check(root, port)) == set()
        assert codes(check(root, port, server_name="other.example")) == set()
        assert codes(check(root, port, server_name="third.example")) == {"hostname mismatch"}


def test_an_address_in_the_certificate_is_accepted(root, middle, tmp_path):
    with serving(issue("x", by=middle, names=("127.0.0.1",)), tmp_path) as port:
        assert codes(check(root, port, host="127.0.0.1")) == set()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_a_server_with_old_versions_alone_is_seen(root, middle, tmp_path):
    def old(server):
        server.set_ciphers("ALL:@SECLEVEL=0")
        server.minimum_version = ssl.TLSVersion.TLSv1
        server.maximum_version = ssl.TLSVersion.TLSv1_1

    with serving(issue("localhost", by=middle), tmp_path, tune=old) as port:
        section = context(root).run("check", host="localhost", port=port)

    assert codes(section) == {"old protocol", "old protocol offered"}
    shown = {item.label: item.value for item in section.views[3].items}
    assert shown["versions it takes"] == "TLSv1, TLSv1.1"


def lines(connection, *dialogue):
    """Play a server: bytes are sent, None waits for a line."""
    stream = connection.makefile("rb", buffering=0)
    for entry in dialogue:
        if entry is None:
            while not stream.readline().endswith(b"\n"):
                pass
        else:
            connection.sendall(entry)


def smtp(connection):
    lines(
        connection,
        b"220 mx ESMTP\r\n",
        None,
        b"250-mx\r\n250-SIZE 1\r\n250 STARTTLS\r\n",
        None,
        b"220 go\r\n",
    )


def imap(connection):
    lines(connection, b"* OK ready\r\n", None, b"a1 OK begin TLS\r\n")


def pop3(connection):
    lines(connection, b"+OK ready\r\n", None, b"+OK begin TLS\r\n")


def ftp(connection):
    lines(connection, b"220 ready\r\n", None, b"234 begin TLS\r\n")


def ldap(connection):
    assert b"1.3.6.1.4.1.1466.20037" in connection.recv(64)
    connection.sendall(bytes.fromhex("300c02010178070a010004000400"))


def postgresql(connection):
    assert connection.recv(8) == b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
    connection.sendall(b"S")


@pytest.mark.parametrize("talk", [smtp, imap, pop3, ftp, ldap, postgresql])
def test_starttls_is_asked_for_in_each_protocol(root, middle, tmp_path, talk):
    with serving(issue("localhost", by=middle), tmp_path, talk=talk) as port:
        section = check(root, port, protocol=talk.__name__)

    assert codes(section) == set()
    assert section.views[2].items[0].value == "localhost"


@contextmanager
def stapling(leaf, folder, data):
    certificate, key = leaf.write(folder)
    server = SSL.Context(SSL.TLS_SERVER_METHOD)
    server.use_certificate_chain_file(certificate)
    server.use_privatekey_file(key)
    server.set_ocsp_server_callback(lambda *_: data)

    def talk(connection):
        connection.settimeout(None)
        secure = SSL.Connection(server, connection)
        secure.set_accept_state()
        with suppress(SSL.Error):
            secure.do_handshake()
            secure.shutdown()

    with listeners.tcp(talk) as port:
        yield port


def answer(leaf, issuer, *, status=ocsp.OCSPCertStatus.GOOD, signer=None, hours=24):
    revoked = NOW - dt.timedelta(days=1) if status is ocsp.OCSPCertStatus.REVOKED else None
    signer = signer or issuer
    return (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=leaf.certificate,
            issuer=issuer.certificate,
            algorithm=hashes.SHA1(),
            cert_status=status,
            this_update=NOW - dt.timedelta(hours=48),
            next_update=NOW + dt.timedelta(hours=hours),
            revocation_time=revoked,
            revocation_reason=None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
        .sign(signer.key, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )


def test_a_stapled_answer_is_read_and_checked(root, middle, tmp_path):
    leaf, other = issue("localhost", by=middle), issue("Other", ca=True)
    cases = [
        (answer(leaf, middle), set(), "good"),
        (answer(leaf, middle, status=ocsp.OCSPCertStatus.REVOKED), {"revoked"}, "revoked"),
        (answer(leaf, middle, signer=other), {"staple invalid"}, "not signed"),
        (answer(leaf, middle, hours=-1), {"staple invalid"}, "ended"),
    ]
    for data, found, text in cases:
        with stapling(leaf, tmp_path, data) as port:
            section = check(root, port)
        assert codes(section) == found
        shown = {item.label: item.value for item in section.views[3].items}
        assert text in shown["OCSP staple"]


def test_an_answer_for_another_certificate_and_rubbish_are_not_taken_for_good(middle):
    leaf, other = issue("localhost", by=middle), issue("other", by=middle)
    chain = (leaf.certificate, middle.certificate)

    assert "another certificate" in staple.read(answer(other, middle), chain).text
    assert "cannot be read" in staple.read(b"rubbish", chain).text
    assert staple.read(answer(leaf, middle), chain).status == "good"


def test_what_is_no_tls_is_explained(root):
    with listeners.tcp(
        lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    ) as port:
        with pytest.raises(ToolkitError, match="does not speak TLS on this port"):
            check(root, port)
    with pytest.raises(ToolkitError, match="connection refused"):
        check(root, listeners.closed_port())
    with listeners.tcp(lambda connection: None) as port:
        with pytest.raises(ToolkitError, match="closed the connection|other side closed"):
            check(root, port)


def test_a_denied_address_is_not_reached():
    touched = threading.Event()
    with listeners.tcp(lambda _: touched.set()) as port:
        ctx = context(deny_ranges=["127.0.0.0/8", "::1"])
        with pytest.raises(ToolkitError, match="administrator denies"):
            ctx.run("check", host="localhost", port=port)

    assert not touched.is_set()


def test_a_hung_server_ends_at_the_time_limit_and_a_cancel_at_once():
    with listeners.tcp(lambda connection: time.sleep(5)) as port:
        started = time.monotonic()
        with pytest.raises(ToolkitError, match="no handshake in 0.5 s"):
            context(timeout_seconds=0.5).run("check", host="127.0.0.1", port=port)
        ctx = context(timeout_seconds=30)
        threading.Timer(0.2, ctx.cancel).start()
        with pytest.raises(Cancelled):
            ctx.run("check", host="127.0.0.1", port=port)

    assert time.monotonic() - started < 2.5


def test_a_sweep_keeps_history_and_tells_what_changed(root, middle, tmp_path):
    ctx = context(root)
    first, second = issue("localhost", by=middle), issue("localhost", by=middle)
    with serving(first, tmp_path) as port:
        host = ctx.add(Host(host="localhost", port=port))
        ctx.add(Host(host="localhost", port=listeners.closed_port(), owner="ann"))
        section = ctx.run("sweep")
    results = {row["host"]: row for row in section.views[1].rows}
    assert results[f"localhost:{port}"]["state"]["text"] == "ok"
    assert "refused" in section.views[1].rows[0]["text"]
    assert [notice["title"].rpartition(": ")[2] for notice in ctx.platform.notices] == ["critical"]

    ctx.platform.notices.clear()
    server = socket.create_server(("127.0.0.1", port))
    server.close()
    changed = second.context(tmp_path)
    with _on(port, changed):
        ctx.run("sweep")
    assert [notice["title"] for notice in ctx.platform.notices] == [
        f"localhost:{port}: new certificate"
    ]

    ctx.platform.notices.clear()
    with _on(port, issue("other", by=middle).context(tmp_path)):
        ctx.run("sweep")
    with _on(port, changed):
        ctx.run("sweep")
    told = [notice["title"].rpartition(": ")[2] for notice in ctx.platform.notices]
    assert told == ["critical", "good again"]
    assert len(ctx.history(f"host:{host.record_id}").read()) == 4
    chart, events = ctx.run("history", host=host).views
    assert [event.label for event in events.events] == [
        "ok", "new certificate", "new certificate", "new certificate",
    ]  # fmt: skip
    assert len(chart.series[0].points) == 4
    assert ctx.card("certificates").value == "1 of 2"


@contextmanager
def _on(port, server_context):
    server = socket.create_server(("127.0.0.1", port))
    stop = threading.Event()

    def serve():
        while not stop.is_set():
            try:
                connection, _ = server.accept()
            except OSError:
                return
            listeners._talk(listeners.over_tls(server_context), connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def test_the_calendar_shows_what_ends_when(root, middle, tmp_path):
    ctx = context(root)
    with serving(issue("localhost", by=middle, days=20), tmp_path) as port:
        ctx.add(Host(host="localhost", port=port, critical_days=25))
        ctx.run("sweep")

    bars, timeline = ctx.run("calendar", weeks=4).views

    assert [bar.value for bar in bars.bars] == [0, 0, 1, 0]
    assert timeline.events[0].state == "warning"
    assert next(iter(last(ctx).values())).state == "critical"


def test_a_sweep_of_many_hosts_is_quick(root, middle, tmp_path):
    ctx = context(root, workers=32)
    with serving(issue("localhost", by=middle), tmp_path) as port:
        for number in range(100):
            ctx.add(Host(host="127.0.0.1", port=port, server_name="localhost", note=str(number)))
        started = time.monotonic()
        section = ctx.run("sweep")

    assert len(section.views[1].rows) == 100
    assert time.monotonic() - started < 20


def test_it_sweeps_as_an_installed_toolkit(bundled, run, user, middle, tmp_path):
    installed = bundled("tls-watchtower")
    with serving(issue("localhost", by=middle, days=5), tmp_path) as port:
        create(installed, "hosts", {"host": "localhost", "port": port}, user)
        job = run("tls-watchtower", "sweep")

    assert job.state == JobState.SUCCEEDED, job.reason
    row = job.result["views"][1]["rows"][0]
    assert row["state"]["state"] == "critical"
    assert "4 days left" in row["text"]
    assert (
        ToolkitSample.objects.filter(toolkit=Toolkit.objects.get(slug="tls-watchtower")).count()
        == 1
    )


def test_a_certificate_file_is_kept_and_watched_by_the_sweep(root, middle):
    ctx = context(root)
    good, ending = issue("signer", by=middle), issue("client", by=middle, days=5)
    ctx.run("check_file", pem=good.chain_pem, save_as="signer")
    ctx.add(Certificate(name="client", pem=ending.chain_pem, owner="ann", tags=["soon"]))
    ctx.add(Certificate(name="bad", pem="nothing", enabled=True))

    rows = {row["host"]: row for row in ctx.run("sweep").views[1].rows}
    again = ctx.run("sweep", tag="soon").views[1].rows

    assert {name: row["state"]["text"] for name, row in rows.items()} == {
        "signer": "ok", "client": "critical", "bad": "critical",
    }  # fmt: skip
    assert rows["client"]["version"] == "file"
    assert rows["bad"]["text"].startswith("it is neither PEM, DER nor PKCS#7")
    assert [row["host"] for row in again] == ["client"]
    assert {notice["title"] for notice in ctx.platform.notices} == {
        "client: critical", "bad: critical",
    }  # fmt: skip
    _, timeline = ctx.run("calendar").views
    assert {event.label for event in timeline.events} == {"signer", "client"}
    with pytest.raises(ToolkitError, match="save_as: there is a certificate 'signer' already"):
        ctx.run("check_file", pem=good.chain_pem, save_as="signer")


def test_a_real_openldap_is_asked_by_starttls(tmp_path):
    if not Path(slapd.PROGRAM).exists():
        pytest.skip("NOT TESTED: slapd is not installed here, only a stand-in was asked")
    server = slapd.start(tmp_path)
    try:
        port = int(server.ldap.rpartition(":")[2])
        ctx = fake_context(toolkit, settings={"trusted": server.ca})
        section = ctx.run("check", host="localhost", port=port, protocol="ldap", versions=False)
    finally:
        server.stop()

    assert section.views[0].state == "ok"
    assert codes(section) == set()


def test_a_real_postgresql_is_asked_by_starttls(root, middle):
    if postgres.binaries() is None:
        pytest.skip("NOT TESTED: PostgreSQL is not here, only a stand-in was asked")
    folder = Path(tempfile.mkdtemp(prefix="toolbox-tls-"))
    try:
        certificate, key = issue("localhost", by=middle).write(folder)
        _, uid, gid = postgres._unprivileged()
        for path in (str(folder), certificate, key):
            os.chown(path, uid, gid)
        Path(key).chmod(0o600)
        with postgres.cluster() as url:
            with psycopg.connect(url, autocommit=True) as database:
                database.execute(f"ALTER SYSTEM SET ssl_cert_file = '{certificate}'")
                database.execute(f"ALTER SYSTEM SET ssl_key_file = '{key}'")
                database.execute("ALTER SYSTEM SET ssl = on")
                database.execute("SELECT pg_reload_conf()")
            port = urlsplit(url).port
            section = until(lambda: _by_starttls(root, port), 60, "PostgreSQL speaks TLS")
    finally:
        shutil.rmtree(folder, ignore_errors=True)

    assert section.views[0].state == "ok"


def _by_starttls(root, port):
    try:
        return check(root, port, protocol="postgresql")
    except ToolkitError:
        return None
