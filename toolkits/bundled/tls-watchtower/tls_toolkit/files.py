"""Certificates that are pasted or uploaded."""

from __future__ import annotations

from typing import Annotated

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs7
from pydantic import Field
from toolkit_sdk import Context, File, LongText, Secret, ToolkitError, views

from tls_toolkit import report
from tls_toolkit.app import Certificate, toolkit
from tls_toolkit.facts import signed_by
from tls_toolkit.judgement import Finding, Thresholds, of_file

# What every structure in DER begins with.
_SEQUENCE = b"\x30"


@toolkit.operation(title="Check a certificate file", interactive=True, timeout=30)
def check_file(
    ctx: Context,
    pem: Annotated[
        LongText, Field(max_length=400_000, description="PEM text: the certificate, then its chain")
    ] = "",
    upload: Annotated[File | None, Field(description="Or a file: PEM, DER or PKCS#7")] = None,
    name: Annotated[
        str, Field(max_length=253, description="A host name that it should be good for")
    ] = "",
    key: Annotated[
        Secret | None, Field(description="A private key in PEM, to see whether it belongs to it")
    ] = None,
    save_as: Annotated[
        str, Field(max_length=100, description="Also watch it in the sweep, under this name")
    ] = "",
) -> views.Section:
    """Read certificates from text or a file and judge them as those of a host."""
    data = upload.content if upload else pem.encode()
    if not data.strip():
        raise ToolkitError("there is no certificate: paste PEM text, or give a file.", field="pem")
    certificates = ordered(load(data, "upload" if upload else "pem"))
    config = ctx.settings
    thresholds = Thresholds(config.warning_days, config.critical_days)
    judged = of_file(tuple(certificates), name.strip(), thresholds, config.trusted)
    ctx.log.info("%d certificates, the first is for %s", len(certificates), judged.leaf.subject)
    found = judged.findings
    if save_as.strip():
        _save(ctx, certificates, save_as.strip(), name.strip())
    if key is not None:
        found = (*_key(certificates[0], key.reveal()), *found)
    return views.Section(
        title=judged.leaf.subject,
        views=[
            report.stat(judged, name or judged.leaf.subject),
            report.findings(found),
            report.certificate(judged.leaf),
            report.chain(judged),
        ],
    )


def _save(ctx: Context, certificates: list[x509.Certificate], label: str, host: str) -> None:
    records = ctx.records(Certificate)
    if records.list(name=label):
        raise ToolkitError(f"there is a certificate {label!r} already.", field="save_as")
    pem = "".join(
        one.public_bytes(serialization.Encoding.PEM).decode("ascii") for one in certificates
    )
    records.create(Certificate(name=label, pem=pem, host=host))
    ctx.log.info("saved as %s", label)


def load(data: bytes, field: str = "pem") -> list[x509.Certificate]:
    """Read certificates in any usual form. Raises ``ToolkitError`` at the input ``field``."""
    if b"-----BEGIN" in data:
        if b"BEGIN PKCS7" in data:
            return _tried(pkcs7.load_pem_pkcs7_certificates, data, field)
        if b"BEGIN CERTIFICATE-----" not in data and b"BEGIN X509 CERT" not in data:
            kind = (
                data.partition(b"-----BEGIN ")[2].partition(b"-----")[0].decode("ascii", "replace")
            )
            raise ToolkitError(f"it holds a {kind.lower()}, and no certificate.", field=field)
        return _tried(x509.load_pem_x509_certificates, data, field)
    try:
        return [x509.load_der_x509_certificate(data)]
    except ValueError:
        pass
    if not data.startswith(_SEQUENCE):
        raise ToolkitError("it is neither PEM, DER nor PKCS#7.", field=field)
    return _tried(pkcs7.load_der_pkcs7_certificates, data, field)


def _tried(read: object, data: bytes, field: str) -> list[x509.Certificate]:
    try:
        found: list[x509.Certificate] = read(data)  # type: ignore[operator]
    except Exception as error:  # noqa: BLE001  (each parser has its own errors)
        detail = str(error).splitlines()[0][:120] if str(error) else "not PEM, DER or PKCS#7"
        raise ToolkitError(f"it cannot be read: {detail}.", field=field) from None
    if not found:
        raise ToolkitError("there is no certificate in it.", field=field)
    return found


def ordered(found: list[x509.Certificate]) -> list[x509.Certificate]:
    """Put the certificate that signs none of the others first; keep the rest as it is."""
    leaf = next(
        (one for one in found if not any(signed_by(o, one) for o in found if o is not one)),
        found[0],
    )
    return [leaf, *(one for one in found if one is not leaf)]


def _key(certificate: x509.Certificate, text: str) -> tuple[Finding, ...]:
    try:
        private = serialization.load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise ToolkitError(f"it cannot be read: {str(error)[:120]}.", field="key") from None
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    same = private.public_key().public_bytes(*form) == certificate.public_key().public_bytes(*form)
    if same:
        return (Finding("ok", "key_matches", "the private key belongs to the certificate"),)
    return (Finding("critical", "key_differs", "the private key is of another certificate"),)
