#!/usr/bin/env python3
"""Run SRE Toolbox's management commands."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "toolbox.settings")
    try:
        from django.core.management import execute_from_command_line  # noqa: PLC0415
    except ModuleNotFoundError as error:
        sys.exit(f"{error}. Run `make run`, or use .venv/bin/python, which has the requirements.")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
