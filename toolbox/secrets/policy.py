"""The policies that the platform needs in Vault: files in ``deploy/vault``, with names put in."""

from __future__ import annotations

from pathlib import Path
from string import Template

#: The platform's policy and AppRole, and the policy and token role of runs.
PLATFORM, RUN = "toolbox", "toolbox-run"

_FOLDER = Path(__file__).resolve().parent.parent.parent / "deploy" / "vault"


def policy(mount: str, accessor: str, kv: int = 2) -> str:
    """Return what the platform may do, in HCL; ``accessor`` is that of the token auth method."""
    name = "platform.hcl" if kv == 2 else "platform-kv1.hcl"
    return _filled(name, mount=mount, accessor=accessor)


def run_policy(mount: str, accessor: str, kv: int = 2) -> str:
    """Return what a token of a run may do."""
    data = f"{mount}/data" if kv == 2 else mount
    return _filled("toolkit-run.hcl", mount=mount, data=data, accessor=accessor)


def _filled(name: str, **values: str) -> str:
    return Template((_FOLDER / name).read_text()).substitute(values)
