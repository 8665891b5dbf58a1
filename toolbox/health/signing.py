"""Is the material that tokens and sessions are signed with good enough to start on?"""

from __future__ import annotations

from toolbox.config import SigningConfig

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
    return ""


def _secret_problem(secret: str) -> str:
    if not secret:
        return "set AUTH_JWT_SECRET (32 characters or more), or a key pair"
    if len(secret) < _SHORTEST:
        return f"AUTH_JWT_SECRET has {len(secret)} characters; it needs {_SHORTEST} or more"
    lowered = secret.lower()
    if any(sample in lowered for sample in _SAMPLES) or len(set(secret)) < 10:
        return "AUTH_JWT_SECRET is a sample value or easy to guess; generate a random one"
    return ""
