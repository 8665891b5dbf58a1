"""Typed pieces of configuration that settings build and foundations read."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class VaultConfig:
    """How to reach Vault or OpenBao, and as whom. Secret fields never show in a repr."""

    addr: str
    auth_method: str = "token"
    token: str = field(default="", repr=False)
    token_file: str = ""
    role_id: str = ""
    secret_id: str = field(default="", repr=False)
    kv_mount: str = "sre"
    namespace: str = ""
    ca_cert: str = ""
    tls_skip_verify: bool = False
    timeout: float = 5.0


@dataclass(frozen=True)
class SigningConfig:
    """What access tokens are signed with: one shared secret, or a key pair in PEM. Keys that
    signed before are still good for checking."""

    algorithm: str
    secret: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    public_key: str = ""
    previous_secrets: tuple[str, ...] = field(default=(), repr=False)
    previous_public_keys: str = ""

    @property
    def material(self) -> str:
        """The secret part, whichever kind it is; empty when there is none."""
        return self.secret or self.private_key
