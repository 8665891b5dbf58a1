"""Records of collections: checked by the collection's schema, changed with optimistic locking."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext

from toolbox.events import emit
from toolbox.ids import uuid7
from toolkits import inputs as input_rules
from toolkits import vaulted
from toolkits.errors import Conflict, FieldError, InputError, NotUsable
from toolkits.models import Record, Toolkit

_MOST = 10_000
_MOST_ERRORS = 100


def _described(toolkit: Toolkit, collection: str) -> dict[str, Any]:
    described = toolkit.collection(collection)
    if described is None:
        raise NotUsable(
            gettext("%(slug)s has no collection %(collection)r.")
            % {"slug": toolkit.slug, "collection": collection}
        )
    return described


def _checked(described: dict[str, Any], data: dict[str, Any], before: dict[str, Any]) -> Any:
    schema = described["schema"]
    # A secret that is already stored counts as given; its default must not take its place.
    stored = {
        name
        for name in described.get("secret_fields", [])
        if vaulted.is_reference(before.get(name)) and name not in data
    }
    complete = input_rules.complete(schema, data)
    whole = {name: value for name, value in complete.items() if name not in stored}
    probe = {**whole, **dict.fromkeys(stored, vaulted.UNCHANGED)}
    if errors := input_rules.validate(schema, probe):
        raise InputError(errors)
    return whole


def matching(toolkit: Toolkit, collection: str, filters: dict[str, Any]) -> list[Record]:
    """Return the records whose fields equal ``filters``."""
    found = Record.objects.filter(toolkit=toolkit, collection=collection).order_by("id")[:_MOST]
    wanted = filters.items()
    return [record for record in found if all(record.data.get(key) == v for key, v in wanted)]


def create(toolkit: Toolkit, collection: str, data: dict[str, Any], user: Any) -> Record:
    """Make a record. Raises ``InputError`` for data that does not fit."""
    described = _described(toolkit, collection)
    whole = _checked(described, data, {})
    record = Record(id=uuid7(), toolkit=toolkit, collection=collection, updated_by=user)
    record.data = vaulted.store(_path(record), described.get("secret_fields", []), whole, {})
    with transaction.atomic():
        record.save(force_insert=True)
        emit("record.created", actor=user, target=record, toolkit=toolkit.slug)
    return record


def create_many(
    toolkit: Toolkit,
    collection: str,
    rows: list[dict[str, Any]],
    user: Any,
    *,
    dry_run: bool = False,
) -> int:
    """Make a record of each row, or none when one does not fit; returns how many.

    Raises ``InputError`` that names every place by row and field. ``dry_run`` only checks.
    """
    described = _described(toolkit, collection)
    if len(rows) > _MOST:
        raise InputError(
            [
                FieldError(
                    (),
                    gettext("has %(rows)s records; at most %(most)s at once")
                    % {"rows": f"{len(rows):,}", "most": f"{_MOST:,}"},
                )
            ]
        )
    schema = described["schema"]
    errors = [
        FieldError((number, *error.loc), error.message)
        for number, row in enumerate(rows)
        for error in input_rules.validate(schema, input_rules.complete(schema, row))
    ]
    if errors:
        raise InputError(errors[:_MOST_ERRORS])
    if not dry_run:
        with transaction.atomic():
            for row in rows:
                create(toolkit, collection, row, user)
            emit(
                "record.imported",
                actor=user,
                target=toolkit,
                toolkit=toolkit.slug,
                collection=collection,
                created=len(rows),
                changed=0,
            )
    return len(rows)


def update(record: Record, data: dict[str, Any], version: int, user: Any) -> Record:
    """Replace the data of a record that is still at ``version``, else raise ``Conflict``."""
    described = _described(record.toolkit, record.collection)
    whole = _checked(described, data, record.data)
    if record.version != version:
        raise _conflict(record)
    kept = vaulted.store(
        _path(record), described.get("secret_fields", []), whole, before=record.data
    )
    with transaction.atomic():
        changed = Record.objects.filter(pk=record.pk, version=version).update(
            data=kept, version=F("version") + 1, updated_by=user, updated_at=timezone.now()
        )
        if not changed:
            raise _conflict(record)
        fields = sorted(key for key in kept if kept[key] != record.data.get(key))
        emit("record.updated", actor=user, target=record, changes={"fields": fields})
    vaulted.forget_cleared(_path(record), kept, record.data)
    record.refresh_from_db()
    return record


def delete(record: Record, version: int, user: Any) -> None:
    """Delete a record that is still at ``version``, with its secrets."""
    with transaction.atomic():
        gone, _ = Record.objects.filter(pk=record.pk, version=version).delete()
        if not gone:
            raise _conflict(record)
        emit("record.deleted", actor=user, target=record, toolkit=record.toolkit.slug)
    if any(map(vaulted.is_reference, record.data.values())):
        vaulted.forget(_path(record))


def reveal(
    record: Record, described: dict[str, Any], read: vaulted.Read | None = None
) -> tuple[dict[str, Any], list[str]]:
    """The data with its secrets for toolkit code, and the values to redact; ``read`` is how a
    run reads secrets."""
    known = described["schema"].get("properties", {})
    data = {key: value for key, value in record.data.items() if key in known}
    return vaulted.reveal(data, read)


def public(record: Record, described: dict[str, Any]) -> dict[str, Any]:
    """The data as people and clients may see it."""
    return vaulted.public(described.get("secret_fields", []), record.data)


def _path(record: Record) -> str:
    return f"toolkits/{record.toolkit.slug}/records/{record.collection}/{record.pk}"


def _conflict(record: Record) -> Conflict:
    return Conflict(
        gettext(
            "This record of %(collection)s was changed since you "
            "opened it. Load it again and repeat your change."
        )
        % {"collection": record.collection}
    )
