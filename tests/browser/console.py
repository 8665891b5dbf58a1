"""A person at a browser: signs in, opens pages, and notes whatever goes wrong behind them."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page

from tests.support.factories import PASSWORD
from tests.support.processes import BASE
from tests.support.waiting import until

AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RESULTS = BASE / "test-results" / "pages"
#: Pictures of every page are for people to look at, and cost time: taken where they are asked for.
WITH_SHOTS = bool(os.environ.get("BROWSER_SHOTS"))


@lru_cache(maxsize=1)
def axe_source() -> str:
    return AXE.read_text(encoding="utf-8") + "; 0"


def cut_off(request: Any) -> bool:
    """Whether the browser itself dropped a request, because its page was left: a stream, or a
    part that was still loading. What a server or a policy refuses fails otherwise."""
    return bool(request.url.endswith("/events/") or request.failure == "net::ERR_ABORTED")


class Console:
    """One browser context on a running console."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context = context
        self.url = url
        self.problems: list[str] = []
        #: Addresses of requests that may fail, because a test makes them.
        self.expected: list[str] = []
        self.page = self.new_page()

    def new_page(self) -> Page:
        """Open a tab whose errors are noted."""
        page = self.context.new_page()
        page.on("console", lambda message: self._note_message(message, page))
        page.on("pageerror", lambda error: self._note(page, f"uncaught {error}"))
        page.on("requestfailed", lambda request: self._note_failed(request, page))
        page.on("response", lambda response: self._note_response(response, page))
        return page

    def _note(self, page: Page, text: str) -> None:
        if not any(part in text for part in self.expected):
            self.problems.append(f"{page.url}: {text}")

    def _note_message(self, message: Any, page: Page) -> None:
        if message.type in {"error", "warning"}:
            self._note(page, f"{message.type}: {message.text} {message.location.get('url')}")

    def _note_failed(self, request: Any, page: Page) -> None:
        if not cut_off(request):
            self._note(page, f"failed: {request.url} {request.failure}")

    def _note_response(self, response: Any, page: Page) -> None:
        if response.status >= 400:
            self._note(page, f"{response.status}: {response.url}")
        if not response.url.startswith((self.url, "data:", "blob:")):
            self._note(page, f"another host: {response.url}")

    def open(self, path: str) -> Page:
        """Go to an address of the console and wait until it stands still."""
        self.page.goto(self.url + path)
        self.page.evaluate("document.fonts.ready.then(() => 0)")
        return self.page

    def sign_in(self, username: str) -> None:
        self.open("/")
        self.page.fill("#id_username", username)
        self.page.fill("#id_password", PASSWORD)
        self.page.press("#id_password", "Enter")
        self.page.wait_for_selector(".user-menu")
        self.page.wait_for_load_state()

    def until(self, script: str, seconds: float = 15) -> Any:
        """Wait until a script gives something true. Pages forbid eval, so it is asked from here."""
        return until(lambda: self.page.evaluate(script), seconds, f"{script} on {self.page.url}")

    def axe(self, *, ours: bool = True) -> list[str]:
        """What axe-core finds wrong with the page, a line for each rule and element.

        Pages of ours are held to best practice too, and not to WCAG 2.2 AA alone.
        """
        self.page.evaluate(axe_source())
        tags = [*WCAG, "best-practice"] if ours else WCAG
        options = {"runOnly": tags, "preload": False, "resultTypes": ["violations"]}
        found = self.page.evaluate("options => axe.run(document, options)", options)
        return [
            f"{self.page.url}: {rule['id']}: {node['target']} {node['failureSummary'][:300]}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]

    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        script = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int(self.page.evaluate(script))

    def shot(self, name: str) -> None:
        """Keep a picture of the page, if somebody wants them."""
        if WITH_SHOTS:
            RESULTS.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=RESULTS / f"{name}.png", full_page=True)


OpenConsole = Callable[..., Console]
