"""What is remembered between calls: servers and sessions, in a file that its owner alone reads.

``$TOOLBOX_CONFIG``, else ``toolbox/config.json`` in the user's configuration folder. With the
``keyring`` package and ``login --keyring`` the secrets go to the system's keyring instead.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from toolbox_cli.errors import ClientError

_SERVICE = "sre-toolbox-client"
_SECRETS = ("access", "refresh", "token")


@dataclass
class Profile:
    """One server and how to be somebody there."""

    url: str = ""
    username: str = ""
    ca_file: str = ""
    keyring: bool = False
    access: str = field(default="", repr=False)
    access_until: float = 0.0
    refresh: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


def folder() -> Path:
    """Where configuration of this user belongs."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "toolbox"


def path() -> Path:
    """The file that profiles are kept in."""
    given = os.environ.get("TOOLBOX_CONFIG")
    return Path(given) if given else folder() / "config.json"


def names() -> list[str]:
    """The profiles that there are."""
    return sorted(_read())


def load(name: str) -> Profile:
    """A profile, or an empty one."""
    known = {key: value for key, value in _read().get(name, {}).items() if key in _FIELDS}
    profile = Profile(**known)
    if profile.keyring:
        held = json.loads(_keyring().get_password(_SERVICE, _entry(name)) or "{}")
        for key in _SECRETS:
            setattr(profile, key, held.get(key, ""))
    return profile


def save(name: str, profile: Profile) -> None:
    """Keep a profile."""
    values = asdict(profile)
    if profile.keyring:
        held = {key: values.pop(key) for key in _SECRETS}
        _keyring().set_password(_SERVICE, _entry(name), json.dumps(held))
    _write({**_read(), name: values})


def forget(name: str) -> None:
    """Drop what lets somebody in; the server's address stays."""
    profile = load(name)
    if profile.keyring:
        _keyring().delete_password(_SERVICE, _entry(name))
    kept = Profile(url=profile.url, ca_file=profile.ca_file)
    _write({**_read(), name: asdict(kept)})


@contextmanager
def locked() -> Iterator[None]:
    """Have the sessions to oneself: a refresh token is good once, so two must not spend it."""
    lock = path().with_suffix(".lock")
    _make_folder(lock.parent)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _read() -> dict[str, Any]:
    file = path()
    try:
        mode = file.stat().st_mode
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ClientError(
            f"{file} holds sessions and can be read by others. Run: chmod 600 {file}"
        )
    try:
        found = json.loads(text)["profiles"]
    except (ValueError, KeyError, TypeError):
        raise ClientError(f"{file} is damaged. Remove it and sign in again.") from None
    return dict(found)


def _write(profiles: dict[str, Any]) -> None:
    file = path()
    _make_folder(file.parent)
    # A new file in place of the old one: 0600 from its first byte on, and never half written.
    descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=".config-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            json.dump({"profiles": profiles}, out, indent=1)
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _make_folder(wanted: Path) -> None:
    wanted.mkdir(mode=0o700, parents=True, exist_ok=True)


def _entry(name: str) -> str:
    return f"{path()}#{name}"


def _keyring() -> Any:
    try:
        return import_module("keyring")
    except ImportError:
        raise ClientError(
            "The keyring package is not here: pip install 'sre-toolbox-client[keyring]'."
        ) from None


_FIELDS = set(Profile.__dataclass_fields__)
