"""Files as inputs of operations: how an upload or a file on disk stands in the JSON."""

from __future__ import annotations

import base64
from typing import Any


def as_input(name: str, content: bytes) -> dict[str, Any]:
    """Return a file as the SDK's ``File`` takes it. Its schema says how large it may be."""
    return {"name": name[-255:], "content": base64.b64encode(content).decode()}
