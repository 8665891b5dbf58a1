"""Unit tests of the connectivity toolkit with the SDK's fake context."""

import pytest
from toolkit_sdk import ToolkitError
from toolkit_sdk.testing import fake_context

from connectivity_toolkit import expand, toolkit


def test_ports_are_numbers_and_ranges():
    assert expand.ports([22, "80,443", "8000-8002"]) == [22, 80, 443, 8000, 8001, 8002]


def test_nothing_to_check_is_said():
    with pytest.raises(ToolkitError, match="nothing to check"):
        fake_context(toolkit).run("check")
