"""What an administrator does with installed toolkits: enable, go back, pin, remove."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from toolbox import secrets
from toolbox.events import emit
from toolkits.bundles import presence, storage, store
from toolkits.bundles.install import switch
from toolkits.errors import BundleError, NotUsable
from toolkits.jobs.states import TERMINAL
from toolkits.models import (
    CardState,
    Job,
    Record,
    Toolkit,
    ToolkitSample,
    ToolkitSettings,
    ToolkitState,
    ToolkitVersion,
)

#: What can be purged when a toolkit is removed.
DATA = ("records", "settings", "state", "secrets", "jobs", "versions")


def enable(toolkit: Toolkit, user: Any) -> None:
    """Let people use the toolkit. Its cards are due at once."""
    if toolkit.active_version_id is None or toolkit.removed_at is not None:
        raise NotUsable(gettext("%(slug)s is not installed.") % {"slug": toolkit.slug})
    _switch_on(toolkit, user, on=True)
    CardState.objects.filter(toolkit=toolkit).update(next_refresh_at=timezone.now())


def disable(toolkit: Toolkit, user: Any) -> None:
    """Take new runs of the toolkit no more. Running jobs go on to their end."""
    _switch_on(toolkit, user, on=False)


def _switch_on(toolkit: Toolkit, user: Any, *, on: bool) -> None:
    with transaction.atomic():
        changed = Toolkit.objects.filter(pk=toolkit.pk, enabled=not on).update(enabled=on)
        if changed:
            emit("toolkit.enabled" if on else "toolkit.disabled", actor=user, target=toolkit)
    toolkit.enabled = on


def pin(toolkit: Toolkit, user: Any, *, pinned: bool) -> None:
    """Switch updates of the toolkit off, or on again."""
    with transaction.atomic():
        changed = Toolkit.objects.filter(pk=toolkit.pk, pinned=not pinned).update(pinned=pinned)
        if changed:
            version = toolkit.active_version.version if toolkit.active_version else ""
            details: dict[str, Any] = {"version": version} if pinned else {}
            name = "toolkit.pinned" if pinned else "toolkit.unpinned"
            emit(name, actor=user, target=toolkit, **details)
    toolkit.pinned = pinned


def kept_versions(toolkit: Toolkit) -> list[ToolkitVersion]:
    """The versions that can be gone back to, the newest installation first."""
    return [
        version
        for version in toolkit.versions.order_by("-created_at", "-pk")
        if version.pk != toolkit.active_version_id
    ]


def rollback(
    toolkit: Toolkit, user: Any, *, version: ToolkitVersion | None = None, via: str = "console"
) -> ToolkitVersion:
    """Make a kept version the active one again; without ``version``, the one before.

    Running jobs end on the version that they began on. Raises ``NotUsable``.
    """
    if toolkit.removed_at is not None:
        raise NotUsable(gettext("%(slug)s is not installed.") % {"slug": toolkit.slug})
    target = version or next(iter(kept_versions(toolkit)), None)
    if target is None:
        raise NotUsable(gettext("No other version of %(slug)s is kept.") % {"slug": toolkit.slug})
    if target.toolkit_id != toolkit.pk or target.pk == toolkit.active_version_id:
        raise NotUsable(
            gettext("%(version)s is not a version to go back to.") % {"version": target.version}
        )
    if problems := _problems(target):
        raise NotUsable(
            gettext("%(version)s cannot be activated: %(problems)s.")
            % {"version": target.version, "problems": "; ".join(problems)}
        )
    with transaction.atomic():
        row = Toolkit.objects.select_for_update().get(pk=toolkit.pk)
        before = row.active_version.version if row.active_version else None
        switch(row, target)
        emit(
            "toolkit.rolled_back",
            actor=user,
            target=row,
            changes={"version": [before, target.version]},
            via=via,
            digest=target.digest,
        )
    toolkit.refresh_from_db()
    return target


def _problems(version: ToolkitVersion) -> list[str]:
    try:
        return storage.verify(presence.bundle_of(version), version.digest)
    except BundleError as error:
        return [str(error)]


def uninstall(
    toolkit: Toolkit, user: Any, *, purge: Iterable[str] = (), via: str = "console"
) -> None:
    """Remove the toolkit, and of its data what ``purge`` names (see ``DATA``); keep the rest.

    The row stays as the record of the removal: a bundled toolkit that was removed is not
    installed again at the next start. Raises ``NotUsable`` while jobs of it are unfinished.
    """
    wanted = [kind for kind in DATA if kind in set(purge)]
    unknown = sorted(set(purge) - set(DATA))
    if unknown:
        raise NotUsable(
            gettext("%(unknown)s: not data of a toolkit (%(data)s are).")
            % {"unknown": ", ".join(unknown), "data": ", ".join(DATA)}
        )
    _check_idle(toolkit)
    with transaction.atomic():
        row = Toolkit.objects.select_for_update().get(pk=toolkit.pk)
        if row.removed_at is not None:
            raise NotUsable(gettext("%(slug)s is not installed.") % {"slug": row.slug})
        version = row.active_version
        digest = version.digest if version else ""
        row.removed_at, row.removed_by, row.enabled = timezone.now(), user, False
        row.removal = {"purged": wanted, "version": version.version if version else ""}
        row.save()
        CardState.objects.filter(toolkit=row).delete()
        _purge_rows(row, wanted)
        emit("toolkit.uninstalled", actor=user, target=row, via=via, digest=digest, purged=wanted)
    if "secrets" in wanted:
        _purge_secrets(f"toolkits/{row.slug}")
    if "versions" in wanted:
        for kept in row.versions.select_related("toolkit"):
            remove_version(kept, user)
    toolkit.refresh_from_db()


def _check_idle(toolkit: Toolkit) -> None:
    unfinished = Job.objects.filter(toolkit=toolkit).exclude(state__in=TERMINAL).count()
    if unfinished:
        raise NotUsable(
            gettext(
                "%(unfinished)s jobs of %(slug)s are not finished. Cancel them, or wait for them."
            )
            % {"unfinished": unfinished, "slug": toolkit.slug}
        )


def _purge_rows(toolkit: Toolkit, kinds: list[str]) -> None:
    rows: dict[str, list[QuerySet[Any]]] = {
        "records": [Record.objects.filter(toolkit=toolkit)],
        "settings": [ToolkitSettings.objects.filter(toolkit=toolkit)],
        # What it remembers: its keys, and its samples over time.
        "state": [
            ToolkitState.objects.filter(toolkit=toolkit),
            ToolkitSample.objects.filter(toolkit=toolkit),
        ],
        "jobs": [Job.objects.filter(toolkit=toolkit)],
    }
    for kind in kinds:
        for found in rows.get(kind, []):
            found.delete()


def _purge_secrets(path: str) -> None:
    client = secrets.client()
    for name in client.names(path):
        if name.endswith("/"):
            _purge_secrets(f"{path}/{name.rstrip('/')}")
        else:
            client.delete(f"{path}/{name}")


def remove_version(version: ToolkitVersion, user: Any) -> None:
    """Delete a kept version with its files. Raises ``NotUsable`` for one that is in use."""
    toolkit = version.toolkit
    if toolkit.active_version_id == version.pk and toolkit.removed_at is None:
        raise NotUsable(gettext("%(version)s is active.") % {"version": version.version})
    if Job.objects.filter(version=version).exclude(state__in=TERMINAL).exists():
        raise NotUsable(
            gettext("Jobs of %(version)s are not finished.") % {"version": version.version}
        )
    with transaction.atomic():
        Toolkit.objects.filter(active_version=version).update(active_version=None)
        emit("toolkit.version_removed", actor=user, target=version, digest=version.digest)
        path, digest = version.path, version.digest
        version.delete()
    storage.remove(path)
    store.delete(digest)
