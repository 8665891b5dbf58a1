"""``toolkit new|check|pack|keygen|sign``: for authors; none of it needs a database."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from toolbox.private_files import write_private
from toolkits.bundles import inspection, signing, storage
from toolkits.bundles.pack import pack as pack_bundle
from toolkits.bundles.scaffold import scaffold
from toolkits.bundles.source import Bundle
from toolkits.catalogs import making


def add_arguments(actions: Any) -> None:
    """Declare the subcommands."""
    new = actions.add_parser("new", help="make a working, tested toolkit to begin with")
    new.add_argument("slug")
    new.add_argument("--path", type=Path, help="the folder to make (default: ./SLUG)")
    new.add_argument("--name", default="", help="its name for people")
    new.add_argument(
        "--full", action="store_true", help="begin with the sample toolkit, one of everything"
    )
    check = actions.add_parser("check", help="list everything that is wrong, by file and line")
    check.add_argument("source", type=Path)
    check.add_argument("--strict", action="store_true", help="fail at warnings too")
    pack = actions.add_parser("pack", help="make a zip from a folder, the same bytes each time")
    pack.add_argument("source", type=Path, nargs="+")
    pack.add_argument("--output", type=Path, help="the zip; with --catalog, the folder")
    pack.add_argument(
        "--catalog", metavar="NAME",
        help="make a catalog of toolkits, or of a folder of them, for a static file server",
    )
    keygen = actions.add_parser("keygen", help="make a key pair to sign toolkits with")
    keygen.add_argument("path", type=Path, help="where the private key goes (mode 0600)")
    sign = actions.add_parser("sign", help="sign a toolkit's folder: writes toolkit.sig")
    sign.add_argument("source", type=Path)
    sign.add_argument("--key", type=Path, required=True, help="the private key")


def new(options: dict[str, Any], out: Any) -> None:
    """Make a toolkit's folder."""
    folder = options["path"] or Path(options["slug"])
    folder = scaffold(options["slug"], folder, options["name"], full=options["full"])
    out.write(f"wrote {folder}. Next:")
    greeted = "name" if options["full"] else "names"
    command = _this_command()
    out.write(f"  {command} run --dev {folder} hello --input {greeted}=Ada")
    out.write(f"  {command} check {folder}")
    out.write(f"  {command} install {folder}")


def _this_command() -> str:
    """How the command was called, to be typed again."""
    python = shutil.which("python") == sys.executable
    words = ("python" if python else _short(sys.executable), _short(sys.argv[0]), "toolkit")
    return shlex.join(words)


def _short(path: str) -> str:
    """A path as it is typed where we are; one of elsewhere whole."""
    near = os.path.relpath(path)
    return path if near.startswith("..") else near


def check(options: dict[str, Any], out: Any) -> None:
    """List what is wrong with a bundle."""
    found = inspection.inspect(options["source"])
    for finding in found:
        out.write(str(finding))
    errors = sum(finding.severity == "error" for finding in found)
    if errors or (options["strict"] and found):
        raise CommandError(f"{errors} errors, {len(found) - errors} warnings")
    out.write(f"{options['source']} is in order ({len(found)} warnings)")


def pack(options: dict[str, Any], out: Any) -> None:
    """Make a zip from a folder."""
    sources: list[Path] = options["source"]
    if options["catalog"]:
        folder = options["output"] or Path("catalog")
        for packed in making.make(sources, folder, options["catalog"]):
            out.write(f"packed {packed}")
        out.write(f"wrote {folder / 'catalog.json'}")
        return
    if len(sources) > 1:
        raise CommandError("Several folders make a catalog: pass --catalog NAME.")
    target = options["output"] or Path(f"{sources[0].resolve().name}.zip")
    out.write(f"wrote {pack_bundle(sources[0], target)}")


def keygen(options: dict[str, Any], out: Any) -> None:
    """Make a key pair."""
    path: Path = options["path"]
    if path.exists():
        raise CommandError(f"{path} exists and is not overwritten.")
    private, public = signing.new_key()
    write_private(path, private)
    out.write(f"wrote {path}. Keep it to yourself; trust its public key with:")
    out.write(f"  TOOLKIT_TRUSTED_KEYS={path.stem}={public}")


def sign(options: dict[str, Any], out: Any) -> None:
    """Sign a folder."""
    source: Path = options["source"]
    if not source.is_dir():
        raise CommandError("Sign the folder, then pack it.")
    if options["key"].resolve().is_relative_to(source.resolve()):
        raise CommandError("Keep the key outside of the toolkit: it would be packed with it.")
    scratch = Path(tempfile.mkdtemp(prefix="toolkit-sign-"))
    try:
        with Bundle(source) as bundle:
            digests = storage.write(bundle, scratch / "bundle")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    try:
        text = signing.sign(digests, options["key"].read_bytes())
    except (OSError, ValueError, TypeError) as error:
        raise CommandError(f"{options['key']} is not a usable key: {error}") from None
    (source / signing.SIGNATURE).write_text(text)
    out.write(f"signed {len(digests)} files: {source / signing.SIGNATURE}")
