"""What changes from one version of a toolkit to another, and what that breaks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from packaging.utils import canonicalize_name

from toolbox import __version__
from toolkits import inputs as input_rules
from toolkits import vaulted
from toolkits.bundles import environment
from toolkits.bundles.permissions import Permissions, more_than
from toolkits.models import Record, Toolkit, ToolkitSettings
from toolkits.schedules import checking
from toolkits.schemas import Schema, properties, resolve, without_null

_OPTIONS = (
    "title", "effect", "timeout", "interactive", "dry_run", "idempotent", "retries", "queue",
    "requires_approval", "permission", "concurrency", "locks", "backoff", "on_vault_away",
)  # fmt: skip
_LIMITS = (
    "default", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "multipleOf", "minLength", "maxLength", "pattern", "format", "minItems", "maxItems",
)  # fmt: skip
_DEEPEST = 8
_RECORDS_READ = 10_000
_BREAKS_SHOWN = 50

def compare(
    toolkit: Toolkit | None,
    manifest: dict[str, Any],
    described: dict[str, Any],
    packages: list[str],
) -> dict[str, Any]:
    """Return the difference to what ``toolkit`` runs now; against nothing when it runs nothing."""
    active = toolkit.active_version if toolkit and toolkit.removed_at is None else None
    before = active.description if active else {}
    had = list(toolkit.consented) if toolkit and active else []
    wanted = Permissions.of(manifest)
    breaks = list(_breaks(toolkit, described)) if toolkit else []
    return {
        "operations": _listed(before, described, "operations", _operation_changes),
        "collections": _listed(before, described, "collections", _collection_changes),
        "cards": _listed(before, described, "cards", _card_changes),
        "settings": _settings_changes(before.get("settings"), described.get("settings")),
        "permissions": {
            "wanted": wanted.lines(),
            "added": more_than(wanted, had),
            "removed": sorted(set(had) - set(wanted.lines())),
        },
        "packages": _packages(active, packages),
        "platform": {"requires": manifest["requires"]["toolbox"], "version": __version__},
        "breaks": breaks[:_BREAKS_SHOWN],
        "breaks_count": len(breaks),
    }


def _listed(
    before: dict[str, Any],
    after: dict[str, Any],
    kind: str,
    changes: Callable[[dict[str, Any], dict[str, Any]], list[str]],
) -> dict[str, Any]:
    old = {entry["name"]: entry for entry in before.get(kind) or []}
    new = {entry["name"]: entry for entry in after.get(kind) or []}
    changed = {name: changes(old[name], new[name]) for name in old if name in new}
    return {
        "added": [name for name in new if name not in old],
        "removed": [name for name in old if name not in new],
        "changed": {name: texts for name, texts in changed.items() if texts},
    }


def _options(old: dict[str, Any], new: dict[str, Any], names: Sequence[str]) -> list[str]:
    return [
        f"{name}: {_shown(old.get(name))} → {_shown(new.get(name))}"
        for name in names
        # What an older SDK did not know of is no change of the toolkit's.
        if name in old and (old[name] or None) != (new.get(name) or None)
    ]


def _card_changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    return _options(old, new, ("title", "refresh"))


def _operation_changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    options = _options(old, new, _OPTIONS)
    return options + _schema_changes(old.get("inputs") or {}, new.get("inputs") or {})


def _collection_changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    return _schema_changes(old.get("schema") or {}, new.get("schema") or {})


def _settings_changes(old: dict[str, Any] | None, new: dict[str, Any] | None) -> list[str]:
    return _schema_changes((old or {}).get("schema") or {}, (new or {}).get("schema") or {})


def _schema_changes(old: Schema, new: Schema) -> list[str]:
    return _Schemas(old, new).changes(old, new, "", 0)


class _Schemas:
    """Compares two schemas; what their parts refer to stands in these two."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self._old, self._new = old, new

    def changes(self, old: Schema, new: Schema, prefix: str, depth: int) -> list[str]:
        """What differs between two objects, and inside of their properties."""
        had, has = properties(old), properties(new)
        before, needed = set(old.get("required", [])), set(new.get("required", []))
        found = [
            f"{prefix}{name}: added{' and required' if name in needed else ''}"
            for name in has
            if name not in had
        ]
        found += [f"{prefix}{name}: removed" for name in had if name not in has]
        for name in (name for name in had if name in has):
            place = prefix + name
            found += self._value(had[name], has[name], place, depth)
            if name in needed - before:
                found.append(f"{place}: is required now")
        return found

    def _value(self, old: Schema, new: Schema, place: str, depth: int) -> list[str]:
        was, could_be_null = without_null(old, self._old)
        now, may_be_null = without_null(new, self._new)
        kinds = _kind(was, self._old), _kind(now, self._new)
        found = [f"{place}: {kinds[0]} → {kinds[1]}"] if kinds[0] != kinds[1] else []
        if could_be_null and not may_be_null:
            found.append(f"{place}: may not be empty any more")
        found += [
            f"{place}: {key} {_shown(was.get(key))} → {_shown(now.get(key))}"
            for key in _LIMITS
            if was.get(key) != now.get(key)
        ]
        # A model may hold itself.
        if depth == _DEEPEST or kinds[0] != kinds[1]:
            return found
        if "items" in was and "items" in now:
            return found + self._value(was["items"], now["items"], f"{place}[]", depth + 1)
        return found + self.changes(was, now, f"{place}.", depth + 1)


