"""Forwarding: every sealed event reaches every place at least once, in order."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.test import override_settings
from django.utils import timezone

from audit import chain, signing
from audit.forward import deliver, forward_due, sinks, syslog
from audit.models import Event, ForwardPosition
from audit.verify import verify
from tests.support import listeners, until
from toolbox import context
from toolbox.events import emit

pytestmark = pytest.mark.django_db


def write(count: int = 3) -> None:
    for number in range(count):
        emit("auth.sign_in_failed", outcome="failure", username=f"user {number}")
    chain.seal_pending()


def retry_now() -> None:
    ForwardPosition.objects.update(next_try_at=None)


class Hook:
    """A webhook that answers what it is told to."""

    status = 200

    def __init__(self) -> None:
        self.web: listeners.Web

    @property
    def url(self) -> str:
        return f"{self.web.url}/events"

    def answer(self, _: listeners.Seen) -> listeners.Answer:
        headers = {"Location": "http://127.0.0.1:1/"} if self.status == 302 else {}
        return self.status, headers, b""

    def sequences(self) -> list[int]:
        bodies = [request.body for request in self.web.seen]
        return [json.loads(line)["sequence"] for body in bodies for line in body.splitlines()]


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()
    with listeners.web(hook.answer) as hook.web:
        yield hook


def test_a_webhook_gets_every_event_in_order(hook: Hook) -> None:
    with override_settings(AUDIT_FORWARD_TO=[hook.url]):
        write(3)
        assert forward_due() == 3
        assert forward_due() == 0
        write(2)
        assert forward_due() == 2
    assert hook.sequences() == [1, 2, 3, 4, 5]
    line = json.loads(hook.web.seen[0].body.splitlines()[0])
    assert line["name"] == "auth.sign_in_failed"
    assert line["hash"] == Event.objects.get(sequence=1).hash


def test_unsealed_events_are_not_sent(hook: Hook) -> None:
    with override_settings(AUDIT_FORWARD_TO=[hook.url]):
        emit("job.ended", state="lost")
        assert forward_due() == 0


def test_a_webhook_can_tell_who_sent(hook: Hook) -> None:
    with override_settings(AUDIT_FORWARD_TO=[hook.url], AUDIT_WEBHOOK_SECRET="shared"):
        write(1)
        forward_due()
    headers, body = hook.web.seen[0].headers, hook.web.seen[0].body
    signed = headers["X-Audit-Timestamp"].encode() + b"." + body
    mac = hmac.new(b"shared", signed, hashlib.sha256).hexdigest()
    assert headers["X-Audit-Signature"] == f"sha256={mac}"


@pytest.mark.parametrize("status", [302, 400, 500, 503])
def test_what_a_webhook_refuses_is_sent_again(hook: Hook, status: int) -> None:
    with override_settings(AUDIT_FORWARD_TO=[hook.url]):
        write(2)
        hook.status = status
        assert forward_due() == 0
        position = ForwardPosition.objects.get()
        assert (position.failures, position.error) == (1, f"it answered {status}")
        assert forward_due() == 0, "it waits before it tries again"
        hook.status = 204
        retry_now()
        assert forward_due() == 2
    assert hook.sequences() == [1, 2, 1, 2]
    position.refresh_from_db()
    assert (position.failures, position.error, position.sequence) == (0, "", 2)


def test_a_place_that_fails_holds_up_no_other(hook: Hook) -> None:
    dead = f"http://127.0.0.1:{listeners.closed_port()}/"
    with override_settings(AUDIT_FORWARD_TO=[dead, hook.url]):
        write(1)
        assert forward_due() == 1


def test_failing_for_long_and_working_again_are_events(hook: Hook) -> None:
    with override_settings(AUDIT_FORWARD_TO=[hook.url]):
        write(1)
        hook.status = 500
        for _ in range(5):
            forward_due()
            retry_now()
        failed = Event.objects.get(name="audit.forwarding_failed")
        assert failed.details == {"sink": hook.web.url, "reason": "it answered 500"}
        hook.status = 200
        forward_due()
        assert Event.objects.filter(name="audit.forwarding_resumed").count() == 1


def test_the_pause_grows_and_has_a_limit(hook: Hook) -> None:
    hook.status = 500
    pauses = []
    with override_settings(AUDIT_FORWARD_TO=[hook.url]):
        write(1)
        for _ in range(12):
            forward_due()
            due = ForwardPosition.objects.get().next_try_at
            assert due is not None
            pauses.append((due - timezone.now()).total_seconds())
            retry_now()
    assert pauses[0] <= 2 < pauses[3] < pauses[-1] <= 300


def test_credentials_in_a_url_are_kept_nowhere(hook: Hook) -> None:
    url = "https://user:hunter2@127.0.0.1:1/token-abc?key=hunter3"
    with override_settings(AUDIT_FORWARD_TO=[url]):
        write(1)
        forward_due()
    position = ForwardPosition.objects.get()
    kept = f"{position.sink} {position.label} {position.error}"
    assert "hunter" not in kept
    assert "token-abc" not in kept


def test_a_file_gets_lines_that_only_its_owner_reads(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with override_settings(AUDIT_FORWARD_TO=[f"file://{path}"]):
        write(2)
        forward_due()
        write(1)
        forward_due()
    lines = path.read_text().splitlines()
    assert [json.loads(line)["sequence"] for line in lines] == [1, 2, 3]
    assert path.stat().st_mode & 0o777 == 0o600


def test_standard_output_gets_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    with override_settings(AUDIT_FORWARD_TO=["stdout:"]):
        with context.working(user_agent="x\ny", request_id="r\r\n"):
            write(2)
        forward_due()
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["user_agent"] for line in lines] == ["x\\x0ay", "x\\x0ay"]


def test_checkpoints_sent_out_prove_the_chain(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.jsonl"
    with override_settings(AUDIT_CHECKPOINTS_TO=[f"file://{path}"], AUDIT_CHECKPOINT_EVENTS=2):
        write(3)
        write(3)
        forward_due()
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    assert [entry["sequence"] for entry in entries] == [3, 6]
    for entry in entries:
        signature = entry.pop("signature")
        assert signing.signature_is_good(entry, signature)
        entry["signature"] = signature
    assert verify(entries).whole


MESSAGE = re.compile(
    rb"<(\d+)>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) (\S+) sre-toolbox (\d+) (\S+) "
    rb'\[meta sequenceId="(\d+)"\] (\{.*\})'
)


def test_syslog_over_udp_is_rfc_5424() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        url = f"syslog+udp://127.0.0.1:{server.getsockname()[1]}"
        with override_settings(AUDIT_FORWARD_TO=[url]):
            write(2)
            assert forward_due() == 2
        messages = [server.recv(65536) for _ in range(2)]
    for number, message in enumerate(messages, 1):
        match = MESSAGE.fullmatch(message)
        assert match, message
        assert int(match[1]) == 13 * 8 + 4
        assert match[5] == b"auth.sign_in_failed"
        assert int(match[6]) == number
        assert json.loads(match[7])["sequence"] == number


def framed(stream: bytes) -> list[bytes]:
    """Take messages apart by their octet counts."""
    messages = []
    while stream:
        size, _, rest = stream.partition(b" ")
        messages.append(rest[: int(size)])
        stream = rest[int(size) :]
    return messages


def receive(connection: socket.socket, into: list[bytes]) -> None:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    into.append(b"".join(parts))


def test_syslog_over_tcp_counts_octets() -> None:
    got: list[bytes] = []
    with listeners.tcp(lambda connection: receive(connection, got)) as port:
        with override_settings(AUDIT_FORWARD_TO=[f"syslog+tcp://127.0.0.1:{port}"]):
            with context.working(user_agent="agent\n<13>1 forged"):
                write(3)
            assert forward_due() == 3
        until(lambda: got, 5)
    messages = framed(got[0])
    assert len(messages) == 3
    assert all(MESSAGE.fullmatch(message) for message in messages)


def test_syslog_over_tls_trusts_only_the_authority_that_is_named(tmp_path: Path) -> None:
    from tests.support import tls

    authority = tls.issue("Authority", ca=True)
    context_ = tls.issue("127.0.0.1", by=authority).context(tmp_path)
    ca = tmp_path / "ca.pem"
    ca.write_text(authority.pem)
    got: list[bytes] = []
    talk = listeners.over_tls(context_, lambda connection: receive(connection, got))
    with listeners.tcp(talk) as port:
        write(1)
        plain = f"syslog+tls://127.0.0.1:{port}"
        with override_settings(AUDIT_FORWARD_TO=[plain]):
            assert forward_due() == 0
        with override_settings(AUDIT_FORWARD_TO=[f"{plain}?ca={ca}"]):
            assert forward_due() == 1
        until(lambda: got, 5)
    assert MESSAGE.fullmatch(framed(got[0])[0])


def test_a_syslog_server_that_is_away_gets_it_later() -> None:
    url = f"syslog+tcp://127.0.0.1:{listeners.closed_port()}"
    with override_settings(AUDIT_FORWARD_TO=[url]):
        write(1)
        assert forward_due() == 0
        assert ForwardPosition.objects.get().sequence == 0


def test_no_name_breaks_a_syslog_header() -> None:
    message = syslog.message("{}", "evil name]\n<1>", "info", 2**40, "")
    assert message.count(b"\n") == 0
    assert re.search(rb" evil_name]_<1> \[meta ", message)


@pytest.mark.parametrize("url", ["ftp://x/", "syslog+smoke://x", "file:", "nonsense", "https://"])
def test_a_place_that_is_not_understood_stops_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="no place to send to"):
        sinks.parse(url)
    with override_settings(AUDIT_FORWARD_TO=[url]):
        assert [error.id for error in run_checks() if error.id == "audit.E002"] == ["audit.E002"]


def test_a_large_backlog_goes_out_in_batches(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliver, "BATCH", 4)
    with override_settings(AUDIT_FORWARD_TO=[hook.url]):
        write(10)
        assert [forward_due() for _ in range(4)] == [4, 4, 2, 0]
    assert hook.sequences() == list(range(1, 11))
