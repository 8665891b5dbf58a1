"""The JSON Schema of problem details. It is read by settings, so it imports nothing of Django."""

from __future__ import annotations

from typing import Any

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "What went wrong, as RFC 9457 writes it.",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "In words for the person who asked."},
        "request_id": {"type": "string", "description": "Finds the request in the server's log."},
        "errors": {
            "type": "array",
            "description": "Every place that is wrong, where places can be named.",
            "items": {
                "type": "object",
                "required": ["loc", "message"],
                "properties": {
                    "loc": {
                        "type": "array",
                        "items": {"type": ["string", "integer"]},
                        "description": "The way to the place: names and indexes.",
                    },
                    "message": {"type": "string"},
                },
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
    "examples": [
        {
            "type": "about:blank",
            "title": "The inputs are not valid",
            "status": 422,
            "detail": "ports[0]: must be of type integer, but is \"x\"",
            "request_id": "5f0c2f3fd7a04c2e9d1f8f5c2b1f8a55",
            "errors": [
                {"loc": ["ports", 0], "message": "must be of type integer, but is \"x\""}
            ],
        }
    ],
}
