"""Certificates for test servers, made on the spot."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

NOW = dt.datetime.now(dt.UTC)


@dataclass
class Issued:
    """A certificate with its key, and the chain above it."""

    certificate: x509.Certificate
    key: Any
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def pem(self) -> str:
        """The certificate alone."""
        return _pem(self.certificate)

    @property
    def chain_pem(self) -> str:
        """The certificate and the chain that a server sends with it."""
        return self.pem + "".join(map(_pem, self.chain))

    @property
    def key_pem(self) -> str:
        """The private key."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()

    def write(self, folder: Path, name: str = "server", *, chain: bool = True) -> tuple[str, str]:
        """Write certificate and key; returns their paths."""
        cert, key = folder / f"{name}.pem", folder / f"{name}.key"
        cert.write_text(self.chain_pem if chain else self.pem)
        key.write_text(self.key_pem)
        return str(cert), str(key)

    def context(self, folder: Path, name: str = "server", *, chain: bool = True) -> ssl.SSLContext:
        """A server's TLS context with this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.write(folder, name, chain=chain))
        return context


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def issue(
    name: str,
    *,
    by: Issued | None = None,
    names: tuple[str, ...] | None = None,
    ca: bool = False,
    days: float = 90,
    since_days: float = 1,
    key: Any = None,
    digest: Any = None,
    ocsp_must_staple: bool = False,
    root_in_chain: bool = False,
) -> Issued:
    """Issue a certificate: self-signed unless ``by`` signs it. ``names`` are its SANs."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - dt.timedelta(days=since_days))
        .not_valid_after(NOW + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if ca:
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = builder.add_extension(usage, critical=True)
    alternative = [_san(entry) for entry in ((name,) if names is None else names)]
    if alternative and not ca:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternative), critical=False)
    builder = builder.add_extension(
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
    )
    if by is not None:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key())
        builder = builder.add_extension(identifier, critical=False)
    certificate = builder.sign((by or Issued(None, key)).key, digest or hashes.SHA256())  # type: ignore[arg-type]
    above: tuple[x509.Certificate, ...] = ()
    if by is not None and (by.certificate.issuer != by.certificate.subject or root_in_chain):
        above = (by.certificate, *by.chain)
    return Issued(certificate, key, above)


def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """An RSA key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def _san(entry: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(entry))
    except ValueError:
        return x509.DNSName(entry)
