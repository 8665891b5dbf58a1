#!/usr/bin/env python3
"""Run SRE Toolbox's management commands."""

import os
import sys

#: Of these, where a mistake is counts: they run for long, or are for developers.
_SHOWN_WHOLE = {"rqworker", "scheduler", "migrate", "makemigrations", "shell", "test"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "toolbox.settings")
    try:
        from django.core.management import execute_from_command_line  # noqa: PLC0415
        from django.db import DatabaseError  # noqa: PLC0415
    except ModuleNotFoundError as error:
        sys.exit(f"{error}. Run `make run`, or use .venv/bin/python, which has the requirements.")
    try:
        execute_from_command_line(sys.argv)
    except DatabaseError as error:
        if "--traceback" in sys.argv or sys.argv[1] in _SHOWN_WHOLE:
            raise
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        sys.exit(
            f"The database does not answer, or is not migrated to this version: {said}.\n"
            "Ask manage.py preflight what to do (--traceback shows where it was asked)."
        )


if __name__ == "__main__":
    main()
