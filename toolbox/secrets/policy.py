"""The policies that the platform needs in Vault: files in ``deploy/vault``, with names put in."""

from __future__ import annotations

from pathlib import Path
from string import Template

#: The platform's policy and AppRole, and the policy and token role of one run.
PLATFORM, RUN = "toolbox", "toolbox-run"

_FOLDER = Path(__file__).resolve().parent.parent.parent / "deploy" / "vault"


def policy(mount: str, kv: int = 2) -> str:
    """Return what the platform may do, in HCL."""
    name = "platform.hcl" if kv == 2 else "platform-kv1.hcl"
    return Template((_FOLDER / name).read_text()).substitute(mount=mount)


def run_policy(mount: str, accessor: str) -> str:
    """Return what the token of a run may do; ``accessor`` is that of the token auth method."""
    text = (_FOLDER / "toolkit-run.hcl").read_text()
    return Template(text).substitute(mount=mount, accessor=accessor)
