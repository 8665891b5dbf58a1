"""Whether a chain leads to an authority that is trusted here, and what is missing if not."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import certifi
from cryptography import x509
from OpenSSL import crypto
from toolkit_sdk import ToolkitError

from tls_toolkit.facts import shown_name, signed_by

_SYSTEM = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
#: Dates are judged by themselves, in words that say how long ago.
_NO_CHECK_TIME = 0x200000
_PARTIAL_CHAIN = 0x80000
#: OpenSSL's codes for weak keys and digests, which are findings of their own.
_WEAK = {66, 67, 68}


@dataclass(frozen=True)
class Verdict:
    """``code`` is empty for a chain that is trusted, else ``self-signed``, ``incomplete``,
    ``untrusted`` or ``broken``."""

    code: str
    text: str


@lru_cache(maxsize=4)
def store(own: str) -> crypto.X509Store:
    """The system's authorities, and those in ``own`` (PEM). Raises ``ToolkitError``."""
    made = crypto.X509Store()
    system = next((path for path in _SYSTEM if Path(path).is_file()), certifi.where())
    made.load_locations(system)
    if own.strip():
        for certificate in _own(own):
            made.add_cert(crypto.X509.from_cryptography(certificate))
    made.set_flags(_NO_CHECK_TIME | _PARTIAL_CHAIN)
    return made


def _own(text: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(text.encode())
    except ValueError:
        raise ToolkitError(
            "The trusted authorities in the settings are not PEM certificates."
        ) from None


def judge(chain: tuple[x509.Certificate, ...], own: str) -> Verdict:
    """Say whether the first certificate is trusted by way of the others."""
    leaf, *rest = chain
    above = [crypto.X509.from_cryptography(one) for one in rest]
    checked = crypto.X509StoreContext(store(own), crypto.X509.from_cryptography(leaf), above)
    try:
        checked.verify_certificate()
    except crypto.X509StoreContextError as error:
        return _problem(leaf, rest, error)
    return Verdict("", "leads to an authority that is trusted here")


def _problem(
    leaf: x509.Certificate, rest: list[x509.Certificate], error: crypto.X509StoreContextError
) -> Verdict:
    if signed_by(leaf, leaf):
        return Verdict("self-signed", "signed by itself, and not trusted here")
    top = _top(leaf, rest)
    if signed_by(top, top):
        return Verdict(
            "untrusted", f"its authority {shown_name(top.subject)!r} is not trusted here"
        )
    code = error.errors[0] if error.errors else 0
    if code in _WEAK:
        return Verdict("", "leads to a trusted authority, but a key or signature is weak")
    if code in (2, 20, 21, 27):
        missing = shown_name(top.issuer)
        return Verdict(
            "incomplete",
            f"the server did not send the certificate of {missing!r}, or it is not trusted here",
        )
    return Verdict("broken", str(error))


def _top(leaf: x509.Certificate, rest: list[x509.Certificate]) -> x509.Certificate:
    """Follow the issuers as far as the certificates at hand lead."""
    top, left = leaf, list(rest)
    while left:
        issuer = next((one for one in left if signed_by(top, one)), None)
        if issuer is None:
            break
        left.remove(issuer)
        top = issuer
    return top


def out_of_order(chain: tuple[x509.Certificate, ...]) -> bool:
    """Whether some certificate does not sign the one before it."""
    return any(one.issuer != above.subject for one, above in pairwise(chain))
