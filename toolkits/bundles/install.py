"""Installing a bundle: everything is checked and written aside before one row is switched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db import transaction

from toolbox.events import emit
from toolkits import cards
from toolkits.bundles import environment, manifest, semver, storage
from toolkits.bundles.manifest import Manifest
from toolkits.bundles.source import Bundle
from toolkits.errors import BundleError
from toolkits.models import Toolkit, ToolkitVersion
from toolkits.runtime.describe import describe
from toolkits.runtime.spec import RunnerSpec


def install_bundle(
    source: Path,
    *,
    user: Any,
    via: str,
    allow_downgrade: bool = False,
    enable: bool = True,
    bundled: bool = False,
) -> ToolkitVersion:
    """Install a zip or folder and make it the toolkit's active version.

    Returns the version; installing what is active already changes nothing. Raises
    ``BundleError``, after which nothing has changed.
    """
    try:
        with Bundle(Path(source)) as bundle:
            read = manifest.read(bundle)
            _check_order(read, allow_downgrade=allow_downgrade)
            folder, digest = storage.place(bundle, read.slug, read.version)
            size = sum(bundle.sizes.values())
        _check_content(read, digest)
        own = environment.toolkit_environment(folder)
        described = _describe(read, folder, own)
    except BundleError as error:
        emit("toolkit.install_refused", actor=user, outcome="failure", via=via, reason=str(error))
        raise
    row = {
        "manifest": read.data,
        "description": described,
        "storage_path": storage.relative(folder),
        "environment": str(own or ""),
        "size_bytes": size,
        "installed_by": user,
    }
    with transaction.atomic():
        return _activate(read, digest, row, via=via, enable=enable, bundled=bundled, user=user)


def _active(slug: str) -> ToolkitVersion | None:
    toolkit = Toolkit.objects.select_related("active_version").filter(slug=slug).first()
    return toolkit.active_version if toolkit and toolkit.removed_at is None else None


def _check_order(read: Manifest, *, allow_downgrade: bool) -> None:
    active = _active(read.slug)
    if active is None or allow_downgrade:
        return
    if semver.key(read.version) < semver.key(active.version):
        raise BundleError(
            f"version {read.version} is older than the installed {active.version}",
            where="toolkit.json",
            hint="Allow the downgrade if it is meant.",
        )


def _check_content(read: Manifest, digest: str) -> None:
    same = ToolkitVersion.objects.filter(toolkit__slug=read.slug, version=read.version)
    if same.exists() and not same.filter(digest=digest).exists():
        raise BundleError(
            f"version {read.version} is installed with other content",
            where="toolkit.json",
            hint="Give the changed bundle a new version.",
        )


def _describe(read: Manifest, folder: Path, own: Path | None) -> dict[str, Any]:
    if not read.entry:
        return {"operations": [], "collections": [], "cards": [], "settings": None}
    return describe(RunnerSpec(read.slug, read.version, folder, read.entry, own))


def _activate(
    read: Manifest,
    digest: str,
    row: dict[str, Any],
    *,
    via: str,
    enable: bool,
    bundled: bool,
    user: Any,
) -> ToolkitVersion:
    toolkit, created = Toolkit.objects.select_for_update().get_or_create(
        slug=read.slug, defaults={"name": read.name, "installed_by": user, "enabled": enable}
    )
    version, _ = ToolkitVersion.objects.get_or_create(
        toolkit=toolkit, version=read.version, digest=digest, defaults=row
    )
    if toolkit.active_version_id == version.pk and toolkit.removed_at is None:
        return version
    before = toolkit.active_version.version if toolkit.active_version else None
    toolkit.active_version = version
    toolkit.name, toolkit.description, toolkit.icon = read.name, read.description, read.icon
    toolkit.categories, toolkit.tags = read.categories, read.tags
    toolkit.bundled = bundled or (toolkit.bundled and not created)
    if toolkit.removed_at is not None:
        toolkit.removed_at, toolkit.enabled = None, enable
    toolkit.save()
    cards.sync(toolkit)
    changes = {"version": [before, read.version]}
    emit("toolkit.installed", actor=user, target=toolkit, changes=changes, via=via, digest=digest)
    return version


