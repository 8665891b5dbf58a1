"""How numbers and times read on pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def duration_text(seconds: float) -> str:
    """Format a length of time in the two units that matter at its size."""
    if seconds < 0:
        return "-" + duration_text(-seconds)
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} µs" if seconds else "0 s"
    if seconds < 1:
        milliseconds = seconds * 1000
        return f"{milliseconds:.1f} ms" if milliseconds < 10 else f"{milliseconds:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for size, big, small, small_size in (
        (86400, "d", "h", 3600),
        (3600, "h", "min", 60),
        (60, "min", "s", 1),
    ):
        if whole >= size:
            return f"{whole // size} {big} {whole % size // small_size:02d} {small}"
    return f"{whole} s"


def bytes_text(size: float) -> str:
    """Format a size in binary units."""
    value = float(size)
    for unit in _UNITS:
        if abs(value) < 1024 or unit == _UNITS[-1]:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    raise AssertionError("unreachable")


def number_text(value: object) -> str:
    """Format a number with thin spaces between thousands; anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "" if value is None else str(value)
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,.4g}" if abs(value) < 1 else f"{value:,.2f}"
    return f"{int(value):,}".replace(",", "\u202f")


def moment(value: object) -> datetime | None:
    """Return the aware time that ``value`` (datetime, epoch or ISO text) names, or None."""
    try:
        if isinstance(value, datetime):
            found: datetime | None = value
        elif isinstance(value, int | float):
            found = datetime.fromtimestamp(value, UTC)
        else:
            found = parse_datetime(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    if found is not None and timezone.is_naive(found):
        found = found.replace(tzinfo=UTC)
    return found


def ago_text(then: datetime, now: datetime | None = None) -> str:
    """Say how long ago ``then`` was, or how far ahead it is."""
    delta = (now or timezone.now()) - then
    seconds = abs(delta.total_seconds())
    if seconds < 5:
        return _("just now")
    text = _coarse(timedelta(seconds=seconds))
    if delta.total_seconds() < 0:
        return _("in %(time)s") % {"time": text}
    return _("%(time)s ago") % {"time": text}


def _coarse(delta: timedelta) -> str:
    seconds = int(delta.total_seconds())
    sizes = ((31_557_600, "y"), (2_629_800, "mo"), (86400, "d"), (3600, "h"), (60, "min"))
    for size, unit in sizes:
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