def _kind(schema: Schema, root: Schema) -> str:
    schema = resolve(schema, root)
    if "anyOf" in schema:
        return " or ".join(_kind(option, root) for option in schema["anyOf"])
    kind = str(schema.get("type") or "any")
    return f"list of {_kind(schema.get('items') or {}, root)}" if kind == "array" else kind


def _shown(value: Any) -> str:
    return (
        "nothing"
        if value is None
        else "yes"
        if value is True
        else "no"
        if value is False
        else str(value)
    )


def _packages(active: Any, packages: list[str]) -> dict[str, Any]:
    before = _by_name(environment.pinned(active.path) if active else [])
    after = _by_name(packages)
    return {
        "added": [text for name, text in after.items() if name not in before],
        "removed": [text for name, text in before.items() if name not in after],
        "changed": [
            f"{before[name]} → {after[name]}"
            for name in after
            if name in before and before[name] != after[name]
        ],
        "all": packages,
    }


def _by_name(pins: list[str]) -> dict[str, str]:
    """Pins by the one spelling of their package's name."""
    return {canonicalize_name(re.split(r"[\s=\[]", pin, maxsplit=1)[0]): pin for pin in pins}


def _breaks(toolkit: Toolkit, described: dict[str, Any]) -> Iterable[dict[str, Any]]:
    yield from _broken_settings(toolkit, described)
    yield from _broken_records(toolkit, described)
    for schedule, problem in checking.broken_by(toolkit, described):
        yield {
            "kind": "schedule", "id": str(schedule.pk), "label": schedule.name, "problem": problem
        }  # fmt: skip


def _broken_settings(toolkit: Toolkit, described: dict[str, Any]) -> Iterable[dict[str, Any]]:
    row = ToolkitSettings.objects.filter(toolkit=toolkit).first()
    new = described.get("settings")
    if row is None or not row.data or not new:
        return
    known = properties(new["schema"])
    kept = {key: value for key, value in _given(row.data).items() if key in known}
    whole = input_rules.complete(new["schema"], kept)
    for error in input_rules.validate(new["schema"], whole):
        yield {"kind": "settings", "id": "", "label": error.where, "problem": error.message}


def _broken_records(toolkit: Toolkit, described: dict[str, Any]) -> Iterable[dict[str, Any]]:
    schemas = {entry["name"]: entry["schema"] for entry in described.get("collections") or []}
    records = Record.objects.filter(toolkit=toolkit).order_by("id")
    if unread := max(0, records.count() - _RECORDS_READ):
        problem = f"not looked at: a plan reads the first {_RECORDS_READ:,}"
        yield {"kind": "record", "id": "", "label": f"{unread:,} more records", "problem": problem}
    for record in records[:_RECORDS_READ].iterator():
        schema = schemas.get(record.collection)
        if schema is None:
            problem = "its collection is removed"
        else:
            whole = input_rules.complete(schema, _given(record.data))
            errors = input_rules.validate(schema, whole)
            problem = "; ".join(map(str, errors[:3]))
        if problem:
            label = f"{record.collection} {record.pk}"
            yield {"kind": "record", "id": str(record.pk), "label": label, "problem": problem}


def _given(data: dict[str, Any]) -> dict[str, Any]:
    """Stored data with a text in place of each stored secret, as its schema expects."""
    return {
        key: vaulted.UNCHANGED if vaulted.is_reference(value) else value
        for key, value in data.items()
    }
