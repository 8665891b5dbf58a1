"""Finding what a command names."""

from __future__ import annotations

from django.core.management.base import CommandError

from toolkits.models import Toolkit, ToolkitVersion


def find(slug: str) -> Toolkit:
    """Return an installed toolkit or say which there are."""
    installed = Toolkit.objects.installed().select_related("active_version")
    toolkit = installed.filter(slug=slug).first()
    if toolkit is None:
        known = ", ".join(installed.values_list("slug", flat=True).order_by("slug")) or "none"
        raise CommandError(f"There is no toolkit {slug!r}. Installed: {known}.")
    return toolkit


def find_version(toolkit: Toolkit, version: str) -> ToolkitVersion:
    """Return a kept version of a toolkit or say which there are."""
    found = toolkit.versions.filter(version=version).order_by("-created_at").first()
    if found is None:
        known = ", ".join(toolkit.versions.values_list("version", flat=True))
        raise CommandError(f"{toolkit.slug} has no version {version}. Kept: {known}.")
    return found
