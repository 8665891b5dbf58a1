"""The OCSP answer that a server staples to its handshake."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from tls_toolkit.facts import signed_by


@dataclass(frozen=True)
class Staple:
    """``status`` is ``none``, ``good``, ``revoked``, ``unknown`` or ``invalid``."""

    status: str
    text: str


def read(data: bytes, chain: tuple[x509.Certificate, ...]) -> Staple:
    """Read a stapled answer and check that it is for this certificate, current and signed."""
    if not data:
        return Staple("none", "the server staples no OCSP answer")
    try:
        answer = ocsp.load_der_ocsp_response(data)
    except ValueError:
        return Staple("invalid", "the stapled OCSP answer cannot be read")
    if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        return Staple("invalid", f"the OCSP answer says {answer.response_status.name.lower()}")
    if answer.serial_number != chain[0].serial_number:
        return Staple("invalid", "the OCSP answer is for another certificate")
    if wrong := _out_of_time(answer):
        return Staple("invalid", f"the OCSP answer {wrong}")
    if not _signed(answer, chain):
        return Staple("invalid", "the OCSP answer is not signed by the certificate's issuer")
    status = answer.certificate_status
    if status is ocsp.OCSPCertStatus.REVOKED:
        return Staple("revoked", f"revoked {answer.revocation_time_utc:%Y-%m-%d %H:%M}")
    name = status.name.lower()
    return Staple(name, f"the stapled OCSP answer says {name}")


def _out_of_time(answer: ocsp.OCSPResponse) -> str:
    now = dt.datetime.now(dt.UTC)
    if answer.next_update_utc is not None and answer.next_update_utc < now:
        return f"ended {answer.next_update_utc:%Y-%m-%d %H:%M}"
    return "is from the future" if answer.this_update_utc > now + dt.timedelta(minutes=5) else ""


def _signed(answer: ocsp.OCSPResponse, chain: tuple[x509.Certificate, ...]) -> bool:
    issuer = next((one for one in chain[1:] if signed_by(chain[0], one)), None)
    if issuer is None:
        # Not sent: the signature cannot be judged here, which the chain's verdict tells.
        return True
    delegated = [one for one in answer.certificates if signed_by(one, issuer) and _may_answer(one)]
    signers = [issuer, *delegated]
    return any(_signed_by(answer, signer) for signer in signers)


def _may_answer(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in usage


def _signed_by(answer: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    key, digest = signer.public_key(), answer.signature_hash_algorithm
    try:
        if isinstance(key, rsa.RSAPublicKey) and digest is not None:
            key.verify(answer.signature, answer.tbs_response_bytes, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey) and digest is not None:
            key.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(digest))
        else:
            key.verify(answer.signature, answer.tbs_response_bytes)  # type: ignore[union-attr,call-arg]
    except (InvalidSignature, UnsupportedAlgorithm, TypeError, AttributeError):
        return False
    return True
