"""Passkeys (WebAuthn), checked by python-fido2 for the public origin of this platform alone."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts.mfa.problems import FactorRefused
from accounts.models import Factor, FactorKind, User

State = dict[str, Any]
_FAILURES = (ValueError, KeyError, TypeError, AttributeError, AssertionError, IndexError)


def available() -> bool:
    """Whether browsers allow passkeys here: over https or on localhost, and not by address."""
    origin = urlsplit(settings.FRONTEND_BASE_URL)
    host = origin.hostname or ""
    by_address = host.replace(".", "").isdigit() or ":" in host
    return not by_address and (origin.scheme == "https" or host == "localhost")


def begin_adding(user: User) -> tuple[dict[str, Any], State]:
    """Options for the browser, and the state to keep in the session."""
    entity = PublicKeyCredentialUserEntity(
        id=user.pk.bytes, name=user.username, display_name=str(user)
    )
    options, state = _server().register_begin(
        entity,
        _credentials(_passkeys(user)),
        resident_key_requirement=ResidentKeyRequirement.PREFERRED,
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return dict(options.public_key), state


@transaction.atomic
def finish_adding(user: User, state: State, answer: Any, name: str) -> Factor:
    """Check what the browser made and keep it. Raises ``FactorRefused``."""
    try:
        made = _server().register_complete(state, answer)
        credential = made.credential_data
        assert credential is not None
    except _FAILURES as error:
        raise FactorRefused(
            gettext("The passkey was not taken: %(error)s") % {"error": error}
        ) from None
    identifier = websafe_encode(credential.credential_id)
    if len(identifier) > 400 or Factor.objects.filter(credential=identifier).exists():
        raise FactorRefused(gettext("This passkey is in use already."))
    return Factor.objects.create(
        user=user,
        kind=FactorKind.PASSKEY,
        name=name.strip()[:100],
        credential=identifier,
        data={"key": websafe_encode(bytes(credential)), "count": made.counter},
    )


def begin_proving(user: User) -> tuple[dict[str, Any], State]:
    """Options for the browser, and the state to keep in the session."""
    options, state = _server().authenticate_begin(
        _credentials(_passkeys(user)), user_verification=UserVerificationRequirement.PREFERRED
    )
    return dict(options.public_key), state


@transaction.atomic
def finish_proving(user: User, state: State, answer: Any) -> Factor:
    """Check what the browser signed. Raises ``FactorRefused``."""
    known = _passkeys(user)
    try:
        found = _server().authenticate_complete(state, _credentials(known), answer)
        count = AuthenticationResponse.from_dict(answer).response.authenticator_data.counter
    except _FAILURES as error:
        raise FactorRefused(
            gettext("The passkey was refused: %(error)s") % {"error": error}
        ) from None
    identifier = websafe_encode(found.credential_id)
    row = Factor.objects.select_for_update().get(credential=identifier, user=user)
    if count and count <= int(row.data.get("count", 0)):
        raise FactorRefused(
            gettext("The passkey was refused: its counter went back, as a copy's does")
        )
    row.data = {**row.data, "count": count}
    row.last_used_at = timezone.now()
    row.save(update_fields=["data", "last_used_at"])
    return row


def _server() -> Fido2Server:
    host = urlsplit(settings.FRONTEND_BASE_URL).hostname or "localhost"
    return Fido2Server(
        PublicKeyCredentialRpEntity(id=host, name="SRE Toolbox"),
        verify_origin=lambda origin: origin == settings.FRONTEND_BASE_URL,
    )


def _passkeys(user: User) -> list[Factor]:
    return list(user.factors.filter(kind=FactorKind.PASSKEY))


def _credentials(rows: list[Factor]) -> list[AttestedCredentialData]:
    return [AttestedCredentialData(websafe_decode(row.data["key"])) for row in rows]
