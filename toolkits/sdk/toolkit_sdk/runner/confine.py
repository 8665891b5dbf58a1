"""Confines the runner, in the order in which each step still can be taken."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path
from typing import Any

from toolkit_sdk.runner import landlock, limits


def confine(hello: dict[str, Any], parent: int) -> list[str]:
    """Take on everything that ``hello`` asks for and return what holds from now on.

    Raises ``OSError`` when another user was asked for and cannot be taken on.
    """
    os.umask(0o077)
    held = ["process_group"]
    uid = hello.get("uid")
    steps = [
        ("subreaper", limits.become_subreaper()),
        ("rlimits", limits.limit_resources(hello.get("limits") or {})),
        (f"uid:{uid}", limits.change_user(uid, hello.get("gid"))),
        ("no_capabilities", limits.drop_capabilities()),
        ("no_new_privs", limits.forbid_new_privileges()),
    ]
    held += [name for name, done in steps if done]
    sandbox = hello.get("sandbox") or {}
    version = landlock.restrict(
        Path(hello["workdir"]), _readable(hello), network=sandbox.get("network", True)
    )
    if version:
        held.append(f"landlock:{version}")
    if limits.die_with(parent):
        held.append("dies_with_worker")
    return held


def _readable(hello: dict[str, Any]) -> list[Path]:
    standard = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib")}
    own = {hello["bundle"], *hello["paths"], *(hello.get("sandbox") or {}).get("read", [])}
    # The interpreter itself and its shared library, for toolkits that start it again.
    base = {str(Path(sys.base_prefix, part)) for part in ("bin", "lib")}
    paths = standard | own | base | {entry for entry in sys.path if entry}
    return [Path(path) for path in sorted(filter(None, paths))]
