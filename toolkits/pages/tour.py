"""What to do next: first steps for who sets the platform up, and a tour of the sample toolkit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from accounts.models import Factor, User
from toolkits import access
from toolkits.models import Job, Schedule, Toolkit

SAMPLE = "sample-toolkit"
_SHOWN = ("hello", "slow", "place", "forget_notes", "gallery")


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


def of(user: Any, toolkits: list[Toolkit], done: dict[str, Any], *, any_enabled: bool) -> Tour:
    """Return what ``user`` could do next; the sample is looked for among ``toolkits``. ``done``
    answers ``questions``; without the answers there is no tour."""
    if "people" not in done:
        return Tour()
    sample = next((one for one in toolkits if one.slug == SAMPLE), None)
    steps = _steps(user, sample, done) if sample is not None else ()
    return Tour(steps, _setup(done, any_enabled) if user.is_system_admin else ())


def questions(user: Any) -> dict[str, Exists]:
    """What is to be asked of the database: what was done already, by step."""
    ran = Job.objects.filter(requested_by=user, toolkit_slug=SAMPLE).order_by()
    return {
        "people": Exists(User.objects.exclude(pk=user.pk).order_by()),
        "factor": Exists(Factor.objects.filter(user=user).order_by()),
        "timed": Exists(Schedule.objects.order_by()),
        **{f"ran_{name}": Exists(ran.filter(operation=name)) for name in _SHOWN},
    }


def _steps(user: Any, sample: Toolkit, done: dict[str, Any]) -> tuple[Step, ...]:
    usable = {entry["name"] for entry in access.usable_operations(user, sample)}
    wanted = [
        ("hello", _("Say hello"), _("A short run: its result stands below the form.")),
        ("slow", _("Take some time"), _("A long run: follow its log, cancel it half-way.")),
        ("place", _("Choose a place"), _("A form whose choices follow what you typed before.")),
        ("forget_notes", _("Dry run"), _("See what would be destroyed before anything is.")),
        ("gallery", _("Look at results"), _("Tables that sort and export, charts, diffs.")),
    ]
    return tuple(
        Step(title, text, reverse("operation-run", args=[sample.slug, name]), done[f"ran_{name}"])
        for name, title, text in wanted
        if name in usable
    )


def _setup(done: dict[str, Any], any_enabled: bool) -> tuple[Step, ...]:
    entries = [
        ("account", _("Protect your account"), _("Add a second factor."), done["factor"]),
        ("admin:accounts_user_changelist", _("Bring people"), _("Invite them."), done["people"]),
        (
            "admin:toolkits_toolkit_changelist",
            _("Enable toolkits"),
            _("Upload a bundle, or take one of a catalog."),
            any_enabled,
        ),
        ("schedule-list", _("Let it run by itself"), _("Schedule an operation."), done["timed"]),
    ]
    return tuple(
        Step(title, text, address, is_done)
        for name, title, text, is_done in entries
        if (address := _address(name))
    )


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
