"""When a schedule runs, as a form: read, checked, and turned into what the service sets."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.duration import duration_iso_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from toolkits.errors import InputError
from toolkits.models import MissedPolicy, OverlapPolicy, Schedule, ScheduleKind
from toolkits.pages.forms import parse_length
from toolkits.pages.widgets import duration_text
from toolkits.schedules import timing

_NEEDED = {"cron": "cron", "interval": "interval", "once": "run_at"}
#: Names of the schedule's columns that the form calls otherwise.
_FIELDS = {"interval_seconds": "interval", "jitter_seconds": "jitter", "timeout_seconds": "timeout"}


class LocalMoment(forms.TextInput):
    """A date and time without a zone, by the browser's own picker."""

    input_type = "datetime-local"


class LengthField(forms.CharField):
    """A length of time as people write it; cleaned to whole seconds, None when empty."""

    def clean(self, value: Any) -> int | None:
        text = super().clean(value).strip()
        if not text:
            return None
        length = parse_length(text)
        if length is None:
            raise ValidationError(_("Write a length of time: 90s, 15m, 1h 30m or 2d."))
        return int(length.total_seconds())


def _length(**options: Any) -> LengthField:
    placeholder = options.pop("placeholder")
    widget = forms.TextInput(attrs={"placeholder": placeholder})
    return LengthField(required=False, max_length=40, widget=widget, **options)


class ScheduleForm(forms.Form):
    """Everything of a schedule but its inputs. Names start with ``_``: no input's name does."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    kind = forms.ChoiceField(label=gettext_lazy("Runs by"), choices=ScheduleKind.choices)
    cron = forms.CharField(
        label=gettext_lazy("Cron expression"), max_length=100, required=False,
        widget=forms.TextInput(attrs={"placeholder": "0 3 * * 1-5"}),
        help_text=gettext_lazy("Minute, hour, day of the month, month, day of the week."),
    )  # fmt: skip
    interval = _length(label=gettext_lazy("Every"), placeholder="15m")
    run_at = forms.CharField(
        label=gettext_lazy("At"), max_length=40, required=False, widget=LocalMoment
    )
    time_zone = forms.CharField(
        label=gettext_lazy("Time zone"), max_length=64,
        widget=forms.TextInput(attrs={"list": "time-zones"}),
    )  # fmt: skip
    overlap = forms.ChoiceField(
        label=gettext_lazy("When the run before has not ended"), choices=OverlapPolicy.choices
    )
    missed = forms.ChoiceField(
        label=gettext_lazy("Runs that were missed"), choices=MissedPolicy.choices
    )
    jitter = _length(
        label=gettext_lazy("Start later by up to"), placeholder="0s",
        help_text=gettext_lazy("Spreads what is due at the same moment."),
    )  # fmt: skip
    timeout = _length(
        label=gettext_lazy("End after"), placeholder="15m",
        help_text=gettext_lazy("Shorter than the operation's own limit."),
    )  # fmt: skip
    owner = forms.ChoiceField(
        label=gettext_lazy("Belongs to"),
        help_text=gettext_lazy("The role that it runs with, and whose members may change it."),
    )
    dry_run = forms.BooleanField(label=gettext_lazy("Dry run: change nothing"), required=False)

    def __init__(self, *args: Any, owners: list[str], dry_run: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ChoiceField)
        owner.choices = [(name, name) for name in owners]
        if not dry_run:
            del self.fields["dry_run"]

    def add_prefix(self, field_name: str) -> str:
        return f"_{field_name}"

    def clean_time_zone(self) -> str:
        name: str = self.cleaned_data["time_zone"].strip()
        if name not in available_timezones():
            raise ValidationError(_("There is no such time zone. Pick one of the list."))
        return name

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        needed = _NEEDED.get(data.get("kind", ""), "")
        if needed and needed not in self.errors and not data.get(needed):
            self.add_error(needed, _("This is needed."))
        if data.get("run_at") and "time_zone" in data:
            self._read_moment(data)
        if not self.errors:
            self._check_timing()
        return data

    def _read_moment(self, data: dict[str, Any]) -> None:
        try:
            when = datetime.fromisoformat(data["run_at"].strip())
        except ValueError:
            self.add_error("run_at", _("The time to start is not a date and time."))
            return
        data["run_at"] = when.replace(tzinfo=ZoneInfo(data["time_zone"]))
        if data["kind"] == ScheduleKind.ONCE and data["run_at"] <= timezone.now():
            self.add_error("run_at", _("This moment has passed."))

    def _check_timing(self) -> None:
        try:
            timing.check(self.unsaved())
        except InputError as error:
            for one in error.field_errors:
                name = _FIELDS.get(str(one.loc[0]), str(one.loc[0]))
                self.add_error(name if name in self.fields else None, one.message)

    def unsaved(self) -> Schedule:
        """A schedule of these times, to ask when it would run."""
        values = self.values()
        values.pop("owner")
        return Schedule(**values)

    def values(self) -> dict[str, Any]:
        """What the service sets, with the owner's name in the place of the role."""
        data = self.cleaned_data
        kind = data["kind"]
        return {
            "name": data["name"],
            "kind": kind,
            "cron": data["cron"].strip() if kind == ScheduleKind.CRON else "",
            "interval_seconds": data["interval"] if kind == ScheduleKind.INTERVAL else None,
            "run_at": data["run_at"] if kind == ScheduleKind.ONCE else None,
            "time_zone": data["time_zone"],
            "overlap": data["overlap"],
            "missed": data["missed"],
            "jitter_seconds": data["jitter"] or 0,
            "timeout_seconds": data["timeout"],
            "owner": data["owner"],
            "dry_run": data.get("dry_run", False),
        }


def initial(schedule: Schedule) -> dict[str, Any]:
    """What the form shows of a schedule that is there."""
    zone = ZoneInfo(schedule.time_zone)
    run_at = schedule.run_at.astimezone(zone).replace(tzinfo=None) if schedule.run_at else None
    return {
        **{
            name: getattr(schedule, name)
            for name in ("name", "kind", "cron", "time_zone", "overlap", "missed", "dry_run")
        },
        "interval": _text(schedule.interval_seconds),
        "run_at": run_at.isoformat(timespec="minutes") if run_at else "",
        "jitter": _text(schedule.jitter_seconds),
        "timeout": _text(schedule.timeout_seconds),
        "owner": schedule.owner.name,
    }


def _text(seconds: int | None) -> str:
    return duration_text(duration_iso_string(timedelta(seconds=seconds))) if seconds else ""
