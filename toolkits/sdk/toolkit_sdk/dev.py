"""``python -m toolkit_sdk.dev``: run a toolkit from its working folder, with no platform.

Settings, records, secrets and state are those of the fake context of ``toolkit_sdk.testing``:
in memory, and gone afterwards. The log goes to standard error, the result to standard output.
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from toolkit_sdk.describe import describe, input_model
from toolkit_sdk.errors import DescribeError, DescribeErrors, ToolkitError
from toolkit_sdk.testing import FakeContext, InvalidInputs, fake_context
from toolkit_sdk.toolkit import Toolkit

_POLL_SECONDS = 0.5


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="toolkit_sdk.dev", description=__doc__)
    parser.add_argument("path", type=Path, help="the folder that holds toolkit.json")
    parser.add_argument("operation", nargs="?", help="without one: say what the toolkit can do")
    parser.add_argument("--input", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--setting", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--secret", action="append", default=[], metavar="PATH:KEY=VALUE")
    parser.add_argument("--card", action="store_true", help="the name is that of a card")
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--watch", action="store_true", help="run again when a file changes")
    return parser.parse_args()


def load(folder: Path) -> Toolkit:
    """Import the toolkit of a folder. ``ToolkitError`` says what is missing."""
    try:
        entry = json.loads((folder / "toolkit.json").read_text())["entry"]
    except (OSError, ValueError, KeyError) as error:
        raise ToolkitError(f"{folder / 'toolkit.json'} cannot be read: {error!r}") from None
    sys.path.insert(0, str(folder.resolve()))
    found = getattr(importlib.import_module(entry), "toolkit", None)
    if not isinstance(found, Toolkit):
        raise ToolkitError(f"{entry} has no variable toolkit = Toolkit()")
    return found


def _pairs(given: list[str], option: str) -> Iterator[tuple[str, str]]:
    for text in given:
        key, equals, value = text.partition("=")
        if not equals:
            raise ToolkitError(f"{option} {text!r} is not of the form KEY=VALUE")
        yield key, value


def _value(text: str) -> Any:
    """JSON where it is JSON, else the text; pydantic makes the type of the parameter of it."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _inputs(toolkit: Toolkit, operation: str, given: list[str]) -> dict[str, Any]:
    if operation not in toolkit.operations:
        known = ", ".join(toolkit.operations) or "none"
        raise ToolkitError(f"there is no operation {operation!r}; there are: {known}")
    model = input_model(toolkit.operations[operation].function, toolkit)
    schema = model.model_json_schema()["properties"]
    found: dict[str, Any] = {}
    for key, text in _pairs(given, "--input"):
        kind = schema.get(key, {})
        listed = kind.get("type") == "array" or any(
            option.get("type") == "array" for option in kind.get("anyOf", [])
        )
        value = text if kind.get("type") == "string" else _value(text)
        if listed and not isinstance(value, list):
            found.setdefault(key, []).append(value)
        else:
            found[key] = value
    return found


def _context(toolkit: Toolkit, options: argparse.Namespace) -> FakeContext:
    secrets: dict[str, dict[str, str]] = {}
    for place, value in _pairs(options.secret, "--secret"):
        path, _, key = place.partition(":")
        secrets.setdefault(path, {})[key] = value
    settings = {key: _value(text) for key, text in _pairs(options.setting, "--setting")}
    ctx = fake_context(toolkit, settings=settings, secrets=secrets, dry_run=options.dry_run)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S"))
    ctx.log.addHandler(handler)
    return ctx


def _run(options: argparse.Namespace) -> int:
    try:
        toolkit = load(options.path)
        if options.operation is None:
            result: Any = describe(toolkit, "dev")
        elif options.card:
            result = _context(toolkit, options).card(options.operation)
        else:
            inputs = _inputs(toolkit, options.operation, options.input)
            result = _context(toolkit, options).run(options.operation, **inputs)
    except InvalidInputs as error:
        for place, message in error.errors.items():
            print(f"{place}: {message}", file=sys.stderr)
        return 2
    except DescribeError as error:
        for each in error.errors if isinstance(error, DescribeErrors) else [error]:
            place = f"{each.place[0]}:{each.place[1]}: " if each.place else ""
            print(f"{place}{each}", file=sys.stderr)
        return 1
    except ToolkitError as error:
        print(error, file=sys.stderr)
        return 1
    except Exception:
        traceback.print_exc()
        return 1
    plain = result.model_dump(mode="json") if isinstance(result, BaseModel) else result
    print(json.dumps(plain, indent=2, ensure_ascii=False, default=str))
    return 0


def _stamp(folder: Path) -> dict[str, float]:
    found = {}
    for current, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "__pycache__"))]
        for name in files:
            path = Path(current, name)
            if path.suffix != ".pyc" and path.is_file():
                found[str(path)] = path.stat().st_mtime
    return found


def _watch(options: argparse.Namespace) -> int:
    """Run in a new process at each change, so that the code is read anew."""
    command = [sys.executable, "-m", "toolkit_sdk.dev"]
    command += [argument for argument in sys.argv[1:] if argument != "--watch"]
    seen: dict[str, float] = {}
    try:
        while True:
            now = _stamp(options.path)
            if now != seen:
                seen = now
                subprocess.call(command)
                print("-- waiting for a change; Ctrl-C ends --", file=sys.stderr)
            time.sleep(_POLL_SECONDS)
    except KeyboardInterrupt:
        return 0


def main() -> int:
    """Run what the command line asks for; returns the exit status."""
    options = _arguments()
    return _watch(options) if options.watch else _run(options)


if __name__ == "__main__":
    sys.exit(main())
