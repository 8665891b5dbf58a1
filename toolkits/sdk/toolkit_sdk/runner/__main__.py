"""Entry of the runner: ``python -I -S __main__.py <read fd> <write fd> <leash fd>``."""

import importlib.util
import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent


def _guard() -> None:
    # By file: importing the package would load the whole SDK into the warden.
    spec = importlib.util.spec_from_file_location("warden", _HERE / "warden.py")
    assert spec is not None
    assert spec.loader is not None
    warden = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(warden)
    warden.load_and_guard(sys.argv[1:4])


if __name__ == "__main__":
    _guard()
    # An isolated interpreter has neither this folder nor site-packages on its path.
    sys.path.insert(0, str(_HERE.parent.parent))

    from toolkit_sdk.runner.main import main

    main(int(sys.argv[1]), int(sys.argv[2]))
