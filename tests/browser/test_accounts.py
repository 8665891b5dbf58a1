"""Passkeys in a real browser, and the pages about one's own account as people see them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from accounts.models import Factor, Provider, User, UserSession
from tests.browser.console import Console
from tests.support.factories import PASSWORD, make_token
from tests.support.processes import Platform


@pytest.fixture
def console(browser: Browser, platform: Platform, admin_user: User) -> Iterator[Console]:
    """A console under a name, as passkeys need it, with an authenticator in the browser."""
    _, url = platform.web(host="localhost")
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    made = Console(context, url)
    devtools = context.new_cdp_session(made.page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
                "hasUserVerification": True, "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )  # fmt: skip
    yield made
    problems = made.problems
    context.close()
    assert problems == []


def test_a_passkey_is_made_and_is_the_second_step_from_then_on(console: Console) -> None:
    page = console.page
    console.sign_in("ada")
    console.open("/account/second-factor/add/")
    assert console.axe() == []
    console.shot("factor-add")
    page.fill("#id_name", "Laptop")
    page.click("[data-passkey=create] [data-passkey-start]")
    page.wait_for_selector("#codes")
    assert len(page.inner_text("#codes").split()) == 10
    assert console.axe() == []
    console.shot("recovery-codes")
    assert Factor.objects.get(kind="passkey").name == "Laptop"

    page.click("text=I have kept them")
    page.click(".user-menu summary")
    page.click("text=Sign out")
    page.fill("#id_username", "ada")
    page.fill("#id_password", PASSWORD)
    page.press("#id_password", "Enter")
    page.wait_for_selector("[data-passkey=get]")
    assert console.axe() == []
    console.shot("second-step")
    page.click("[data-passkey-start]")
    page.wait_for_selector(".user-menu")
    assert UserSession.objects.filter(methods=["password", "passkey"]).exists()


def test_the_account_pages_read_well_on_a_desk_and_on_a_phone(
    console: Console, admin_user: User
) -> None:
    Provider.objects.create(
        slug="sso", name="Company sign-in", kind="oidc",
        settings={"issuer": "https://id.example.com", "client_id": "toolbox"},
    )  # fmt: skip
    Provider.objects.create(slug="corp", name="Head office", kind="ad", position=5)
    make_token(admin_user, name="deploy pipeline", toolkits=["connectivity"])
    console.open("/account/login/")
    assert console.axe() == []
    console.shot("sign-in")
    console.sign_in("ada")
    for name, path in {
        "account": "/account/", "password": "/account/password/", "token": "/account/tokens/new/",
        "users": "/admin/accounts/user/", "user": f"/admin/accounts/user/{admin_user.pk}/change/",
        "providers": "/admin/accounts/provider/",
        "provider": "/admin/accounts/provider/add/?kind=ad",
        "import": "/admin/accounts/import/",
    }.items():  # fmt: skip
        for width in (1440, 360):
            console.page.set_viewport_size({"width": width, "height": 900})
            console.open(path)
            assert console.overflow() <= 0, (name, width)
            assert console.axe() == [], (name, width)
            console.shot(f"accounts-{name}-{width}")
