"""Installing a bundle: a plan is confirmed, its bytes take their place, and one row is switched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from toolbox.events import emit
from toolkits import cards
from toolkits.bundles import leftovers, planning, progress, storage, store
from toolkits.bundles.permissions import Permissions
from toolkits.bundles.planning import PlanOptions
from toolkits.errors import BundleError, Conflict, NotUsable
from toolkits.jobs import approvals
from toolkits.models import InstallPlan, PlanState, Toolkit, ToolkitVersion
from toolkits.schedules import checking


def install_bundle(
    source: Path,
    *,
    user: Any,
    via: str,
    allow_downgrade: bool = False,
    enable: bool = True,
    bundled: bool = False,
    slug: str = "",
) -> ToolkitVersion:
    """Plan and confirm in one go: install a zip or folder and make it the active version.

    What the bundle asks for is consented to by that. Installing what is active already changes
    nothing. Raises ``BundleError``, after which nothing has changed.
    """
    options = PlanOptions(allow_downgrade, enable, bundled, slug)
    plan = planning.make_plan(Path(source), user=user, via=via, options=options)
    return confirm(plan, user, digest=plan.digest, consent=True)


def confirm(plan: InstallPlan, user: Any, *, digest: str, consent: bool = False) -> ToolkitVersion:
    """Install what was planned and make it the active version.

    ``digest`` is that of the plan which the caller saw; ``consent`` accepts what the version asks
    for beyond what its predecessor was given. Raises ``NotUsable``, ``Conflict`` or
    ``BundleError``, after which nothing has changed.
    """
    _check_confirmable(plan, digest=digest, consent=consent)
    # The folder is named by its digest, so that it being there before its row harms nobody.
    with leftovers.kept_out():
        folder = _in_place(plan)
        progress.step("in place", storage.relative(folder))
        with transaction.atomic():
            version = _activate(plan, folder, user)
            progress.step("activating")
    progress.step("active")
    planning.discard_files(plan)
    return version


def _in_place(plan: InstallPlan) -> Path:
    """Move what was planned to where this host keeps bundles; fetch what another host planned."""
    staged = plan.folder / "bundle"
    if not staged.is_dir():
        return store.take(plan.slug, plan.version, plan.digest)
    if problems := storage.verify(staged, plan.digest):
        raise BundleError("what was planned is not there any more: " + "; ".join(problems))
    return storage.adopt(staged, plan.slug, plan.version, plan.digest)


def _check_confirmable(plan: InstallPlan, *, digest: str, consent: bool) -> None:
    if plan.state != PlanState.READY or plan.expires_at < timezone.now():
        raise NotUsable(gettext("The plan cannot be confirmed any more. Upload the bundle again."))
    if digest != plan.digest:
        raise Conflict(
            gettext("What is to be confirmed is not what was planned. Look at the plan again.")
        )
    if plan.needs_consent and not consent:
        wanted = "; ".join(plan.needs_consent.values())
        raise NotUsable(
            gettext("%(slug)s %(version)s asks for more: %(wanted)s. Accept that first.")
            % {"slug": plan.slug, "version": plan.version, "wanted": wanted}
        )


def _activate(plan: InstallPlan, folder: Path, user: Any) -> ToolkitVersion:
    options = plan.options
    toolkit, created = Toolkit.objects.select_for_update().get_or_create(
        slug=plan.slug,
        defaults={
            "name": plan.manifest["name"],
            "installed_by": user,
            "enabled": options.get("enable", True),
        },
    )
    if not created and toolkit.active_version_id != plan.base_version_id:
        raise Conflict(
            gettext(
                "Another version of %(slug)s was activated meanwhile. "
                "Upload the bundle again to see what it changes now."
            )
            % {"slug": plan.slug}
        )
    if not InstallPlan.objects.filter(pk=plan.pk, state=PlanState.READY).update(
        state=PlanState.CONFIRMED
    ):
        raise NotUsable(gettext("The plan was confirmed or given up by somebody else."))
    version, _ = ToolkitVersion.objects.get_or_create(
        toolkit=toolkit,
        version=plan.version,
        digest=plan.digest,
        defaults={
            "manifest": plan.manifest,
            "description": plan.description,
            "storage_path": storage.relative(folder),
            "environment": plan.environment,
            "signature": plan.signature,
            "size_bytes": plan.size_bytes,
            "installed_by": user,
        },
    )
    if toolkit.active_version_id == version.pk and toolkit.removed_at is None:
        return version
    before = toolkit.active_version.version if toolkit.active_version else None
    toolkit.bundled = bool(options.get("bundled")) or (toolkit.bundled and not created)
    if toolkit.removed_at is not None:
        toolkit.removed_at, toolkit.removed_by = None, None
        toolkit.removal, toolkit.enabled = {}, bool(options.get("enable", True))
    switch(toolkit, version)
    emit(
        "toolkit.installed",
        actor=user,
        target=toolkit,
        changes={"version": [before, plan.version]},
        via=plan.via,
        digest=plan.digest,
        plan=plan.digest,
        signer=plan.signature.get("signer", ""),
    )
    if plan.needs_consent:
        given = sorted(plan.needs_consent)
        emit("toolkit.consented", actor=user, target=toolkit, permissions=given)
    return version


def switch(toolkit: Toolkit, version: ToolkitVersion) -> None:
    """Make ``version`` the one that runs: one row. Every process reads it at its next use."""
    given = version.manifest
    toolkit.active_version = version
    toolkit.name, toolkit.description = given["name"], given.get("description", "")
    toolkit.icon = given.get("icon", "")
    toolkit.categories, toolkit.tags = given.get("categories", []), given.get("tags", [])
    toolkit.consented = sorted(Permissions.of(given).lines())
    toolkit.save()
    cards.sync(toolkit)
    checking.revalidate(toolkit)
    approvals.void_outdated(toolkit)
