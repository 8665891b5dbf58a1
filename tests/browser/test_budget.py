"""What a first visit of the dashboard costs: compressed bytes, requests that block its paint."""

from __future__ import annotations

import gzip
from typing import Any

from accounts.models import User
from tests.browser.console import OpenConsole
from tests.support.views import VIEWS
from toolkits.models import CardState, Toolkit

BUDGET = 300 * 1024


def compressed(response: Any) -> int:
    """The size of a body as a compressing server or proxy sends it."""
    return len(gzip.compress(response.body(), 6))


def test_the_dashboard_is_under_three_hundred_kibibytes_and_one_script_blocks_it(
    sample: Toolkit, admin_user: User, open_console: OpenConsole
) -> None:
    for card, view in zip(CardState.objects.all(), ("time_series", "table"), strict=False):
        card.result = VIEWS[view]
        card.save()
    console = open_console(admin_user.username)
    sizes: dict[str, int] = {}

    def note(response: Any) -> None:
        kind = response.headers.get("content-type", "").partition(";")[0]
        if kind in {"text/html", "text/css", "text/javascript", "application/javascript"}:
            sizes[response.url] = compressed(response)

    page = console.context.new_page()
    page.on("response", note)
    page.goto(console.url + "/", wait_until="networkidle")
    waits = "one => one.src && !one.defer && !one.async && one.type !== 'module'"
    assert page.evaluate(f"[...document.scripts].filter({waits}).length") <= 1
    assert len(sizes) > 8
    total = sum(sizes.values())
    largest = sorted(sizes.items(), key=lambda item: -item[1])[:5]
    print(f"dashboard: {total / 1024:.1f} KiB in {len(sizes)} files; {largest}")
    assert total < BUDGET, largest
