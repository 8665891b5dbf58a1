"""The policies that the platform needs in Vault: files in ``deploy/vault``, with names put in."""

from __future__ import annotations

from pathlib import Path
from string import Template

#: The platform's policy and AppRole, and the policies and token roles of one run: for what is a
#: toolkit's own, and for what toolkits share.
PLATFORM, RUN, RUN_SHARED = "toolbox", "toolbox-run", "toolbox-run-shared"

_FOLDER = Path(__file__).resolve().parent.parent.parent / "deploy" / "vault"


def policy(mount: str, kv: int = 2) -> str:
    """Return what the platform may do, in HCL."""
    name = "platform.hcl" if kv == 2 else "platform-kv1.hcl"
    return Template((_FOLDER / name).read_text()).substitute(mount=mount)


_RUN_FILES = {RUN: "toolkit-run.hcl", RUN_SHARED: "toolkit-run-shared.hcl"}


def run_policy(name: str, mount: str, accessor: str) -> str:
    """Return what a token of a run may do; ``accessor`` is that of the token auth method."""
    text = (_FOLDER / _RUN_FILES[name]).read_text()
    return Template(text).substitute(mount=mount, accessor=accessor)
