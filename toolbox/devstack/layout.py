"""The folder that the embedded stack keeps its data in, and the file with its settings."""

from __future__ import annotations

from pathlib import Path

from toolbox.private_files import write_private

PRIVATE = ("valkey", "openbao", "log", "artifacts")


class DevstackError(Exception):
    """Why the stack cannot start, and what to do."""


def prepare(var: Path) -> None:
    """Make the folders. Others may pass through ``var`` to the toolkits, but see no names."""
    try:
        var.mkdir(parents=True, exist_ok=True)
        var.chmod(0o711)
        for name in PRIVATE:
            (var / name).mkdir(exist_ok=True)
            (var / name).chmod(0o700)
        (var / "toolkits").mkdir(exist_ok=True)
        (var / "toolkits").chmod(0o711)
    except OSError as error:
        raise DevstackError(
            f"{error.filename or var} cannot be used: {error.strerror}. "
            "Move it away, or set TOOLBOX_VAR_DIR to another folder."
        ) from None


def read_values(path: Path) -> dict[str, str]:
    """Read ``NAME=value`` lines; a file that is not there is empty, and bad lines are left out."""
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise DevstackError(f"{path} cannot be read ({error}). Move it away.") from None
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def write_values(path: Path, values: dict[str, str]) -> None:
    """Keep the settings that ``manage.py`` reads while the stack is there."""
    head = "# Written by manage.py devstack. It holds secrets: keep it to yourself.\n"
    write_private(path, head + "".join(f"{name}={value}\n" for name, value in values.items()))
