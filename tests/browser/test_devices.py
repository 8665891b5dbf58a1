"""Letting a waiting device in, in a browser."""

from __future__ import annotations

import pytest

from accounts import device_grants
from accounts.models import DeviceGrant, DeviceState, User
from tests.browser.console import OpenConsole


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_device_is_shown_and_let_in(
    theme: str, admin_user: User, open_console: OpenConsole
) -> None:
    code = device_grants.ask("toolbox on build-01.example.com").row.user_code
    console = open_console(admin_user.username, color_scheme=theme)
    for name, path in (("ask", "/account/device/"), ("who", f"/account/device/?code={code}")):
        for width in (1440, 360):
            console.page.set_viewport_size({"width": width, "height": 900})
            console.open(path)
            assert console.overflow() <= 0, (name, width)
            assert console.axe() == [], (name, width)
            console.shot(f"device-{name}-{theme}-{width}")
    console.page.get_by_role("button", name="Let it in as me").click()
    console.page.wait_for_url("**/account/")
    assert DeviceGrant.objects.get().state == DeviceState.APPROVED
