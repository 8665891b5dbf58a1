"""Writes docs/configuration.md and .env.example from what settings declare.

``python scripts/write_reference.py --check`` only tells whether they are current.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

BASE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BASE))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "toolbox.settings")

from django.conf import settings  # noqa: E402

from toolbox.settings.environment import Variable, variables  # noqa: E402

HEAD = """# Configuration reference

Every setting is an environment variable, read once at start. A `.env` file beside `manage.py` is
read too; real variables win. `manage.py preflight` says what is missing or of the wrong type, and
nothing serves until it is put right. This page is made from the settings themselves by
`python scripts/write_reference.py`.

| variable | kind | default | meaning |
| --- | --- | --- | --- |
"""
EXAMPLE_HEAD = """# Every setting with its default; see docs/configuration.md.
# Generate secrets, e.g. with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'
"""


def documents() -> dict[Path, str]:
    """Return the text of each file that is made from the settings."""
    rows, lines = [], []
    for variable in variables.values():
        default = f"`{variable.default}`" if variable.default else "–"
        rows.append(f"| `{variable.name}` | {variable.kind} | {default} | {variable.about} |\n")
        lines.append(f"\n# {variable.about}\n{_example(variable)}\n")
    return {
        BASE / "docs" / "configuration.md": HEAD + "".join(rows),
        BASE / ".env.example": EXAMPLE_HEAD + "".join(lines),
    }


def _example(variable: Variable) -> str:
    """A default that is made at start is told beside the name; any other can be uncommented."""
    if " " in variable.default:
        return f"# Default: {variable.default}\n# {variable.name}="
    return f"# {variable.name}={variable.default}"


def main() -> int:
    check = "--check" in sys.argv
    if not settings.BASE_DIR:  # reading one setting declares them all
        return 1
    stale = [path for path, text in documents().items() if not same(path, text)]
    for path in stale:
        if check:
            print(f"{path.relative_to(BASE)} is not current: run python scripts/write_reference.py")
        else:
            path.write_text(documents()[path])
            print(f"wrote {path.relative_to(BASE)}")
    return int(check and bool(stale))


def same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text() == text


if __name__ == "__main__":
    sys.exit(main())
