"""The one settings record of a toolkit."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from toolbox.events import emit
from toolkits import inputs as input_rules
from toolkits import vaulted
from toolkits.errors import InputError, NotUsable
from toolkits.models import Toolkit, ToolkitSettings


def _described(toolkit: Toolkit) -> dict[str, Any]:
    described = toolkit.description_of_code.get("settings")
    if not described:
        raise NotUsable(gettext("%(slug)s has no settings.") % {"slug": toolkit.slug})
    return dict(described)


def _stored(toolkit: Toolkit) -> dict[str, Any]:
    row = ToolkitSettings.objects.filter(toolkit=toolkit).first()
    return row.data if row else {}


def reveal(
    toolkit: Toolkit,
    schema: dict[str, Any] | None = None,
    read: vaulted.Read | None = None,
) -> tuple[dict[str, Any], list[str]]:
    """Settings with defaults and secrets for toolkit code, and the values to redact.

    ``schema`` is that of another version than the active one; ``read`` is how a run
    reads secrets.
    """
    schema = schema or toolkit.settings_schema
    if schema is None:
        return {}, []
    known = schema.get("properties", {})
    stored = {key: value for key, value in _stored(toolkit).items() if key in known}
    return vaulted.reveal(input_rules.complete(schema, stored), read)


def public(toolkit: Toolkit) -> dict[str, Any]:
    """Settings as a curator may see them: secrets are masked."""
    described = _described(toolkit)
    whole = input_rules.complete(described["schema"], _stored(toolkit))
    return vaulted.public(described.get("secret_fields", []), whole)


def check(toolkit: Toolkit, data: dict[str, Any]) -> None:
    """Raise ``InputError`` for data that does not fit."""
    if errors := input_rules.validate(_described(toolkit)["schema"], data):
        raise InputError(errors)


def save(toolkit: Toolkit, data: dict[str, Any], user: Any) -> None:
    """Replace the settings. Raises ``InputError`` for data that does not fit."""
    described = _described(toolkit)
    if errors := input_rules.validate(described["schema"], data):
        raise InputError(errors)
    before = _stored(toolkit)
    path = f"toolkits/{toolkit.slug}/settings"
    kept = vaulted.store(path, described.get("secret_fields", []), data, before)
    with transaction.atomic():
        ToolkitSettings.objects.update_or_create(
            toolkit=toolkit, defaults={"data": kept, "updated_by": user}
        )
        fields = sorted(key for key in kept if kept[key] != before.get(key))
        emit("toolkit.settings_changed", actor=user, target=toolkit, changes={"fields": fields})
    vaulted.forget_cleared(path, kept, before)
