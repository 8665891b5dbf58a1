"""What to do next: first steps for who sets the platform up, and a tour of the sample toolkit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from accounts.models import User
from toolkits import access
from toolkits.models import ConsolePreferences, Job, Schedule, Toolkit

SAMPLE = "sample-toolkit"


@dataclass(frozen=True)
class Step:
    """One step: what to do, where, and whether it was done."""

    title: str
    text: str
    url: str
    done: bool


@dataclass(frozen=True)
class Tour:
    """What the dashboard shows until it is put away. False when there is nothing."""

    steps: tuple[Step, ...] = ()
    setup: tuple[Step, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.steps or self.setup)


def of(
    user: Any, toolkits: list[Toolkit], preferences: ConsolePreferences, *, any_enabled: bool
) -> Tour:
    """Return what ``user`` could do next; the sample is looked for among ``toolkits``."""
    if preferences.tour_done:
        return Tour()
    sample = next((one for one in toolkits if one.slug == SAMPLE), None)
    steps = _steps(user, sample) if sample is not None else ()
    return Tour(steps, _setup(user, any_enabled) if user.is_system_admin else ())


def _steps(user: Any, sample: Toolkit) -> tuple[Step, ...]:
    usable = {entry["name"] for entry in access.usable_operations(user, sample)}
    ran = Job.objects.filter(requested_by=user, toolkit_slug=sample.slug).order_by()
    done = set(ran.values_list("operation", flat=True).distinct()[:100])
    wanted = [
        ("hello", _("Say hello"), _("A short run: its result stands below the form.")),
        ("slow", _("Take some time"), _("A long run: follow its log, cancel it half-way.")),
        ("place", _("Choose a place"), _("A form whose choices follow what you typed before.")),
        ("forget_notes", _("Dry run"), _("See what would be destroyed before anything is.")),
        ("gallery", _("Look at results"), _("Tables that sort and export, charts, diffs.")),
    ]
    return tuple(
        Step(title, text, reverse("operation-run", args=[sample.slug, name]), name in done)
        for name, title, text in wanted
        if name in usable
    )


def _setup(user: Any, any_enabled: bool) -> tuple[Step, ...]:
    people = User.objects.exclude(pk=user.pk).exists()
    factor = user.factors.exists()
    timed = Schedule.objects.exists()
    entries = [
        ("account", _("Protect your account"), _("Add a second factor."), factor),
        ("admin:accounts_user_changelist", _("Bring people"), _("Invite them."), people),
        (
            "admin:toolkits_toolkit_changelist",
            _("Enable toolkits"),
            _("Upload a bundle, or take one of a catalog."),
            any_enabled,
        ),
        ("schedule-list", _("Let it run by itself"), _("Schedule an operation."), timed),
    ]
    return tuple(
        Step(title, text, address, done)
        for name, title, text, done in entries
        if (address := _address(name))
    )


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
