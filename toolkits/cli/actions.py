"""Every action of ``manage.py toolkit`` but ``run``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from toolkits.cli import authoring, installing, managing, storing

ACTIONS: dict[str, Callable[[dict[str, Any], Any], None]] = {
    "install": installing.install,
    "list": managing.listing,
    "enable": managing.enable,
    "disable": managing.disable,
    "rollback": managing.rollback,
    "uninstall": managing.uninstall,
    "pin": managing.pin,
    "unpin": managing.unpin,
    "store": storing.synchronise,
    "new": authoring.new,
    "check": authoring.check,
    "pack": authoring.pack,
    "keygen": authoring.keygen,
    "sign": authoring.sign,
}


def add_arguments(actions: Any) -> None:
    """Declare the subcommands."""
    for module in (installing, managing, storing, authoring):
        module.add_arguments(actions)
