"""Entry of the runner: ``python -I -S __main__.py <read fd> <write fd>``."""

import sys
from pathlib import Path

# An isolated interpreter has neither this folder nor site-packages on its path.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from toolkit_sdk.runner.main import main

if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
