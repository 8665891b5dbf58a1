"""Where runners import from: the SDK's environment, and one of the toolkit's own.

The SDK's is a copy of the SDK and of the libraries that it needs, taken from the platform's
environment, so that it can be made with no index, and holds no Django.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib import metadata
from pathlib import Path

from django.conf import settings

from toolkits.bundles import installer, local_packages, progress, wheelfiles
from toolkits.bundles.source import Bundle
from toolkits.errors import BundleError

_LIBRARIES = (
    "pydantic", "pydantic_core", "annotated-types", "typing_extensions", "typing-inspection",
    "requests", "urllib3", "idna", "certifi", "charset-normalizer", "jinja2", "markupsafe",
)  # fmt: skip
_PINNED = re.compile(r"^[A-Za-z0-9._-]+(\[[A-Za-z0-9._,-]+\])?\s*===?\s*[^\s;*]+")


_WHEEL = re.compile(r"wheels/[^/]+")


def _root() -> Path:
    root: Path = settings.TOOLKIT_STORAGE_DIR / ".environments"
    root.mkdir(parents=True, exist_ok=True)
    root.chmod(0o755)
    return root


@contextmanager
def _locked(name: str) -> Iterator[None]:
    with (_root() / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _sdk_source() -> Path:
    source: Path = settings.BASE_DIR / "toolkits" / "sdk" / "toolkit_sdk"
    return source


@cache
def sdk_environment() -> Path:
    """Return the folder with the SDK and its libraries, making it when it is not there."""
    sources = sorted(_sdk_source().rglob("*.py"))
    sha = hashlib.sha256(sys.version.encode())
    for path in sources:
        sha.update(path.relative_to(_sdk_source()).as_posix().encode() + path.read_bytes())
    for name in _LIBRARIES:
        sha.update(f"{name}=={metadata.version(name)}".encode())
    name = f"sdk-{sha.hexdigest()[:16]}"
    target = _root() / name
    if target.is_dir():
        return target
    with _locked(name):
        if not target.is_dir():
            staged = Path(tempfile.mkdtemp(dir=_root(), prefix=f".new-{name}-"))
            _copy_sdk(sources, staged)
            _open_to_all(staged)
            staged.rename(target)
    return target


def _copy_sdk(sources: list[Path], target: Path) -> None:
    for path in sources:
        place = target / "toolkit_sdk" / path.relative_to(_sdk_source())
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
    for name in _LIBRARIES:
        local_packages.copy(metadata.distribution(name), target)


def _open_to_all(folder: Path) -> None:
    os.chmod(folder, 0o755)
    for current, folders, files in os.walk(folder):
        for name in folders:
            os.chmod(Path(current, name), 0o755)
        for name in files:
            os.chmod(Path(current, name), 0o644)


def toolkit_environment(bundle: Path) -> Path | None:
    """Install the bundle's pinned requirements into an environment of its own.

    Pins that the platform's own environment meets are copied from it, so that they need no
    index. Returns None when the bundle has no requirements. Raises ``BundleError`` with the
    installer's last words.
    """
    requirements, wheels = bundle / "requirements.txt", bundle / "wheels"
    if not requirements.is_file() or not (wanted := _wanted(requirements.read_text())):
        return None
    name = _name(requirements, wheels)
    target = _root() / name
    if target.is_dir():
        return target
    wheelfiles.check(wheels)
    with _locked(name):
        if not target.is_dir():
            staged = Path(tempfile.mkdtemp(dir=_root(), prefix=f".new-{name}-"))
            try:
                if not _copied(wanted, wheels, staged):
                    installer.install(requirements, wheels, staged)
                _open_to_all(staged)
                progress.step("installing", ", ".join(line.split()[0] for line in wanted))
                staged.rename(target)
            finally:
                shutil.rmtree(staged, ignore_errors=True)
    return target


def is_ready(bundle: Bundle) -> bool:
    """Whether a bundle, which may still be a zip, needs no environment that is not here."""
    if "requirements.txt" not in bundle.sizes:
        return True
    if not _wanted(bundle.read("requirements.txt").decode(errors="replace")):
        return True
    sha = hashlib.sha256(sys.version.encode() + bundle.read("requirements.txt"))
    # As ``Path.glob`` orders them.
    for path in sorted(path for path in bundle.sizes if _WHEEL.fullmatch(path)):
        one = hashlib.sha256()
        for chunk in bundle.chunks(path):
            one.update(chunk)
        sha.update(path.removeprefix("wheels/").encode() + one.digest())
    return (_root() / f"tk-{sha.hexdigest()[:16]}").is_dir()


def _name(requirements: Path, wheels: Path) -> str:
    sha = hashlib.sha256(sys.version.encode() + requirements.read_bytes())
    for wheel in sorted(wheel for wheel in wheels.glob("*") if wheel.is_file()):
        with wheel.open("rb") as stream:
            sha.update(wheel.name.encode() + hashlib.file_digest(stream, "sha256").digest())
    return f"tk-{sha.hexdigest()[:16]}"


def drop_half_made() -> None:
    """Remove what builds that were killed have left: nobody holds their locks."""
    for staged in _root().glob(".new-*-*"):
        name = staged.name.removeprefix(".new-").rpartition("-")[0]
        with (_root() / f".{name}.lock").open("w") as lock, suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(staged, ignore_errors=True)


def _copied(wanted: list[str], wheels: Path, target: Path) -> bool:
    named = None if wheels.is_dir() else local_packages.pins(wanted)
    found = local_packages.available(named, set(_LIBRARIES)) if named else None
    for distribution in found or []:
        local_packages.copy(distribution, target)
    return bool(found)


def pinned(bundle: Path) -> list[str]:
    """The packages that a bundle pins, as ``name==version``; none where it is not there."""
    requirements = bundle / "requirements.txt"
    if not requirements.is_file():
        return []
    return sorted(
        line.split(";")[0].split("--hash")[0].strip(" \\")
        for line in _wanted(requirements.read_text())
    )


def _wanted(text: str) -> list[str]:
    wanted = []
    joined = text.replace("\\\n", " ")
    for number, whole in enumerate(joined.splitlines(), 1):
        line = whole.split(" #")[0].strip()
        if not line or line.startswith("#"):
            continue
        if not _PINNED.match(line):
            raise BundleError(
                f"{line[:80]!r} is not pinned",
                where=f"requirements.txt:{number}",
                hint="Write name==version.",
            )
        wanted.append(line)
    return wanted
