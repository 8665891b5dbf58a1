"""Writes toolkits/api/openapi/view_schemas.json: the JSON Schema of every view of the SDK.

The platform does not import the SDK, so it keeps this copy for the API's description of results.
``python scripts/write_view_schemas.py --check`` only tells whether it is current.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

BASE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BASE / "toolkits" / "sdk"))

from pydantic.json_schema import models_json_schema  # noqa: E402
from toolkit_sdk import views  # noqa: E402

TARGET = BASE / "toolkits" / "api" / "openapi" / "view_schemas.json"


def text() -> str:
    """The file as it should be: names of views to components, and the components."""
    kinds = [kind for kind in vars(views).values() if isinstance(kind, type)]
    kinds = [kind for kind in kinds if issubclass(kind, views.View) and kind is not views.View]
    references, schemas = models_json_schema(
        [(kind, "serialization") for kind in kinds],
        ref_template="#/components/schemas/View_{model}",
    )
    components = {f"View_{name}": found for name, found in schemas["$defs"].items()}
    names = {
        str(kind.model_fields["view"].default): references[kind, "serialization"]["$ref"]
        for kind in kinds
    }
    # What is no view is wrapped: the SDK has no class for it.
    components["View_Json"] = {
        "type": "object",
        "description": "Any JSON.",
        "required": ["view", "data"],
        "properties": {"view": {"const": "json"}, "data": {}},
    }
    names["json"] = "#/components/schemas/View_Json"
    return json.dumps({"views": names, "components": components}, indent=1, sort_keys=True) + "\n"


def main(arguments: list[str]) -> int:
    current = TARGET.exists() and TARGET.read_text() == text()
    if "--check" in arguments:
        if not current:
            print(f"{TARGET.relative_to(BASE)} is not current: run python {sys.argv[0]}")
        return 0 if current else 1
    TARGET.write_text(text())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
