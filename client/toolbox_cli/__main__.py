"""``python -m toolbox_cli``."""

from toolbox_cli.main import main

if __name__ == "__main__":
    main()
