"""Is the material that tokens and sessions are signed with good enough to start on?"""

from __future__ import annotations

from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from toolbox.config import SigningConfig

_KINDS: dict[str, type[Any]] = {
    "RS": RSAPrivateKey,
    "PS": RSAPrivateKey,
    "ES": EllipticCurvePrivateKey,
    "Ed": Ed25519PrivateKey,
}

_SHORTEST = 32
_SAMPLES = ("changeme", "change-me", "change_me", "secret-key", "example", "insecure", "password",
            "your-secret", "replace")  # fmt: skip
_SYMMETRIC = frozenset({"HS256", "HS384", "HS512"})


def problem(signing: SigningConfig) -> str:
    """Return what is wrong, in words that say what to set; empty when nothing is."""
    if signing.algorithm in _SYMMETRIC:
        return _secret_problem(signing.secret)
    if not signing.private_key or not signing.public_key:
        missing = "AUTH_JWT_PUBLIC_KEY" if signing.private_key else "AUTH_JWT_PRIVATE_KEY"
        return f"{signing.algorithm} needs a key pair, but {missing} is not set"
    return _pair_problem(signing)


def _pair_problem(signing: SigningConfig) -> str:
    try:
        private = load_pem_private_key(signing.private_key.encode(), password=None)
        public = load_pem_public_key(signing.public_key.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return "AUTH_JWT_PRIVATE_KEY or AUTH_JWT_PUBLIC_KEY is not a key in PEM without passphrase"
    if _bytes(private.public_key()) != _bytes(public):
        return "AUTH_JWT_PUBLIC_KEY is not the other half of AUTH_JWT_PRIVATE_KEY"
    kind = next(kind for prefix, kind in _KINDS.items() if signing.algorithm.startswith(prefix))
    if not isinstance(private, kind):
        return f"AUTH_JWT_PRIVATE_KEY is not a key for {signing.algorithm}"
    return ""


def _bytes(key: Any) -> bytes:
    found: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return found


def _secret_problem(secret: str) -> str:
    if not secret:
        return "set AUTH_JWT_SECRET (32 characters or more), or a key pair"
    if len(secret) < _SHORTEST:
        return f"AUTH_JWT_SECRET has {len(secret)} characters; it needs {_SHORTEST} or more"
    lowered = secret.lower()
    if any(sample in lowered for sample in _SAMPLES) or len(set(secret)) < 10:
        return "AUTH_JWT_SECRET is a sample value or easy to guess; generate a random one"
    return ""
