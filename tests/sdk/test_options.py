"""Options of operations: what is described, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from toolkit_sdk import Context, Toolkit
from toolkit_sdk.describe import describe
from toolkit_sdk.errors import DescribeError


def described(**options: Any) -> dict[str, Any]:
    toolkit = Toolkit()

    @toolkit.operation(**options)
    def work(ctx: Context) -> None:
        """Work."""

    operation: dict[str, Any] = describe(toolkit, "1")["operations"][0]
    return operation


def test_an_operation_fails_without_vault_unless_it_says_that_it_waits() -> None:
    assert described()["on_vault_away"] == "fail"
    assert described(on_vault_away="wait")["on_vault_away"] == "wait"


def test_what_cannot_be_done_without_vault_is_refused() -> None:
    with pytest.raises(DescribeError, match="one of fail, wait"):
        described(on_vault_away="ignore")
    with pytest.raises(DescribeError, match="somebody waits for it"):
        described(on_vault_away="wait", interactive=True)
