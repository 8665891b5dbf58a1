"""A real OpenLDAP server for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Provider
from tests.support import slapd
from toolbox import secrets

BIND = {"bind_password": {"path": "auth/providers/tests", "key": "bind_password"}}


@pytest.fixture(scope="session")
def ldap_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[slapd.Slapd]:
    if not Path(slapd.PROGRAM).exists():
        pytest.skip("slapd is not installed here: nothing of LDAP was tested (apt install slapd)")
    server = slapd.start(tmp_path_factory.mktemp("slapd"))
    yield server
    server.stop()


@pytest.fixture
def make_provider(
    db: None, openbao: Any, ldap_server: slapd.Slapd
) -> Callable[..., Provider]:
    """Make a provider row that uses the server; its bind password is in the real OpenBao."""
    secrets.client().write("auth/providers/tests", {"bind_password": slapd.READER_PASSWORD})

    def make(slug: str = "corp", kind: str = "ldap", **fields: Any) -> Provider:
        own = fields.pop("settings", {})
        return Provider.objects.create(
            slug=slug, name=slug.capitalize(), kind=kind, secrets=BIND,
            settings=ldap_server.settings(**own), **fields,
        )  # fmt: skip

    return make


@pytest.fixture
def corp(make_provider: Callable[..., Provider]) -> Provider:
    return make_provider()
