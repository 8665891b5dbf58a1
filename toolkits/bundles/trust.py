"""Whose signatures are trusted, and what the policy makes of a bundle's."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext

from toolbox.events import emit
from toolkits.bundles import signing, storage
from toolkits.bundles.signing import SIGNATURE, SignatureCheck
from toolkits.errors import BundleError, NotUsable
from toolkits.models import TrustedKey


def trusted_keys() -> dict[str, str]:
    """Names of the trusted keys by public key: those of the settings, then those of the admin."""
    pairs = (part.partition("=") for part in settings.TOOLKIT_TRUSTED_KEYS.split(",") if part)
    # A key in base64 may end in "=", so that only the first one parts name and key.
    found = {key.strip(): name.strip() for name, _, key in pairs}
    return {**dict(TrustedKey.objects.values_list("public_key", "name")), **found}


def public_key(text: str) -> str:
    """Return an Ed25519 public key in base64 as it is kept. Raises ``NotUsable`` for what is
    none, or is trusted already."""
    try:
        raw = base64.b64decode(text.strip(), validate=True)
        Ed25519PublicKey.from_public_bytes(raw)
    except (ValueError, binascii.Error):
        raise NotUsable(gettext("This is not an Ed25519 public key in base64.")) from None
    kept = base64.b64encode(raw).decode()
    if kept in trusted_keys():
        raise NotUsable(gettext("This key is trusted already."))
    return kept


def add_key(name: str, key_text: str, user: Any) -> TrustedKey:
    """Trust a key. Raises ``NotUsable`` as ``public_key`` does."""
    text = public_key(key_text)
    with transaction.atomic():
        key = TrustedKey.objects.create(name=name.strip(), public_key=text, added_by=user)
        emit("trusted_key.added", actor=user, target=key)
    return key


def remove_key(key: TrustedKey, user: Any) -> None:
    """Trust a key no longer. What it signed and is installed stays, unless the policy requires
    signatures: then it is refused at its next use."""
    with transaction.atomic():
        emit("trusted_key.removed", actor=user, target=key)
        key.delete()


def check(folder: Path, digests: dict[str, str]) -> SignatureCheck:
    """Check the signature of a written bundle."""
    file = folder / SIGNATURE
    text = file.read_bytes() if SIGNATURE in digests else None
    return signing.check(digests, text, trusted_keys())


def objection(found: SignatureCheck) -> str:
    """Return why the policy refuses the bundle; empty when it does not."""
    if found.status == "broken":
        # Something was changed on the way, whatever the policy on unsigned bundles.
        return "its signature is broken: " + "; ".join(found.problems[:10])
    if settings.TOOLKIT_SIGNATURE_POLICY != "require" or found.status == "trusted":
        return ""
    if found.status == "none":
        return "it is not signed, and TOOLKIT_SIGNATURE_POLICY requires a signature"
    return f"it is signed by a key that is not trusted here: {found.key}"


def warning(found: SignatureCheck) -> str:
    """Return what to tell about a bundle that is let in all the same; often empty."""
    if settings.TOOLKIT_SIGNATURE_POLICY == "off" or found.status == "trusted":
        return ""
    if found.status == "none":
        return "It is not signed: nobody vouches for where it comes from."
    return f"It is signed by a key that is not trusted here: {found.key}"


def still_good(folder: Path, digest: str) -> None:
    """Raise ``BundleError`` when an installed bundle may not be run: its files were changed, or
    its signature is not good enough any more."""
    try:
        digests = storage.digests_of(folder)
    except (OSError, ValueError) as error:
        raise BundleError(f"the installed files cannot be read: {error}") from None
    if storage.combine(digests) != digest:
        raise BundleError(
            "the installed files are not what was installed",
            hint="Somebody changed them on disk. Install this version again.",
        )
    if why := objection(check(folder, digests)):
        raise BundleError(why)
