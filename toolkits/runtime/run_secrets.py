"""The secrets of a run of a toolkit: what its version declares that it reads, and no more."""

from __future__ import annotations

from toolbox import secrets
from toolbox.secrets.grants import grant
from toolbox.secrets.runs import RunSecrets
from toolkits.bundles.permissions import Permissions
from toolkits.models import ToolkitVersion


def of(slug: str, version: ToolkitVersion, seconds: float) -> RunSecrets:
    """Return what a run of this version may read for so long."""
    declared = Permissions.of(version.manifest).vault
    return RunSecrets(secrets.client(), grant(slug, declared), seconds)
