"""Reads the environment: the only place that does.

Order: real environment, then ``.env`` beside ``manage.py``, then ``var/devstack.env``, which
``manage.py devstack`` writes. The last is left alone where ``APP_ENV`` names anything but
development, so that a stray file never completes a production configuration.

Every variable is declared by the call that reads it, with its meaning; the reference in
``docs/configuration.md`` and ``.env.example`` are made from these declarations. A value that is
not of its type is noted in ``problems`` and replaced by the default: commands can then still say
what is wrong, and preflight lets nothing serve.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import environ

T = TypeVar("T")
BASE_DIR = Path(__file__).resolve().parent.parent.parent

env = environ.Env()
env.escape_proxy = False


@dataclass(frozen=True)
class Variable:
    """One declared variable. ``kind`` is text, secret, number, flag, list or one of choices.

    ``given`` is what is set, and empty for secrets, of which only ``is_set`` is told.
    """

    name: str
    kind: str
    default: str
    about: str
    is_set: bool = False
    given: str = ""


#: Every variable that settings read, by name, in the order of reading.
variables: dict[str, Variable] = {}
#: The values of secrets, so that what leaves the platform can be searched for them.
secret_values: set[str] = set()
#: What is wrong with the values that are set, for preflight.
problems: list[str] = []

if (BASE_DIR / ".env").is_file():
    environ.Env.read_env(BASE_DIR / ".env")


def _declare(name: str, kind: str, default: Any, about: str) -> None:
    given = env.str(name, default="").strip()
    hidden = kind == "secret"
    shown = "" if hidden else given
    variables.setdefault(name, Variable(name, kind, str(default), about, bool(given), shown))
    if hidden and given:
        secret_values.update((given, given.replace("\\n", "\n")))


def _checked(name: str, default: T, convert: Callable[[str], T], wanted: str) -> T:
    given = env.str(name, default="").strip()
    if not given:
        return default
    try:
        return convert(given)
    except ValueError:
        problems.append(f"{name} must be {wanted}")
        return default


def text(name: str, default: str = "", *, about: str = "", shown: str | None = None) -> str:
    """Return a variable without surrounding white space; a set but empty one is the default.

    ``shown`` stands for a default that is made when the platform starts.
    """
    _declare(name, "text", default if shown is None else shown, about)
    return _checked(name, default, str, "text")


def secret(name: str, *, about: str = "") -> str:
    """Return a text that is never shown."""
    _declare(name, "secret", "", about)
    return _checked(name, "", str, "text")


def choice(
    name: str, default: str, allowed: Sequence[str], *, about: str = "", shown: str | None = None
) -> str:
    """Return one of ``allowed``, whatever its case."""
    _declare(name, f"one of {', '.join(allowed)}", default if shown is None else shown, about)
    known = {value.lower(): value for value in allowed}

    def pick(given: str) -> str:
        if given.lower() not in known:
            raise ValueError(given)
        return known[given.lower()]

    return _checked(name, default, pick, f"one of {', '.join(allowed)}")


def number(name: str, default: int, *, about: str = "", least: int | None = None) -> int:
    """Return a whole number, at least ``least`` where that is given."""
    _declare(name, "number", default, about)

    def whole(given: str) -> int:
        value = int(given.replace("_", ""))
        if least is not None and value < least:
            raise ValueError(given)
        return value

    wanted = "a whole number" if least is None else f"a whole number from {least}"
    return _checked(name, default, whole, wanted)


def flag(name: str, default: bool = False, *, about: str = "", shown: str | None = None) -> bool:
    """Return a yes or no."""
    _declare(name, "flag", str(default).lower() if shown is None else shown, about)
    words = {"true": True, "yes": True, "on": True, "1": True}
    words |= {"false": False, "no": False, "off": False, "0": False}

    def read(given: str) -> bool:
        if given.lower() not in words:
            raise ValueError(given)
        return words[given.lower()]

    return _checked(name, default, read, "true or false")


def names(name: str, default: Sequence[str] = (), *, about: str = "", shown: str = "") -> list[str]:
    """Return a list of texts that commas separate."""
    _declare(name, "list", shown or ",".join(default), about)

    def split(given: str) -> list[str]:
        return [part.strip() for part in given.split(",") if part.strip()]

    return _checked(name, list(default), split, "a list")


def mapping(name: str, *, about: str = "") -> dict[str, Any]:
    """Return a JSON object; treated as a secret, because options hold keys."""
    _declare(name, "secret", "", about)

    def read(given: str) -> dict[str, Any]:
        found = json.loads(given)
        if not isinstance(found, dict):
            raise ValueError(name)
        return found

    return _checked(name, {}, read, "a JSON object")


def pem(name: str, *, about: str = "", public: bool = False) -> str:
    r"""Return a PEM text, in which ``\n`` may stand for line ends."""
    value = text(name, about=about) if public else secret(name, about=about)
    return value.replace("\\n", "\n")


def path(name: str, default: Path, *, about: str = "", shown: str) -> Path:
    """Return an absolute path."""
    return Path(text(name, str(default), about=about, shown=shown)).absolute()


def mail(url: str) -> dict[str, Any]:
    """Django's mail settings for the URL of a server; without one, mail goes nowhere."""
    if not url:
        return {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    try:
        return {**environ.Env.email_url_config(url), "EMAIL_TIMEOUT": 15}
    except (KeyError, ValueError):
        problems.append("EMAIL_URL must be the URL of a mail server, such as smtp+tls://host:587")
        return {}


def derive(material: str, purpose: str) -> str:
    """Derive a key for one purpose from signing material; empty when there is none."""
    if not material:
        return ""
    message = f"sre-toolbox:{purpose}".encode()
    return hmac.new(material.encode(), message, hashlib.sha256).hexdigest()


VAR_DIR = path(
    "TOOLBOX_VAR_DIR",
    BASE_DIR / "var",
    shown="var",
    about="Where the platform keeps its own files when nothing else is set.",
)


def _read_devstack() -> None:
    file = VAR_DIR / "devstack.env"
    if os.environ.get("APP_ENV", "development") == "development" and os.access(file, os.R_OK):
        environ.Env.read_env(file)


_read_devstack()
