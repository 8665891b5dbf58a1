"""Testing a provider, and loading what it says of itself: audited, and in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.models import Provider, ProviderKind, User
from accounts.providers import directory, oidc
from accounts.providers.config import ProviderInvalid
from accounts.providers.problems import ProviderRefused, ProviderUnavailable
from toolbox.events import emit
from toolbox.problems import Problem


class NoMetadata(Problem):
    """Only OpenID providers say what they are."""

    http_status = 409
    title = "There is no metadata"


@dataclass(frozen=True)
class Tested:
    """What a test found, a line each."""

    ok: bool
    lines: list[str]


def run(actor: User, provider: Provider) -> Tested:
    """Connect to a provider, saved or not, as a sign-in would."""
    try:
        found = Tested(True, _lines(provider))
    except (ProviderUnavailable, ProviderRefused, ProviderInvalid) as error:
        found = Tested(False, [str(error)])
    outcome = "success" if found.ok else "failure"
    result = " ".join(found.lines)[:500]
    emit("provider.tested", actor=actor, target=provider, outcome=outcome, result=result)
    return found


def metadata(actor: User, provider: Provider) -> dict[str, Any]:
    """What an OpenID provider says of itself, read anew. Raises ``ProviderUnavailable``."""
    if provider.kind != ProviderKind.OIDC:
        raise NoMetadata(f"{provider.name} is no OpenID provider.")
    found = oidc.metadata(provider)
    emit("provider.tested", actor=actor, target=provider, result="metadata loaded")
    return found


def _lines(provider: Provider) -> list[str]:
    if provider.kind == ProviderKind.OIDC:
        return oidc.test(provider)
    if directory.is_directory(provider):
        return directory.test(provider)
    return ["Local accounts need no connection."]
