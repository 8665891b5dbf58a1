"""Every page, in both themes: no accessibility violation, no error behind it, nothing cut off."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from tests.browser.console import OpenConsole
from tests.support import factories
from tests.support.views import VIEWS
from toolkits.jobs import logs
from toolkits.jobs.states import JobState
from toolkits.models import CardState, Job, Toolkit
from toolkits.records import create

WIDTHS = (1440, 768, 360)
ADMIN_MODELS = (
    "accounts/user", "accounts/usersession", "accounts/grant", "audit/auditevent",
    "toolkits/toolkit", "toolkits/job", "toolkits/card", "toolkits/record",
)  # fmt: skip
LINES = [
    [1_700_000_000.0 + n, level, "kit", text]
    for n, (level, text) in enumerate(
        [
            ("DEBUG", "resolving edge-01"),
            ("INFO", "\x1b[32mup\x1b[0m \x1b[1;31mdown\x1b[0m \x1b[33mslow\x1b[0m \x1b[34mnew"),
            ("WARNING", "slow: " + "x" * 300),
            ("ERROR", "refused <b>here</b>"),
        ]
    )
]


def fill(toolkit: Toolkit, user: User) -> list[Job]:
    """Make what pages show: a job in each state, one with every view, cards, a record."""
    later = timezone.now() + timedelta(hours=3)
    jobs = []
    for state in JobState:
        due = {"not_before": later} if state == JobState.SCHEDULED else {}
        why = {"operation": "slow", "state": state, "reason": "Why it is so."}
        jobs.append(factories.make_job(toolkit, user, **why, **due))
    whole = {"view": "section", "title": "All", "views": list(VIEWS.values())}
    shown = factories.make_job(
        toolkit, user, state=JobState.SUCCEEDED, result=whole, log_lines=len(LINES),
        operation="gallery", inputs={"hosts": ["a", "b"], "port": 443},
    )  # fmt: skip
    logs.append(shown.pk, 1, 1, LINES)
    failed = factories.make_job(
        toolkit, user, state=JobState.FAILED, operation="fail", reason="It was asked to.",
        error={"kind": "failed", "message": "It was asked to.", "traceback": "Traceback\n  line"},
    )  # fmt: skip
    for card in CardState.objects.filter(toolkit=toolkit):
        card.result = VIEWS["stat" if card.name == "tiers" else "time_series"]
        card.save()
    create(toolkit, "services", {"name": "edge", "tier": "standard"}, user)
    return [shown, failed, *jobs]


def addresses(toolkit: Toolkit, jobs: list[Job]) -> list[str]:
    base = f"/toolkits/{toolkit.slug}/"
    return [
        "/", "/toolkits/", base, "/jobs/", "/jobs/?state=failed&q=nothing", "/docs/",
        base + "docs/", base + "records/services/", base + "records/services/new/",
        base + "records/services/import/", "/account/", "/account/password/",
        "/account/tokens/new/", "/admin/", "/audit/",
        *(f"{base}run/{operation['name']}/" for operation in toolkit.operations),
        *(f"/jobs/{job.pk}/" for job in jobs),
        *(f"/admin/{model}/" for model in ADMIN_MODELS),
    ]  # fmt: skip


def exists(console: Any, path: str) -> bool:
    return bool(console.context.request.get(console.url + path).status == 200)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_no_page_breaks_a_rule_of_accessibility_or_runs_over_its_edge(
    theme: str, sample: Toolkit, admin_user: User, open_console: OpenConsole
) -> None:
    jobs = fill(sample, admin_user)
    console = open_console(admin_user.username, color_scheme=theme)
    found: list[str] = []
    for path in addresses(sample, jobs):
        if path.startswith(("/admin/", "/audit/")) and not exists(console, path):
            continue
        console.open(path)
        for width in WIDTHS:
            console.page.set_viewport_size({"width": width, "height": 900})
            if over := console.overflow():
                found.append(f"{path} is {over} px wider than a window of {width}")
            found += console.axe() if width != 768 else []
            console.shot(f"{path.strip('/').replace('/', '_') or 'home'}-{theme}-{width}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_pages_of_somebody_who_is_not_signed_in_and_of_errors_hold_to_the_rules_too(
    theme: str, open_console: OpenConsole, live_web: str
) -> None:
    console = open_console(color_scheme=theme, width=360)
    found = []
    console.open("/account/login/")
    found += console.axe()
    console.shot(f"sign-in-{theme}-360")
    console.page.fill("#id_username", "nobody")
    console.page.fill("#id_password", "wrong")
    console.page.press("#id_password", "Enter")
    console.page.wait_for_selector("[role=alert]")
    found += console.axe()
    console.expected = ["404"]
    console.open("/no/such/page/")
    console.shot(f"not-found-{theme}-360")
    found += console.axe()
    assert not found, "\n".join(found)


def test_a_form_that_was_refused_holds_to_the_rules(
    sample: Toolkit, admin_user: User, open_console: OpenConsole
) -> None:
    console = open_console(admin_user.username, width=360)
    console.open(f"/toolkits/{sample.slug}/run/delicate/")
    console.expected = ["422"]
    console.page.evaluate("document.querySelector('[data-run-form]').noValidate = true")
    console.page.click("[data-run-form] [type=submit]:not([name])")
    console.page.wait_for_selector(".field-error")
    assert console.axe() == []
