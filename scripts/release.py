"""Makes the release archive of a commit: the same commit gives the same bytes, on any machine.

``python scripts/release.py [--commit HEAD] [--to dist]`` writes the source archive, the bill of
materials and their digests. A commit whose changelog has no section for the version is a
snapshot, and is named for the commit.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from datetime import UTC, datetime
from pathlib import Path

BASE = Path(__file__).resolve().parent.parent


def git(*arguments: str) -> bytes:
    """Run git in the project."""
    command = ["git", "-c", "tar.umask=0022", *arguments]
    return subprocess.run(command, cwd=BASE, capture_output=True, check=True).stdout


def name_of(commit: str) -> str:
    """What the release is called."""
    text = git("show", f"{commit}:toolbox/__init__.py").decode()
    found = re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    assert found, "toolbox/__init__.py names no version"
    changelog = git("show", f"{commit}:CHANGELOG.md").decode()
    if f"\n## [{found[1]}]" in changelog:
        return f"sre-toolbox-{found[1]}"
    return f"sre-toolbox-{found[1]}+g{git('rev-parse', '--short=12', commit).decode().strip()}"


def make(commit: str, folder: Path) -> list[Path]:
    """Write the files of a release and return them."""
    name, folder = name_of(commit), folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    tar = git("archive", "--format=tar", f"--prefix={name}/", commit)
    packed = io.BytesIO()
    # Neither a name nor a time in the header: they would be those of this run.
    with gzip.GzipFile(filename="", fileobj=packed, mode="wb", compresslevel=9, mtime=0) as out:
        out.write(tar)
    archive = folder / f"{name}.tar.gz"
    archive.write_bytes(packed.getvalue())
    bill = folder / f"{name}.cdx.json"
    bill.write_text(_bill(tar, name, commit), encoding="utf-8")
    sums = folder / f"{name}.sha256"
    lines = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
             for path in (archive, bill))  # fmt: skip
    sums.write_text("".join(lines), encoding="utf-8")
    return [archive, bill, sums]


def _bill(tar: bytes, name: str, commit: str) -> str:
    """The bill of materials of the very files in the archive."""
    seconds = int(git("show", "-s", "--format=%ct", commit))
    moment = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
            archive.extractall(folder, filter="data")
        script = Path(folder) / name / "scripts" / "supply_chain.py"
        done = subprocess.run(
            [sys.executable, str(script), "sbom"], capture_output=True, text=True, check=True
        )
    document = json.loads(done.stdout)
    document["metadata"]["timestamp"] = moment
    return json.dumps(document, indent=1) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commit", default="HEAD")
    parser.add_argument("--to", type=Path, default=BASE / "dist")
    options = parser.parse_args()
    try:
        git("rev-parse", "--git-dir")
    except (OSError, subprocess.CalledProcessError):
        print("A release is made of a commit: this is no checkout of git.", file=sys.stderr)
        return 1
    if git("status", "--porcelain", "--untracked-files=no").strip():
        print("Changes that are not committed are not in the release.", file=sys.stderr)
    for path in make(options.commit, options.to):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
