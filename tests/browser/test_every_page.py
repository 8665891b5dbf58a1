"""Every page, in both themes: no accessibility violation, no error behind it, nothing cut off."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from accounts.models import User
from accounts.roles import TOOLKIT_USER
from audit.models import Event
from tests.browser.console import Console, OpenConsole
from tests.support import factories
from tests.support.addresses import plain_addresses
from tests.support.views import VIEWS
from toolkits.jobs import logs
from toolkits.jobs.states import JobState
from toolkits.models import CardState, Job, Record, Schedule, Toolkit
from toolkits.records import create

WIDTHS = (1440, 768, 360)
#: Drawn by somebody else's program: Swagger UI brings landmarks and headings of its own.
FOREIGN = frozenset({"/api/docs/"})
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


def _schedule(toolkit: Toolkit) -> Schedule:
    owner = Group.objects.get(name=TOOLKIT_USER)
    when = {"kind": "cron", "cron": "0 3 * * *", "owner": owner}
    return Schedule.objects.create(name="Nightly", toolkit=toolkit, operation="hello", **when)


def addresses(toolkit: Toolkit, jobs: list[Job]) -> list[str]:
    """Pages that are about something."""
    base = f"/toolkits/{toolkit.slug}/"
    record = Record.objects.get(toolkit=toolkit)
    return [
        base, "/jobs/?state=failed&q=nothing", "/docs/?q=toolkit", base + "docs/",
        base + "changelog/", base + "run/place/schedule/", f"/schedules/{_schedule(toolkit).pk}/",
        base + "docs/runs/", base + "settings/", base + "records/services/",
        base + "records/services/new/", base + "records/services/import/",
        base + f"records/services/{record.pk}/",
        *(f"{base}run/{operation['name']}/" for operation in toolkit.operations),
        *(f"/jobs/{job.pk}/" for job in jobs),
        f"/audit/{Event.objects.latest('pk').pk}/",
        f"/admin/toolkits/toolkit/{toolkit.pk}/change/",
    ]  # fmt: skip


def is_page(console: Console, path: str) -> bool:
    """Whether a visit answers with a page, and not with a file, a redirect or a refusal."""
    response = console.context.request.get(console.url + path, max_redirects=0)
    kind = response.headers.get("content-type", "")
    download = response.headers.get("content-disposition", "").startswith("attachment")
    return response.status == 200 and kind.startswith("text/html") and not download


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_no_page_breaks_a_rule_of_accessibility_or_runs_over_its_edge(
    theme: str, sample: Toolkit, admin_user: User, open_console: OpenConsole
) -> None:
    jobs = fill(sample, admin_user)
    console = open_console(admin_user.username, color_scheme=theme)
    found: list[str] = []
    plain = sorted({path for path in plain_addresses() if is_page(console, path)})
    assert {"/", "/jobs/", "/toolkits/", "/admin/", "/account/"} <= set(plain)
    for path in [*plain, *addresses(sample, jobs)]:
        response = console.page.goto(console.url + path)
        assert response, path
        if response.status != 200:
            found.append(f"{path} answers {response.status}")
        for width in WIDTHS:
            console.page.set_viewport_size({"width": width, "height": 900})
            if over := console.overflow():
                found.append(f"{path} is {over} px wider than a window of {width}")
            found += console.axe(ours=path not in FOREIGN) if width != 768 else []
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
    console.page.click("[data-run-form] .form-buttons [type=submit]:not([name])")
    console.page.wait_for_selector(".field-error")
    assert console.axe() == []
