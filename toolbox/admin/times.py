"""Times in lists of the admin, as the console shows them: relative, the exact one on hover."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString


def shown(when: datetime | None) -> SafeString | None:
    """Return a time in full; the browser makes it relative to now and keeps it current."""
    if when is None:
        return None
    exact = timezone.localtime(when).strftime("%Y-%m-%d %H:%M:%S %Z")
    return format_html(
        '<time datetime="{}" title="{}" data-relative>{}</time>', when.isoformat(), exact, exact
    )


def columns(model: type[models.Model], names: Sequence[Any]) -> list[Any]:
    """Return the columns of a list, each field that holds a time replaced by one that shows it."""
    return [_column(model, name) for name in names]


def _column(model: type[models.Model], name: Any) -> Any:
    try:
        field = model._meta.get_field(name)
    except (FieldDoesNotExist, TypeError, AttributeError):
        return name
    return _time(field) if isinstance(field, models.DateTimeField) else name


def _time(field: models.DateTimeField[Any, Any]) -> Callable[[Any], SafeString | None]:
    @admin.display(description=field.verbose_name, ordering=field.name)
    def cell(row: Any) -> SafeString | None:
        return shown(getattr(row, field.name))

    # The list's cells and their style are named for it.
    cell.__name__ = field.name
    return cell
