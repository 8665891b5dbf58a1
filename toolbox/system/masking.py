"""Keeps secrets out of what people see and take away."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings

MASK = "••••"
# Up to the last sign, slashes or not: a password need not be quoted as it should be.
_USER_INFO = re.compile(r"(?<=://)\S*@")
_QUERY = re.compile(r"(://[^?\s]*)\?[^\s]*")
# A value this short stands in too many places to be a secret.
_SHORTEST = 6


def mask_urls(text: str) -> str:
    """Return ``text`` with the credentials and the query of every URL masked."""
    return _QUERY.sub(rf"\1?{MASK}", _USER_INFO.sub(f"{MASK}@", text))


def known_secrets() -> set[str]:
    """Every secret value of the configuration, in each form that it may be written in."""
    found = {*settings.CONFIGURATION_SECRETS, settings.SECRET_KEY, settings.VAULT.role_id}
    found |= {settings.SIGNING.secret, settings.SIGNING.private_key}
    found |= {settings.VAULT.token, settings.VAULT.secret_id, _token_in_file()}
    for url in (settings.DATABASE_URL, settings.REDIS_URL):
        password = urlsplit(url).password or ""
        found |= {password, unquote(password)}
    lines = {line.strip() for value in found for line in value.splitlines()}
    whole = {value.strip() for value in found}
    markers = {line for line in lines if line.startswith("-----")}
    return {value for value in whole | lines - markers if len(value) >= _SHORTEST}


def _token_in_file() -> str:
    if not settings.VAULT.token_file:
        return ""
    try:
        return Path(settings.VAULT.token_file).read_text().strip()
    except OSError:
        return ""


class Scrubber:
    """Replaces known secrets in texts. Make one for each time of use: secrets change."""

    def __init__(self) -> None:
        longest_first = sorted(known_secrets(), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def __call__(self, text: str) -> str:
        return mask_urls(self._pattern.sub(MASK, text))
