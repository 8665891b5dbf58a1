"""The keys that tokens are signed and checked with, each with an id, so that they can rotate.

To rotate: put the new key in AUTH_JWT_SECRET (or the key pair) and the one before in
AUTH_JWT_PREVIOUS_SECRETS (or AUTH_JWT_PREVIOUS_PUBLIC_KEYS). Tokens of both are good; new
ones are signed by the new key. A fortnight later the old one can go.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Any

import jwt
from django.conf import settings
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError

from toolbox.config import SigningConfig

ISSUER = AUDIENCE = "sre-toolbox"

_PEM = re.compile(r"-----BEGIN [A-Z ]+-----.+?-----END [A-Z ]+-----", re.DOTALL)


class KeyRing(TokenBackend):
    """simplejwt's backend with one key to sign with and all that are good for checking, found by
    the id in a token's header. The algorithm is fixed by configuration: what a token says of
    its own is never believed."""

    def __init__(self, signing: SigningConfig) -> None:
        super().__init__(signing.algorithm, signing.material, audience=AUDIENCE, issuer=ISSUER)
        if signing.algorithm.startswith("HS"):
            current, previous = signing.secret, list(signing.previous_secrets)
        else:
            current, previous = signing.public_key, _PEM.findall(signing.previous_public_keys)
        self.kid = _kid(current)
        self._checking = {_kid(text): self._prepare_key(text) for text in (*previous, current)}

    def get_verifying_key(self, token: Any) -> Any:
        """The key that the token's header names."""
        key = self._checking.get(jwt.get_unverified_header(token).get("kid", ""))
        if key is None:
            raise TokenBackendError("the token names no key of ours")
        return key

    def encode(self, payload: dict[str, Any]) -> str:
        """Sign the claims, with issuer and audience, and say by which key."""
        claims = {**payload, "iss": self.issuer, "aud": self.audience}
        return jwt.encode(
            claims,
            self.prepared_signing_key,
            algorithm=self.algorithm,
            headers={"kid": self.kid},
        )


def ring() -> KeyRing:
    """The keys of this platform."""
    return _ring(settings.SIGNING)


@lru_cache(maxsize=4)
def _ring(signing: SigningConfig) -> KeyRing:
    return KeyRing(signing)


def _kid(material: str) -> str:
    """A name that tells nothing of a secret and is the same in every process."""
    data = b"sre-toolbox:kid:" + "".join(material.split()).encode()
    return hashlib.sha256(data).hexdigest()[:16]
