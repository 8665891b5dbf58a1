"""What is to be said about a host: findings, the worst of them first."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from cryptography import x509
from toolkit_sdk import views
from toolkit_sdk.net import NetError

from tls_toolkit import facts, trust
from tls_toolkit.handshake import Seen
from tls_toolkit.staple import Staple
from tls_toolkit.staple import read as read_staple

_RANK = {"critical": 0, "warning": 1, "unknown": 2, "info": 3, "ok": 4}
#: What browsers accept at most of a public certificate.
_LONGEST_DAYS = 398


@dataclass(frozen=True)
class Thresholds:
    """From how many days left on it is a warning, and critical."""

    warning: int
    critical: int


@dataclass(frozen=True)
class Finding:
    """One thing to say. ``code`` is for machines and does not change."""

    state: views.State
    code: str
    text: str


@dataclass(frozen=True)
class Judgement:
    """Everything about a certificate or a host."""

    leaf: facts.Facts
    chain: tuple[facts.Facts, ...]
    findings: tuple[Finding, ...]
    staple: Staple | None = None

    @property
    def state(self) -> views.State:
        """The worst state of all findings."""
        return worst(self.findings)


def worst(findings: tuple[Finding, ...]) -> views.State:
    """The worst state; ok where nothing is to be said."""
    return min((one.state for one in findings), key=_RANK.__getitem__, default="ok")


def of_host(seen: Seen, name: str, thresholds: Thresholds, own: str) -> Judgement:
    """Judge what a handshake showed. Raises ``NetError`` for what cannot be read."""
    try:
        chain = tuple(map(facts.read, seen.chain))
    except ValueError as error:
        raise NetError("tls", f"a certificate cannot be read: {error}") from None
    staple = read_staple(seen.staple, seen.chain)
    findings = [
        *_of_chain(chain, thresholds),
        *_trust(seen.chain, own),
        *_name(chain[0], name),
        *_protocol(seen),
        *_staple(chain[0], staple),
    ]
    return Judgement(chain[0], chain, _sorted(findings), staple)


def of_file(
    certificates: tuple[x509.Certificate, ...], name: str, thresholds: Thresholds, own: str
) -> Judgement:
    """Judge a certificate and its chain from a file; ``name`` may be empty."""
    chain = tuple(map(facts.read, certificates))
    findings = [*_of_chain(chain, thresholds), *_trust(certificates, own)]
    if name:
        findings += _name(chain[0], name)
    return Judgement(chain[0], chain, _sorted(findings))


def _sorted(findings: list[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda one: _RANK[one.state]))


def days(left: float) -> str:
    """Days left in words."""
    whole = int(abs(left))
    text = f"{whole} day{'' if whole == 1 else 's'}"
    return f"{text} left" if left >= 0 else f"ended {text} ago"


def expiry_state(left: float, thresholds: Thresholds) -> views.State:
    """The state that a number of days left makes."""
    if left <= thresholds.critical:
        return "critical"
    return "warning" if left <= thresholds.warning else "ok"


def _of_chain(chain: tuple[facts.Facts, ...], thresholds: Thresholds) -> list[Finding]:
    leaf, *above = chain
    found = _dates(leaf, thresholds)
    if leaf.weak_key:
        found.append(Finding("critical", "weak_key", f"weak key: {leaf.weak_key}"))
    if leaf.weak_signature and not leaf.self_signed:
        found.append(Finding("critical", "weak_signature", f"weak signature: {leaf.signature}"))
    if leaf.is_ca and len(chain) > 1:
        found.append(Finding("warning", "ca_as_leaf", "a CA's certificate is used for a server"))
    lifetime = (leaf.ends - leaf.begins).days
    if lifetime > _LONGEST_DAYS and not leaf.self_signed:
        text = f"valid for {lifetime} days; browsers take {_LONGEST_DAYS} of public authorities"
        found.append(Finding("info", "long_lifetime", text))
    for one in above:
        found += _above(one, leaf, thresholds)
    return found


def _dates(leaf: facts.Facts, thresholds: Thresholds) -> list[Finding]:
    left = leaf.days_left
    if left < 0:
        return [
            Finding("critical", "expired", f"expired: {days(left)}, {leaf.ends:%Y-%m-%d %H:%M}")
        ]
    if leaf.begins > dt.datetime.now(dt.UTC):
        return [Finding("critical", "not_yet_valid", f"valid from {leaf.begins:%Y-%m-%d %H:%M} on")]
    state = expiry_state(left, thresholds)
    if state == "ok":
        return []
    return [Finding(state, "expires_soon", f"{days(left)}, until {leaf.ends:%Y-%m-%d %H:%M}")]


def _above(one: facts.Facts, leaf: facts.Facts, thresholds: Thresholds) -> list[Finding]:
    found = []
    if one.days_left < 0:
        text = f"{one.subject!r} of the chain has expired: {days(one.days_left)}"
        found.append(Finding("critical", "chain_expired", text))
    elif one.ends < leaf.ends and one.days_left <= thresholds.warning:
        text = f"{one.subject!r} of the chain ends first: {days(one.days_left)}"
        found.append(Finding("warning", "chain_expires_soon", text))
    if one.weak_key:
        found.append(Finding("warning", "chain_weak_key", f"{one.subject!r}: {one.weak_key}"))
    if one.weak_signature and not one.self_signed:
        text = f"{one.subject!r} has a weak signature: {one.signature}"
        found.append(Finding("warning", "chain_weak_signature", text))
    return found


def _trust(chain: tuple[x509.Certificate, ...], own: str) -> list[Finding]:
    verdict = trust.judge(chain, own)
    found = []
    if verdict.code:
        found.append(Finding("critical", verdict.code.replace("-", "_"), verdict.text))
    if trust.out_of_order(chain):
        text = "the certificates are not in order, each signed by the next"
        found.append(Finding("info", "out_of_order", text))
    return found


def _name(leaf: facts.Facts, name: str) -> list[Finding]:
    if facts.covers(leaf.names, name):
        return []
    shown = ", ".join(leaf.names[:5]) or "no name at all"
    more = f" and {len(leaf.names) - 5} more" if len(leaf.names) > 5 else ""
    text = f"the certificate is not for {name!r}, but for {shown}{more}"
    return [Finding("critical", "hostname_mismatch", text)]


def _protocol(seen: Seen) -> list[Finding]:
    if seen.version in ("TLSv1.2", "TLSv1.3"):
        weak = [
            one for one in ("RC4", "3DES", "DES-CBC", "NULL", "EXP", "MD5") if one in seen.cipher
        ]
        if weak:
            return [Finding("critical", "weak_cipher", f"the server chose {seen.cipher}")]
        return []
    return [Finding("critical", "old_protocol", f"the server chose {seen.version}")]


def _staple(leaf: facts.Facts, staple: Staple) -> list[Finding]:
    if staple.status == "revoked":
        return [Finding("critical", "revoked", f"the certificate is {staple.text}")]
    if staple.status == "none":
        if leaf.must_staple:
            text = "the certificate asks for a stapled OCSP answer, and there is none"
            return [Finding("critical", "staple_missing", text)]
        return []
    if staple.status == "good":
        return []
    return [Finding("warning", "staple_invalid", staple.text)]
