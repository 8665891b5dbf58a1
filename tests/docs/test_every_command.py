"""The commands of every page; test_commands.py says how they are run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.docs.test_commands import checkout, run  # noqa: F401  (a fixture)
from tests.docs.test_documents import PAGES


@pytest.mark.timeout(900)
def test_every_command_of_every_page_works(
    checkout: Path, platform: Any, admin_user: Any, openbao: Any  # noqa: F811
) -> None:
    run(PAGES, checkout, platform, admin_user)
