"""``toolkit run --dev PATH``: run an operation from a working folder, with nothing installed."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from toolkits.bundles.environment import sdk_environment, toolkit_environment


def run(options: dict[str, Any]) -> int:
    """Run ``toolkit_sdk.dev`` in a Python that has the SDK and the toolkit's own requirements."""
    path = options["dev"]
    paths = [str(sdk_environment())]
    if own := toolkit_environment(path):
        paths.insert(0, str(own))
    command = [sys.executable, "-s", "-m", "toolkit_sdk.dev", str(path), *options["target"]]
    for name in ("input", "setting", "secret"):
        for pair in options[name]:
            command += [f"--{name}", pair]
    command += [f"--{name}" for name in ("watch", "card") if options[name]]
    command += ["--dry-run"] if options["dry_run"] else []
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TZ") if name in os.environ}
    return subprocess.call(command, env={**kept, "PYTHONPATH": os.pathsep.join(paths)})
