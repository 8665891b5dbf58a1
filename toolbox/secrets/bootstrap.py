"""Makes Vault ready for the platform: only what is missing, and nothing that is there is changed
but the platform's own policies and roles, which are brought up to date.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import hvac
from hvac import exceptions as vault

from toolbox.secrets.grants import NAMES
from toolbox.secrets.policy import PLATFORM, RUN, policy, run_policy

# Vault locks an AppRole for a quarter of an hour after five refused attempts. Its secret ids are
# too long to be guessed; what the lock would do is keep the platform out after its secret id was
# replaced, because some process still tried the old one.
_NO_LOCKOUT = {"user_lockout_config": {"lockout_disable": True}}
_ROLE = {"token_policies": [PLATFORM], "token_ttl": "1h", "token_max_ttl": "24h"}
_RUN_ROLE: dict[str, Any] = {
    "allowed_policies": [RUN],
    "allowed_entity_aliases": [f"{NAMES}*"],
    "disallowed_policies": [],
    "orphan": False,
    "renewable": False,
    "token_explicit_max_ttl": "26h",
}


@dataclass(frozen=True)
class Step:
    """One thing that Vault needs. ``make`` makes it; ``done`` is whether it was there already."""

    what: str
    done: bool
    make: Callable[[], Any]


def steps(
    client: hvac.Client, mount: str, placeholders: dict[str, dict[str, str]]
) -> Iterator[Step]:
    """Yield what is needed, in order; each is looked at when it is reached.

    ``client`` has a token that may do all this. ``placeholders`` are secrets by path that must
    exist, with the fields to seed them with.
    """
    mounts = client.sys.list_mounted_secrets_engines()["data"]
    found = mounts.get(f"{mount}/")
    yield Step(
        f"KV engine at {mount}",
        found is not None,
        lambda: client.sys.enable_secrets_engine("kv", path=mount, options={"version": "2"}),
    )
    kv = int(((found or {}).get("options") or {}).get("version") or 1) if found else 2
    methods = client.sys.list_auth_methods()["data"]
    yield Step(
        "AppRole sign-in", "approle/" in methods, lambda: client.sys.enable_auth_method("approle")
    )
    yield Step(
        "AppRole sign-in that refused attempts do not lock",
        "approle/" in methods and _is_not_locked(client),
        lambda: client.adapter.post("/v1/sys/auth/approle/tune", json=_NO_LOCKOUT),
    )
    accessor = methods["token/"]["accessor"]
    yield _policy(client, PLATFORM, policy(mount, accessor, kv))
    yield _policy(client, RUN, run_policy(mount, accessor, kv))
    yield Step(
        f"AppRole {PLATFORM}",
        _exists(client, f"auth/approle/role/{PLATFORM}"),
        lambda: client.auth.approle.create_or_update_approle(PLATFORM, **_ROLE),
    )
    yield _run_role(client)
    for path, fields in placeholders.items():
        yield _placeholder(client, mount, kv, path, fields)


def _is_not_locked(client: hvac.Client) -> bool:
    return bool(client.sys.read_auth_method_tuning("approle")["data"].get("user_lockout_disable"))


def _policy(client: hvac.Client, name: str, wanted: str) -> Step:
    try:
        present = client.sys.read_policy(name)["data"]["rules"]
    except vault.InvalidPath:
        present = None
    return Step(
        f"policy {name}",
        present is not None and present.strip() == wanted.strip(),
        lambda: client.sys.create_or_update_policy(name, wanted),
    )


def _run_role(client: hvac.Client) -> Step:
    place = f"auth/token/roles/{RUN}"
    return Step(
        f"token role {RUN} for runs of toolkits",
        _is_as_wanted(client, place, ("allowed_policies", "allowed_entity_aliases")),
        lambda: client.write_data(place, data=_RUN_ROLE),
    )


def _is_as_wanted(client: hvac.Client, place: str, names: tuple[str, ...]) -> bool:
    try:
        present = (client.read(place) or {}).get("data") or {}
    except vault.InvalidPath:
        return False
    return all(present.get(name) == _RUN_ROLE[name] for name in names)


def _exists(client: hvac.Client, path: str) -> bool:
    try:
        return client.read(path) is not None
    except vault.InvalidPath:
        return False


def _placeholder(
    client: hvac.Client, mount: str, kv: int, path: str, fields: dict[str, str]
) -> Step:
    place = f"{mount}/data/{path}" if kv == 2 else f"{mount}/{path}"
    body: dict[str, Any] = {"data": fields, "options": {"cas": 0}} if kv == 2 else dict(fields)
    return Step(
        f"placeholder at {mount}/{path}",
        _exists(client, place),
        lambda: client.write_data(place, data=body),
    )


def initialise(client: hvac.Client, shares: int, threshold: int) -> dict[str, Any]:
    """Initialise Vault; returns ``unseal_keys`` and ``root_token``, which nobody else keeps."""
    made = client.sys.initialize(secret_shares=shares, secret_threshold=threshold)
    return {"unseal_keys": list(made["keys"]), "root_token": made["root_token"]}


def unseal(client: hvac.Client, keys: list[str]) -> bool:
    """Give keys until it is unsealed; returns whether it is."""
    for key in keys:
        if not client.sys.is_sealed():
            return True
        client.sys.submit_unseal_key(key)
    return not client.sys.is_sealed()


def is_active(client: hvac.Client) -> bool:
    """Whether Vault answers requests: unsealed, and past the election of its one active node."""
    found = client.sys.read_health_status(method="GET")
    # hvac gives the body of a 200, and the response of any other status.
    return isinstance(found, dict) or found.status_code == HTTPStatus.OK


def credentials(client: hvac.Client) -> dict[str, str]:
    """Return the settings of the platform's AppRole, with a new secret id."""
    role_id = client.auth.approle.read_role_id(PLATFORM)["data"]["role_id"]
    secret_id = client.auth.approle.generate_secret_id(PLATFORM)["data"]["secret_id"]
    return {
        "VAULT_AUTH_METHOD": "approle",
        "VAULT_APPROLE_ROLE_ID": role_id,
        "VAULT_APPROLE_SECRET_ID": secret_id,
    }


def works(addr: str, values: dict[str, str], verify: bool | str = True) -> bool:
    """Whether Vault takes these AppRole settings."""
    role, secret = values.get("VAULT_APPROLE_ROLE_ID"), values.get("VAULT_APPROLE_SECRET_ID")
    if not role or not secret:
        return False
    try:
        hvac.Client(url=addr, timeout=10, verify=verify).auth.approle.login(role, secret)
    except vault.VaultError:
        return False
    return True


def platform_token(client: hvac.Client) -> str:
    """Return a new token with the platform's policy alone, which lives as long as it is renewed."""
    made = client.auth.token.create(policies=[PLATFORM], period="24h", no_parent=True)
    return str(made["auth"]["client_token"])


def token_works(client: hvac.Client, token: str) -> bool:
    """Whether Vault still knows a token."""
    try:
        client.auth.token.lookup(token)
    except vault.VaultError:
        return False
    return True
