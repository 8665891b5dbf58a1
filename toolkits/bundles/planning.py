"""Checks a bundle and says what installing it would change. Nothing is touched by that."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from toolbox.events import emit
from toolkits.bundles import (
    differences,
    environment,
    health,
    leftovers,
    manifest,
    progress,
    semver,
    storage,
    store,
    trust,
)
from toolkits.bundles.manifest import Manifest
from toolkits.bundles.permissions import Permissions
from toolkits.bundles.source import Bundle
from toolkits.errors import BundleError, NotUsable
from toolkits.models import InstallPlan, PlanState, Toolkit, ToolkitVersion
from toolkits.runtime.describe import describe
from toolkits.runtime.spec import RunnerSpec

_LIFE = timedelta(hours=1)


@dataclass(frozen=True)
class PlanOptions:
    """What the one who installs decided beforehand."""

    allow_downgrade: bool = False
    enable: bool = True
    bundled: bool = False
    slug: str = ""

    def as_json(self) -> dict[str, Any]:
        return dict(vars(self))


def make_plan(
    source: Path, *, user: Any, via: str, options: PlanOptions | None = None
) -> InstallPlan:
    """Check the zip or folder at ``source`` in this process and return the plan.

    Raises ``BundleError`` for a bundle that is refused; its plan is kept as refused.
    """
    plan = open_plan(source.name, user=user, via=via, options=options or PlanOptions())
    return check(plan, source)


def open_plan(name: str, *, user: Any, via: str, options: PlanOptions) -> InstallPlan:
    """Make the row of a plan whose bundle is still to be checked."""
    return InstallPlan.objects.create(
        source_name=name[:200],
        via=via,
        options=options.as_json(),
        created_by=user,
        expires_at=timezone.now() + _LIFE,
    )


def check(plan: InstallPlan, source: Path) -> InstallPlan:
    """Check the bundle and fill the plan in. Raises ``BundleError``."""
    try:
        with leftovers.kept_out():
            _fill(plan, source)
    except BundleError as error:
        refuse(plan, error)
        raise
    except BaseException:
        discard_files(plan)
        raise
    progress.step("planned", str(plan.changes["kind"]))
    return plan


def refuse(plan: InstallPlan, error: BundleError) -> None:
    """Note why the bundle is refused, with its audit entry, and remove its files."""
    discard_files(plan)
    with transaction.atomic():
        plan.state = PlanState.REFUSED
        plan.problem = {"message": error.message, "where": error.where, "hint": error.hint}
        plan.save()
        emit(
            "toolkit.install_refused",
            actor=plan.created_by,
            outcome="failure",
            via=plan.via,
            reason=str(error),
        )


def _fill(plan: InstallPlan, source: Path) -> None:
    bytes_at = plan.folder / "bundle"
    plan.folder.mkdir(parents=True, exist_ok=True)
    for folder in (plan.folder.parent, plan.folder):
        # Runners of another user pass through, whatever the umask is; they cannot list it.
        folder.chmod(0o711)
    with Bundle(source) as bundle:
        read = manifest.read(bundle)
        toolkit = _toolkit(read.slug)
        _check_wanted(plan, read, toolkit)
        progress.step("opened", f"{read.slug} {read.version}, {len(bundle.sizes)} files")
        digests = storage.write(bundle, bytes_at)
        plan.size_bytes = sum(bundle.sizes.values())
    plan.digest = storage.combine(digests)
    plan.slug, plan.version = read.slug, read.version
    # Now, so that whatever a kill leaves from here on is known for what it is.
    plan.save(update_fields=["digest", "slug", "version"])
    _check_content(read, plan.digest)
    signature = trust.check(bytes_at, digests)
    if why := trust.objection(signature):
        hint = "Get the bundle from its source again, or sign it again if it is your own."
        raise BundleError(why, where="toolkit.sig", hint=hint)
    progress.step("written", plan.digest)
    own = environment.toolkit_environment(bytes_at)
    progress.step("environment", own.name if own else "none of its own")
    spec = RunnerSpec.planned(read.data, bytes_at, own)
    described = describe(spec) if read.entry else _EMPTY
    _check_queues(read, described)
    health.check(spec, described, toolkit)
    progress.step("described", f"{len(described['operations'])} operations")
    # From here on any host can install exactly this.
    store.put(bytes_at, plan.digest)
    progress.step("stored")
    plan.manifest = read.data
    plan.description, plan.environment = described, str(own or "")
    plan.signature = signature.as_json()
    plan.base_version = toolkit.active_version if toolkit else None
    plan.changes = {
        "kind": _kind(read, toolkit, plan.digest),
        **differences.compare(toolkit, read.data, described, environment.pinned(bytes_at)),
        "warnings": [text for text in (trust.warning(signature),) if text],
    }
    plan.state = PlanState.READY
    plan.save()


_EMPTY: dict[str, Any] = {"operations": [], "collections": [], "cards": [], "settings": None}


def _toolkit(slug: str) -> Toolkit | None:
    return Toolkit.objects.select_related("active_version").filter(slug=slug).first()


def _running(toolkit: Toolkit | None) -> ToolkitVersion | None:
    return toolkit.active_version if toolkit and toolkit.removed_at is None else None


def _check_wanted(plan: InstallPlan, read: Manifest, toolkit: Toolkit | None) -> None:
    wanted = plan.options.get("slug")
    if wanted and wanted != read.slug:
        raise BundleError(
            f"the bundle is of {read.slug!r}, not of {wanted!r}", where="toolkit.json: $.slug"
        )
    active = _running(toolkit)
    if active is None or plan.options.get("allow_downgrade"):
        return
    if semver.key(read.version) < semver.key(active.version):
        raise BundleError(
            f"version {read.version} is older than the installed {active.version}",
            where="toolkit.json: $.version",
            hint="Allow the downgrade if it is meant, or roll back.",
        )


def _check_content(read: Manifest, digest: str) -> None:
    same = ToolkitVersion.objects.filter(toolkit__slug=read.slug, version=read.version)
    if same.exists() and not same.filter(digest=digest).exists():
        raise BundleError(
            f"version {read.version} is installed with other content",
            where="toolkit.json: $.version",
            hint="Give the changed bundle a new version.",
        )


def _check_queues(read: Manifest, described: dict[str, Any]) -> None:
    allowed = Permissions.of(read.data)
    for operation in described["operations"]:
        queue = operation.get("queue")
        if queue and not allowed.may_use_queue(queue):
            raise BundleError(
                f"operation {operation['name']} uses the queue {queue}, which it does not ask for",
                where="toolkit.json: $.permissions.queues",
            )


def _kind(read: Manifest, toolkit: Toolkit | None, digest: str) -> str:
    active = _running(toolkit)
    if active is None:
        return "restore" if toolkit else "install"
    if active.digest == digest:
        return "same"
    older = semver.key(read.version) < semver.key(active.version)
    return "downgrade" if older else "update"


def discard(plan: InstallPlan, user: Any) -> None:
    """Give a plan up. Raises ``NotUsable`` when it was confirmed."""
    waiting = (PlanState.READY, PlanState.CHECKING)
    found = InstallPlan.objects.filter(pk=plan.pk, state__in=waiting)
    if not found.update(state=PlanState.DISCARDED):
        raise NotUsable(
            gettext("The plan is %(state)s.") % {"state": plan.get_state_display().lower()}
        )
    discard_files(plan)


def discard_files(plan: InstallPlan) -> None:
    """Remove the bytes of a plan; those in the store too, unless something else needs them."""
    shutil.rmtree(plan.folder, ignore_errors=True)
    if not plan.digest or ToolkitVersion.objects.filter(digest=plan.digest).exists():
        return
    others = InstallPlan.objects.filter(digest=plan.digest, state=PlanState.READY)
    if not others.exclude(pk=plan.pk).exists():
        store.delete(plan.digest)


def sweep() -> int:
    """Discard plans whose time is over, and remove bytes that belong to no waiting plan."""
    now = timezone.now()
    waiting = (PlanState.READY, PlanState.CHECKING)
    over = InstallPlan.objects.filter(state__in=waiting, expires_at__lt=now)
    count = 0
    for plan in over[:100]:
        count += InstallPlan.objects.filter(pk=plan.pk, state=plan.state).update(
            state=PlanState.DISCARDED
        )
        discard_files(plan)
    return count
