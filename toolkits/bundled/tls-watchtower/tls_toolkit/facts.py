"""What a certificate says about itself."""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509.oid import ExtensionOID, NameOID

_WEAK_DIGESTS = {"md5", "sha1", "md2", "md4"}


@dataclass(frozen=True)
class Facts:
    """The readable facts of a certificate."""

    certificate: x509.Certificate
    subject: str
    issuer: str
    names: tuple[str, ...]
    key: str
    weak_key: str
    signature: str
    weak_signature: bool
    begins: dt.datetime
    ends: dt.datetime
    serial: str
    fingerprint: str
    is_ca: bool
    self_signed: bool
    must_staple: bool

    @property
    def days_left(self) -> float:
        """Days until it ends; negative after."""
        return (self.ends - dt.datetime.now(dt.UTC)).total_seconds() / 86_400


def _extension(certificate: x509.Certificate, kind: Any) -> Any:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, ValueError, x509.UnsupportedGeneralNameType):
        return None


def shown_name(name: x509.Name) -> str:
    """The common name, or the organisation, or the whole."""
    for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        if found := name.get_attributes_for_oid(oid):
            return str(found[0].value)
    return name.rfc4514_string() or "(empty)"


def names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    """The names of the subject alternative name extension."""
    found = _extension(certificate, x509.SubjectAlternativeName)
    if found is None:
        return ()
    return tuple(
        str(entry.value) for entry in found if isinstance(entry, x509.DNSName | x509.IPAddress)
    )


def _key(certificate: x509.Certificate) -> tuple[str, str]:
    """The key's kind and size, and why it is weak, if it is."""
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "of an unknown kind", ""
    if isinstance(key, rsa.RSAPublicKey):
        weak = f"RSA of {key.key_size} bits; 2048 is the least" if key.key_size < 2048 else ""
        return f"RSA {key.key_size}", weak
    if isinstance(key, ec.EllipticCurvePublicKey):
        weak = f"a curve of {key.key_size} bits; 256 is the least" if key.key_size < 256 else ""
        return f"EC {key.curve.name}", weak
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "Ed25519", ""
    if isinstance(key, ed448.Ed448PublicKey):
        return "Ed448", ""
    if isinstance(key, dsa.DSAPublicKey):
        return f"DSA {key.key_size}", "DSA is no longer trusted"
    return type(key).__name__, ""


def _signature(certificate: x509.Certificate) -> tuple[str, bool]:
    name = certificate.signature_algorithm_oid._name
    try:
        digest = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return name, any(weak in name.lower() for weak in _WEAK_DIGESTS)
    return name, digest is not None and digest.name in _WEAK_DIGESTS


def signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether ``issuer`` signed the certificate."""
    if certificate.issuer != issuer.subject:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def read(certificate: x509.Certificate) -> Facts:
    """Read a certificate."""
    key, weak_key = _key(certificate)
    signature, weak_signature = _signature(certificate)
    constraints = _extension(certificate, x509.BasicConstraints)
    features = certificate.extensions if _readable(certificate) else ()
    must_staple = any(entry.oid == ExtensionOID.TLS_FEATURE for entry in features)
    return Facts(
        certificate=certificate,
        subject=shown_name(certificate.subject),
        issuer=shown_name(certificate.issuer),
        names=names_of(certificate),
        key=key,
        weak_key=weak_key,
        signature=signature,
        weak_signature=weak_signature,
        begins=certificate.not_valid_before_utc,
        ends=certificate.not_valid_after_utc,
        serial=f"{certificate.serial_number:x}",
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(":"),
        is_ca=bool(constraints and constraints.ca),
        self_signed=signed_by(certificate, certificate),
        must_staple=must_staple,
    )


def _readable(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions is not None
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return False


def covers(names: tuple[str, ...], wanted: str) -> bool:
    """Whether one of a certificate's names is ``wanted``; a wildcard covers one label."""
    try:
        address = str(ipaddress.ip_address(wanted))
    except ValueError:
        address = ""
    if address:
        return address in names
    host = _ascii(wanted)
    for name in map(_ascii, names):
        if name == host:
            return True
        if name.startswith("*.") and host.partition(".")[2] == name[2:] and "." in name[2:]:
            return bool(host.partition(".")[0])
    return False


def _ascii(name: str) -> str:
    try:
        return name.rstrip(".").lower().encode("idna").decode()
    except UnicodeError:
        return name.rstrip(".").lower()
