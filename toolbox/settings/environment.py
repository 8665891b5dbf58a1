"""Reads the environment: the only place that does.

Order: real environment, then ``.env`` beside ``manage.py``, then ``var/devstack.env``, which
``manage.py devstack`` writes. The last is left alone where ``APP_ENV`` names anything but
development, so that a stray file never completes a production configuration.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent.parent

env = environ.Env()
env.escape_proxy = False

if (BASE_DIR / ".env").is_file():
    environ.Env.read_env(BASE_DIR / ".env")

VAR_DIR = Path(env.str("TOOLBOX_VAR_DIR", default="") or BASE_DIR / "var").absolute()


def _read_devstack() -> None:
    path = VAR_DIR / "devstack.env"
    if os.environ.get("APP_ENV", "development") == "development" and os.access(path, os.R_OK):
        environ.Env.read_env(path)


_read_devstack()


def text(name: str, default: str = "") -> str:
    """Return a variable without surrounding white space; a set but empty one is the default."""
    return env.str(name, default="").strip() or default


def number(name: str, default: int) -> int:
    """Return a whole number."""
    return env.int(name) if text(name) else default


def flag(name: str, default: bool = False) -> bool:
    """Return a yes or no."""
    return env.bool(name) if text(name) else default


def pem(name: str) -> str:
    r"""Return a PEM text, in which ``\n`` may stand for line ends."""
    return text(name).replace("\\n", "\n")


def derive(material: str, purpose: str) -> str:
    """Derive a key for one purpose from signing material; empty when there is none."""
    if not material:
        return ""
    return hmac.new(material.encode(), f"sre-toolbox:{purpose}".encode(), hashlib.sha256).hexdigest()
