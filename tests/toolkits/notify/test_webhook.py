"""Webhooks: signed, tried again, and never to a private address that is not allowed."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.support.factories import make_job, make_row
from toolbox import secrets
from toolbox.secrets import SecretNotFound
from toolkits.errors import InputError
from toolkits.jobs.states import JobState
from toolkits.models import DeliveryState, NotificationDelivery
from toolkits.notify import deliver, outbox, rules


@pytest.fixture
def receiver():
    """A server that keeps what it gets; its ``status`` is what it answers."""
    got: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((dict(self.headers), body))
            self.send_response(server.status)
            self.send_header("Location", "http://169.254.169.254/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.status, server.got = 200, got
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def told(curator, receiver, monkeypatch):
    """A rule for the receiver, and a way to end a job and try its delivery."""
    monkeypatch.setattr(outbox, "call_workers", lambda deliveries: None)
    url = f"http://127.0.0.1:{receiver.server_port}/hook"
    rule = rules.create(curator, name="All", channel="webhook", url=url, outcomes=["failed"])

    def end(state=JobState.FAILED):
        job = make_job(make_row(), curator, state=state)
        outbox.add(job, state)
        found = NotificationDelivery.objects.filter(rule=rule, job=job).first()
        if found:
            deliver.deliver(str(found.pk))
            found.refresh_from_db()
        return found

    return end


def test_a_message_tells_of_the_job(told, receiver, settings):
    settings.TOOLKIT_WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]

    delivery = told()

    assert delivery.state == DeliveryState.DELIVERED
    [(headers, body)] = receiver.got
    assert headers["X-Toolbox-Delivery"] == str(delivery.pk)
    assert json.loads(body)["job"]["state"] == "failed"


def test_only_the_outcomes_of_the_rule_are_told(told):
    assert told(JobState.SUCCEEDED) is None


def test_a_private_address_is_refused_where_the_connection_is_made(told, receiver):
    delivery = told()

    assert delivery.state == DeliveryState.PENDING
    assert "private address" in delivery.last_error
    assert receiver.got == []


@pytest.mark.parametrize(("status", "why"), [(500, "500"), (302, "redirect")])
def test_what_does_not_arrive_is_tried_again_later(told, receiver, settings, status, why):
    settings.TOOLKIT_WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    receiver.status = status

    delivery = told()

    assert (delivery.state, delivery.tries) == (DeliveryState.PENDING, 1)
    assert why in delivery.last_error
    assert len(receiver.got) == 1


def test_it_is_given_up_after_the_last_try(told, receiver, settings, monkeypatch):
    monkeypatch.setattr(deliver, "PAUSES", ())

    assert told().state == DeliveryState.FAILED


def test_a_message_is_signed_with_the_key_of_its_rule(told, receiver, settings, monkeypatch):
    settings.TOOLKIT_WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    from toolkits.models import NotificationRule
    from toolkits.notify import webhook

    NotificationRule.objects.update(has_signing_key=True)
    outbox.forget()

    class Vault:
        def read(self, path):
            return {webhook.KEY_FIELD: "k" * 32}

    monkeypatch.setattr(webhook.secrets, "client", Vault)

    told()

    [(headers, body)] = receiver.got
    moment, _, mac = headers["X-Toolbox-Signature"].removeprefix("t=").partition(",v1=")
    assert mac == hmac.new(b"k" * 32, moment.encode() + b"." + body, hashlib.sha256).hexdigest()


def test_the_key_of_a_rule_is_in_vault_and_signs_its_messages(
    curator, receiver, openbao, settings, monkeypatch
):
    settings.TOOLKIT_WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    monkeypatch.setattr(outbox, "call_workers", lambda deliveries: None)
    url = f"http://127.0.0.1:{receiver.server_port}/hook"
    key = "a key of twenty characters"
    rule = rules.create(
        curator, name="Signed", channel="webhook", url=url, outcomes=["failed"], signing_key=key
    )
    assert key not in str(rule.__dict__)
    job = make_job(make_row(), curator, state=JobState.FAILED)

    delivery = rules.tell(rule, job, curator)
    deliver.deliver(str(delivery.pk))

    [(headers, body)] = receiver.got
    moment, _, mac = headers["X-Toolbox-Signature"].removeprefix("t=").partition(",v1=")
    expected = hmac.new(key.encode(), moment.encode() + b"." + body, hashlib.sha256)
    assert mac == expected.hexdigest()
    path = rule.vault_path
    rules.delete(rule, curator)
    with pytest.raises(SecretNotFound):
        secrets.client().read(path)


def test_a_mail_rule_needs_a_mail_server(curator):
    with pytest.raises(InputError, match="no mail server"):
        rules.create(curator, name="Mail", channel="email", recipients=["a@example.com"])
