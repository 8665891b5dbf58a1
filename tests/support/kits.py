"""Toolkits with real code, made for a test."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

from toolkits.bundles.install import install_bundle
from toolkits.jobs.dispatch import submit
from toolkits.models import Job, Toolkit
from toolkits.runtime.execute import run_job

HEAD = """
from __future__ import annotations
import os, sys, time
from pathlib import Path
from typing import Annotated, Any, Literal
from pydantic import BaseModel, Field
from toolkit_sdk import (
    CallError, Cancelled, Concurrency, Context, Record, Secret, Settings, Toolkit, ToolkitError,
    views,
)

toolkit = Toolkit()
"""

HELLO = """
@toolkit.operation(title="Say hello")
def hello(ctx: Context, name: str = "world") -> views.Text:
    ctx.log.info("saying hello to %s", name)
    return views.Text(text=f"Hello, {name}!")
"""


def write_kit(
    folder: Path,
    code: str = HELLO,
    *,
    slug: str = "sample",
    files: dict[str, str] | None = None,
    **manifest: Any,
) -> Path:
    """Write a bundle's folder: ``code`` follows the usual imports and ``toolkit = Toolkit()``."""
    root = folder / slug
    root.mkdir(parents=True, exist_ok=True)
    data = {
        "manifest_version": 1,
        "slug": slug,
        "name": slug.capitalize(),
        "version": "1.0.0",
        "description": f"The {slug} toolkit.",
        "requires": {"toolbox": ">=1.0,<2"},
        "entry": "kit",
        **manifest,
    }
    (root / "toolkit.json").write_text(json.dumps(data, indent=2))
    (root / "kit.py").write_text(HEAD + dedent(code))
    for name, text in (files or {}).items():
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return root


def install_kit(folder: Path, code: str = HELLO, *, user: Any = None, **manifest: Any) -> Toolkit:
    """Write a bundle and install it."""
    version = install_bundle(write_kit(folder, code, **manifest), user=user, via="cli")
    return Toolkit.objects.select_related("active_version").get(pk=version.toolkit_id)


def run_here(
    toolkit: Toolkit,
    user: Any,
    operation: str = "hello",
    inputs: dict[str, Any] | None = None,
    **options: Any,
) -> Job:
    """Run an operation in this process, with a real runner but without a queue."""
    job = submit(toolkit=toolkit, operation=operation, inputs=inputs or {}, user=user, **options)
    run_job(str(job.pk))
    job.refresh_from_db()
    return job
