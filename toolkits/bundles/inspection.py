"""Everything that is wrong with a bundle at once, for its author: by file and line."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from jsonschema import Draft202012Validator

from toolkits.bundles import (
    environment,
    health,
    jsontext,
    leftovers,
    locate,
    manifest,
    signing,
    storage,
)
from toolkits.bundles.signing import SIGNATURE
from toolkits.bundles.source import MANIFEST, Bundle
from toolkits.errors import BundleError
from toolkits.runtime.describe import describe
from toolkits.runtime.spec import RunnerSpec

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)[^)]*\)")
_HTML = re.compile(r"<(?!!--)[a-zA-Z][^>]*>")
_PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")


@dataclass(frozen=True)
class Finding:
    """One thing to put right. ``where`` is a file, with a line where that is known."""

    severity: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.severity:<8} {self.where}: {self.message}"


def inspect(source: Path) -> list[Finding]:
    """Check a folder or zip as an installer would, and its documents besides."""
    folder = Path(tempfile.mkdtemp(prefix="check-", dir=_scratch()))
    folder.chmod(0o711)
    try:
        with leftovers.kept_out():
            with Bundle(source) as bundle:
                manifest_text = bundle.read(MANIFEST)
                digests = storage.write(bundle, folder / "bundle")
            return [*_manifest(manifest_text), *_content(folder / "bundle", digests)]
    except BundleError as error:
        return [*_findings(error)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _scratch() -> Path:
    root: Path = settings.TOOLKIT_STORAGE_DIR / ".planned"
    root.mkdir(mode=0o711, parents=True, exist_ok=True)
    return root


def _findings(error: BundleError) -> Iterator[Finding]:
    if len(error.errors) > 1:
        for each in error.errors:
            yield Finding("error", str(each["loc"][0]), str(each["message"]))
        return
    hint = f" {error.hint}" if error.hint else ""
    yield Finding("error", error.where or "bundle", f"{error.message.rstrip('.')}.{hint}")


def _caught(check: Callable[[], object]) -> Iterator[Finding]:
    try:
        check()
    except BundleError as error:
        yield from _findings(error)


def _manifest(text: bytes) -> Iterator[Finding]:
    try:
        data = jsontext.parse(text, MANIFEST)
    except BundleError as error:
        yield from _findings(error)
        return
    places = locate.lines(text.decode())
    for wrong in Draft202012Validator(manifest.schema()).iter_errors(data):
        line = locate.nearest(places, wrong.json_path)
        yield Finding("error", f"{MANIFEST}:{line}", f"{wrong.json_path}: {wrong.message}")


def _content(folder: Path, digests: dict[str, str]) -> Iterator[Finding]:
    yield from _documents(folder, digests)
    signature = (folder / SIGNATURE).read_bytes() if SIGNATURE in digests else None
    # Whose key it is matters where it is installed, not here.
    for problem in signing.check(digests, signature, {}).problems:
        yield Finding("error", SIGNATURE, problem)
    try:
        with Bundle(folder) as bundle:
            read = manifest.read(bundle)
    except BundleError as error:
        if not error.where.startswith(MANIFEST) or "$" not in error.message:
            yield from _findings(error)
        return
    yield from _caught(lambda: _code(folder, read))


def _code(folder: Path, read: manifest.Manifest) -> None:
    own = environment.toolkit_environment(folder)
    if read.entry:
        spec = RunnerSpec.planned(read.data, folder, own)
        health.check(spec, describe(spec), None)


def _documents(folder: Path, digests: dict[str, str]) -> Iterator[Finding]:
    if "docs/README.md" not in digests:
        yield Finding("warning", "docs/README.md", "is missing: the toolkit has no documentation")
    if "CHANGELOG.md" not in digests:
        yield Finding("warning", "CHANGELOG.md", "is missing: updates tell nobody what changed")
    if not any(path.startswith("tests/") for path in digests):
        yield Finding("warning", "tests/", "is missing: the toolkit has no tests")
    for path in sorted(digests):
        if secret := _secret(folder, path):
            yield Finding("error", path, secret)
        if path.startswith("docs/") and path.endswith(".md"):
            yield from _document(folder, path, digests)


def _secret(folder: Path, path: str) -> str:
    """Why a file should not be published; empty for all others."""
    if path.rpartition("/")[2] == ".env":
        return "may hold secrets, and would be packed with the toolkit"
    with (folder / path).open("rb") as stream:
        if _PRIVATE_KEY.match(stream.read(200).lstrip()):
            return "is a private key, and would be packed with the toolkit"
    return ""


def _document(folder: Path, path: str, digests: dict[str, str]) -> Iterator[Finding]:
    text = (folder / path).read_bytes().decode(errors="replace")
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        if fenced:
            continue
        for target in _LINK.findall(line):
            if broken := _broken_link(path, target, digests):
                yield Finding("warning", f"{path}:{number}", broken)
        if _HTML.search(re.sub(r"`[^`]*`", "", line)):
            yield Finding("warning", f"{path}:{number}", "raw HTML is not shown; use Markdown")


def _broken_link(path: str, target: str, digests: dict[str, str]) -> str:
    if re.match(r"[a-z][a-z0-9+.-]*:|#|/", target):
        return ""
    wanted = Path(path).parent.joinpath(target.partition("#")[0])
    parts: list[str] = []
    for part in wanted.parts:
        if part == ".." and parts:
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "" if "/".join(parts) in digests else f"the link to {target} leads nowhere"
