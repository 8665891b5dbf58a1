"""What the platform may do in Vault: its own KV mount, and nothing else."""

from __future__ import annotations


def policy(mount: str) -> str:
    """Return the policy in HCL. Looking up and renewing its own token come with ``default``."""
    return f"""
path "{mount}/data/*" {{ capabilities = ["create", "read", "update", "delete"] }}
path "{mount}/metadata/*" {{ capabilities = ["read", "list", "delete"] }}
path "{mount}/metadata" {{ capabilities = ["list"] }}
path "{mount}/metadata/" {{ capabilities = ["list"] }}
path "sys/internal/ui/mounts/{mount}" {{ capabilities = ["read"] }}
""".lstrip()
