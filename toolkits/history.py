"""Series of samples that toolkits keep: bounded in size, read newest first, pruned in batches."""

from __future__ import annotations

import json
import math
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext

from toolkits.errors import FieldError, InputError
from toolkits.models import Toolkit, ToolkitSample

MOST_PER_TOOLKIT = 1_000_000
MOST_PER_CALL = 1_000
MOST_PER_READ = 50_000
_VALUE_BYTES = 8_192
_BATCH = 5_000


def append(toolkit: Toolkit, series: str, samples: list[tuple[float, Any]]) -> None:
    """Add samples. Raises ``InputError`` for what is not a sample, or is too much."""
    _check(series, samples)
    rows = [ToolkitSample(toolkit=toolkit, series=series, at=at, value=v) for at, v in samples]
    ToolkitSample.objects.bulk_create(rows)


def _check(series: str, samples: list[tuple[float, Any]]) -> None:
    if not series or len(series) > 200:
        raise _refused("series", "a name of 1 to 200 characters")
    if len(samples) > MOST_PER_CALL:
        raise _refused("samples", f"at most {MOST_PER_CALL:,} in one call")
    for at, value in samples:
        if not isinstance(at, int | float) or not math.isfinite(at):
            raise _refused("at", "a moment in epoch seconds")
        if len(json.dumps(value)) > _VALUE_BYTES:
            raise _refused("value", f"at most {_VALUE_BYTES:,} bytes each")


def _refused(where: str, wanted: str) -> InputError:
    return InputError([FieldError((where,), gettext("must be %(wanted)s") % {"wanted": wanted})])


def read(
    toolkit: Toolkit, series: str, since: float | None, until: float | None, limit: int
) -> list[list[Any]]:
    """Return the newest ``limit`` samples of a span, oldest first, as pairs."""
    found = ToolkitSample.objects.filter(toolkit=toolkit, series=series)
    if since is not None:
        found = found.filter(at__gte=since)
    if until is not None:
        found = found.filter(at__lt=until)
    newest = found.order_by("-at", "-id").values_list("at", "value")
    return [list(pair) for pair in newest[: max(0, min(limit, MOST_PER_READ))]][::-1]


def prune(toolkit: Toolkit, series: str, before: float) -> int:
    """Drop the samples of a series from before a moment, in batches; returns how many."""
    return _drop(ToolkitSample.objects.filter(toolkit=toolkit, series=series, at__lt=before))


def enforce_limits(most: int = MOST_PER_TOOLKIT) -> int:
    """Drop each toolkit's oldest samples beyond ``most``; returns how many."""
    counts = ToolkitSample.objects.values_list("toolkit").annotate(Count("pk")).order_by()
    return sum(
        _drop(ToolkitSample.objects.filter(toolkit=toolkit), count - most)
        for toolkit, count in counts
        if count > most
    )


def _drop(samples: Any, most: int | None = None) -> int:
    dropped = 0
    while most is None or dropped < most:
        size = _BATCH if most is None else min(_BATCH, most - dropped)
        keys = list(samples.order_by("id").values_list("pk", flat=True)[:size])
        if not keys:
            break
        dropped += ToolkitSample.objects.filter(pk__in=keys).delete()[0]
    return dropped
