"""What keeps secrets out of pages and bundles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from toolbox.system.masking import MASK, Scrubber, known_secrets, mask_urls


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://toolbox:hunter22@db/sre", f"postgresql://{MASK}@db/sre"),
        ("redis://:pass/word@host:6379/0", f"redis://{MASK}@host:6379/0"),
        ("https://host/path?sig=abc&x=1 rest", f"https://host/path?{MASK} rest"),
        ("sqlite:///var/toolbox.sqlite3", "sqlite:///var/toolbox.sqlite3"),
        ("no address at all", "no address at all"),
    ],
)
def test_credentials_and_queries_of_addresses_are_masked(text: str, shown: str) -> None:
    assert mask_urls(text) == shown


def test_every_secret_of_the_configuration_is_known(settings: Any, tmp_path: Path) -> None:
    token_file = tmp_path / "token"
    token_file.write_text("hvs.from-a-file\n")
    settings.VAULT = replace(
        settings.VAULT, token="hvs.direct-token", secret_id="approle-secret", role_id="role-id-1",
        token_file=str(token_file),
    )  # fmt: skip
    settings.DATABASE_URL = "postgresql://u:p%40ssw0rd@db/x"
    settings.REDIS_URL = "redis://:r3dis-pass@host/0"
    wanted = {"hvs.direct-token", "approle-secret", "role-id-1", "hvs.from-a-file", "p@ssw0rd",
              "p%40ssw0rd", "r3dis-pass", settings.SECRET_KEY, settings.SIGNING.secret}  # fmt: skip
    assert wanted <= known_secrets()


def test_a_secret_within_a_message_is_replaced(settings: Any) -> None:
    settings.VAULT = replace(settings.VAULT, token="hvs.direct-token")
    assert Scrubber()("refused: hvs.direct-token.") == f"refused: {MASK}."


def test_a_private_key_is_masked_line_by_line(settings: Any) -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN\nBgkqhkiG9w0B\n-----END PRIVATE KEY-----"
    settings.SIGNING = replace(settings.SIGNING, private_key=key)
    assert "BgkqhkiG9w0B" not in Scrubber()("half of it: BgkqhkiG9w0B")


def test_short_and_empty_values_mask_nothing(settings: Any) -> None:
    settings.VAULT = replace(settings.VAULT, token="abc", secret_id="")
    assert Scrubber()("abc and more") == "abc and more"
