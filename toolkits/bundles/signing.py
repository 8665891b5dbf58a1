"""Signatures of bundles: Ed25519 (RFC 8032) over a canonical list of every file's digest.

``toolkit.sig`` is JSON: ``version`` 1, ``key`` (the public key in base64), ``files`` (path →
SHA-256 in hex of every file but itself), and ``signature`` in base64 over the bytes of
``files`` as JSON with sorted keys, no white space and ASCII alone.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

SIGNATURE = "toolkit.sig"
_PREFIX = b"sre-toolbox bundle 1\n"


@dataclass(frozen=True)
class SignatureCheck:
    """What a bundle's signature says. ``status`` is ``none``, ``trusted``, ``unknown`` (a good
    signature by a key that nobody here trusts) or ``broken``; ``problems`` names files."""

    status: str
    signer: str = ""
    key: str = ""
    problems: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "problems": self.problems[:50]}


def new_key() -> tuple[str, str]:
    """Return a new private key in PEM, and its public key in base64."""
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return pem, public_text(private.public_key())


def public_text(key: Ed25519PublicKey) -> str:
    """A public key in base64."""
    return base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def _message(files: Mapping[str, str]) -> bytes:
    text = json.dumps(dict(files), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return _PREFIX + text.encode("ascii")


def sign(files: Mapping[str, str], private_pem: bytes) -> str:
    """Return the text of ``toolkit.sig`` for files with these digests. ``ValueError`` for a key
    that is not an Ed25519 private key in PEM."""
    key = load_pem_private_key(private_pem, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("the key is not an Ed25519 key")
    listed = {path: digest for path, digest in files.items() if path != SIGNATURE}
    signature = base64.b64encode(key.sign(_message(listed))).decode()
    body = {
        "version": 1,
        "key": public_text(key.public_key()),
        "files": listed,
        "signature": signature,
    }
    return json.dumps(body, indent=1, sort_keys=True) + "\n"


def check(
    files: Mapping[str, str], signature: bytes | None, trusted: Mapping[str, str]
) -> SignatureCheck:
    """Check the signature of files with these digests; ``trusted`` maps public keys to names."""
    if signature is None:
        return SignatureCheck("none")
    try:
        body = json.loads(signature)
        listed = dict(body["files"])
        key, raw = str(body["key"]), base64.b64decode(body["signature"], validate=True)
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True))
        version = body["version"]
    except (ValueError, KeyError, TypeError, binascii.Error, RecursionError):
        return SignatureCheck("broken", problems=[f"{SIGNATURE} is not a signature of this form"])
    if version != 1:
        return SignatureCheck("broken", problems=[f"{SIGNATURE} has version {version!r}, not 1"])
    problems = _differences(listed, {p: d for p, d in files.items() if p != SIGNATURE})
    if not problems:
        try:
            public.verify(raw, _message(listed))
        except InvalidSignature:
            problems = [f"{SIGNATURE} was not made by its key"]
    if problems:
        return SignatureCheck("broken", key=key, problems=problems)
    if key in trusted:
        return SignatureCheck("trusted", signer=trusted[key], key=key)
    return SignatureCheck("unknown", key=key)


def _differences(listed: Mapping[str, Any], present: Mapping[str, str]) -> list[str]:
    found = [f"{path} was added after signing" for path in sorted(set(present) - set(listed))]
    found += [f"{path} was removed after signing" for path in sorted(set(listed) - set(present))]
    found += [
        f"{path} was changed after signing"
        for path in sorted(set(listed) & set(present))
        if listed[path] != present[path]
    ]
    return found
