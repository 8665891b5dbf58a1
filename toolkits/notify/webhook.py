"""Posts a message to a webhook: signed, bounded, and to no private address that is not allowed."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import time
from functools import partial
from typing import Any

import requests
from django.conf import settings

from toolbox import outgoing, secrets
from toolbox.secrets import SecretsError
from toolkits.models import NotificationDelivery, NotificationRule
from toolkits.notify import message

_TIMEOUT = (5.0, 10.0)
KEY_FIELD = "signing_key"


class NotDelivered(Exception):
    """The message did not arrive; the text says why."""


def networks() -> list[outgoing.Network]:
    """The private networks that webhooks may go to."""
    found = settings.TOOLKIT_WEBHOOK_ALLOWED_NETWORKS
    return [ipaddress.ip_network(text, strict=False) for text in found]


def send(delivery: NotificationDelivery) -> None:
    """Post one message, or raise ``NotDelivered``."""
    body = json.dumps(message.payload(delivery), separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "sre-toolbox",
        "X-Toolbox-Delivery": str(delivery.pk),
        **_signature(delivery.rule, body),
    }
    with requests.Session() as session:
        # The address is checked where the connection is made, so that no name can lead to
        # another one between a check and its use; a redirect is not followed.
        check = partial(outgoing.refusal, private=False, allowed=networks())
        outgoing.guard(session, check=check)
        try:
            response = session.post(
                delivery.rule.url, data=body, headers=headers, timeout=_TIMEOUT,
                allow_redirects=False,
            )  # fmt: skip
        except (requests.RequestException, ValueError) as error:
            raise NotDelivered(_short(error)) from error
    if not 200 <= response.status_code < 300:
        kind = "a redirect, which is not followed" if response.is_redirect else "no success"
        raise NotDelivered(f"It answered {response.status_code}: {kind}.")


def _signature(rule: NotificationRule, body: bytes) -> dict[str, str]:
    """``t=<time>,v1=<HMAC-SHA256 of time, dot and body>``: a receiver can tell who sent it, and
    refuse what is old."""
    if not rule.has_signing_key:
        return {}
    try:
        key = str(secrets.client().read(rule.vault_path)[KEY_FIELD])
    except (SecretsError, KeyError) as error:
        raise NotDelivered(f"Its signing key could not be read: {error}") from error
    moment = str(int(time.time()))
    mac = hmac.new(key.encode(), moment.encode() + b"." + body, hashlib.sha256)
    return {"X-Toolbox-Signature": f"t={moment},v1={mac.hexdigest()}"}


def _short(error: Any) -> str:
    text = str(error)
    # urllib3 wraps the one sentence that matters in its own.
    return text.rpartition(": ")[2].strip(" ')\"") or type(error).__name__
