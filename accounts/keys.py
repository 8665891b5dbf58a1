"""The keys that tokens are signed and checked with, each with an id, so that they can rotate.

To rotate: put the new key in AUTH_JWT_SECRET (or the key pair) and the one before in
AUTH_JWT_PREVIOUS_SECRETS (or AUTH_JWT_PREVIOUS_PUBLIC_KEYS). Tokens of both are good; new
ones are signed by the new key. A fortnight later the old one can go.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from toolbox.config import SigningConfig

#: What ``AUTH_JWT_ALGORITHM`` may be, and the kind of key that each takes.
ALGORITHMS: dict[str, type[Any]] = {
    **dict.fromkeys(("HS256", "HS384", "HS512"), OctKey),
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), RSAKey),
    **dict.fromkeys(("ES256", "ES384", "ES512"), ECKey),
    "Ed25519": OKPKey,
    "EdDSA": OKPKey,
}

_PEM = re.compile(r"-----BEGIN [A-Z ]+-----.+?-----END [A-Z ]+-----", re.DOTALL)


class UnknownKey(ValueError):
    """A token names a key that is not, or no longer, among ours."""


@dataclass(frozen=True)
class KeyRing:
    """One key to sign with, and all that are good for checking. The algorithm is fixed by
    configuration: what a token's own header says of it is never believed."""

    algorithm: str
    kid: str
    signing: Any
    checking: dict[str, Any]

    def find(self, token: Any) -> Any:
        """The key that a token's header names."""
        key = self.checking.get(str(token.headers().get("kid", "")))
        if key is None:
            raise UnknownKey("the token names no key of ours")
        return key


def ring() -> KeyRing:
    """The keys of this platform."""
    return _ring(settings.SIGNING)


@lru_cache(maxsize=4)
def _ring(signing: SigningConfig) -> KeyRing:
    kind = ALGORITHMS[signing.algorithm]
    if kind is OctKey:
        current, previous = signing.secret, list(signing.previous_secrets)
    else:
        current, previous = signing.public_key, _PEM.findall(signing.previous_public_keys)
    checking = {_kid(text): kind.import_key(text) for text in (*previous, current)}
    own = kind.import_key(signing.material)
    return KeyRing(signing.algorithm, _kid(current), own, checking)


def _kid(material: str) -> str:
    """A name that tells nothing of a secret and is the same in every process."""
    data = b"sre-toolbox:kid:" + "".join(material.split()).encode()
    return hashlib.sha256(data).hexdigest()[:16]
