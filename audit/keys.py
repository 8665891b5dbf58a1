"""The keys of the trail, derived from the signing material of the installation.

Checkpoints are signed with Ed25519, so that whoever has the public key can verify them and
nobody who verifies can forge. Events carry an HMAC of the process that wrote them, so that the
sealer takes no row that somebody with access to the database alone put there.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True)
class Keys:
    """What this process signs and proves with. ``id`` names the pair in every signature."""

    id: str
    public_key: str
    _private: Ed25519PrivateKey = field(repr=False)
    _proof_key: bytes = field(repr=False)

    def sign(self, statement: str) -> str:
        """Sign a text; the signature is hexadecimal."""
        return self._private.sign(statement.encode("ascii")).hex()

    def prove(self, digest: str) -> str:
        """Return the proof that this installation wrote an event with ``digest``."""
        return f"{self.id}:{hmac.digest(self._proof_key, digest.encode(), 'sha256').hex()}"

    def proves(self, digest: str, proof: str) -> bool:
        """Whether ``proof`` is this installation's for ``digest``."""
        return hmac.compare_digest(self.prove(digest), proof)


def current() -> Keys:
    """Return the keys of this installation."""
    if not settings.AUDIT_KEY:
        raise ImproperlyConfigured(
            "Nothing can be audited without signing material, and what cannot be audited is not "
            "done: set AUTH_JWT_SECRET, or AUTH_JWT_PRIVATE_KEY with AUTH_JWT_PUBLIC_KEY."
        )
    return _derive(settings.AUDIT_KEY)


@lru_cache(maxsize=4)
def _derive(root: str) -> Keys:
    def derived(purpose: str) -> bytes:
        return hmac.digest(root.encode(), purpose.encode(), "sha256")

    private = Ed25519PrivateKey.from_private_bytes(derived("checkpoint"))
    public = private.public_key().public_bytes_raw()
    return Keys(key_id(public.hex()), public.hex(), private, derived("proof"))


def key_id(public_key: str) -> str:
    """Name a public key: the start of its SHA-256."""
    return hashlib.sha256(bytes.fromhex(public_key)).hexdigest()[:16]


def verify(public_key: str, statement: str, signature: str) -> bool:
    """Whether ``signature`` is that of ``public_key`` over ``statement``."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), statement.encode("ascii"))
    except (InvalidSignature, ValueError):
        return False
    return True
