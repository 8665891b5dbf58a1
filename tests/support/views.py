"""One result view of each kind, as a toolkit returns it."""

from __future__ import annotations

from typing import Any

VIEWS: dict[str, dict[str, Any]] = {
    "table": {
        "view": "table",
        "title": "Hosts",
        "caption": "As of now",
        "columns": [
            {"key": "host", "type": "code"},
            {"key": "up", "type": "state"},
            {"key": "ms", "type": "number"},
        ],
        "rows": [
            {"host": f"edge-{n}", "up": "ok" if n else "critical", "ms": n * 1.5} for n in range(12)
        ],
    },
    "stat": {
        "view": "stat",
        "value": 99.5,
        "label": "reachable",
        "unit": "%",
        "state": "warning",
        "trend": [1, 2, 3],
    },
    "key_value": {
        "view": "key_value",
        "items": [
            {"label": "Nodes", "value": 3},
            {"label": "Disk", "value": "full", "state": "critical"},
        ],
    },
    "markdown": {"view": "markdown", "text": "# Title\n\nSome **text**."},
    "text": {"view": "text", "text": "plain"},
    "code": {"view": "code", "code": "x = 1", "language": "python"},
    "highlight": {
        "view": "highlight",
        "text": "a=1 b=<2>",
        "spans": [{"start": 0, "end": 3, "label": "1"}, {"start": 4, "end": 9, "label": "2"}],
    },
    "time_series": {
        "view": "time_series",
        "unit": "ms",
        "series": [{"label": "p50", "points": [[1, 2.0], [2, None], [3, 4.5]]}],
    },
    "bar": {
        "view": "bar",
        "bars": [
            {"label": "ams2", "value": 11, "state": "critical"},
            {"label": "fra1", "value": 4},
        ],
    },
    "heatmap": {"view": "heatmap", "x": ["00", "01"], "y": ["Mon"], "values": [[1, None]]},
    "timeline": {
        "view": "timeline",
        "events": [
            {
                "start": "2026-01-01T00:00:00Z",
                "end": "2026-01-01T01:00:00Z",
                "label": "Deploy",
                "state": "ok",
            }
        ],
    },
    "diff": {
        "view": "diff",
        "before": "a\nb",
        "after": "a\nc",
        "before_label": "old",
        "after_label": "new",
    },
    "files": {"view": "files", "files": [{"name": "report.csv", "description": "All of it"}]},
    "json": {"view": "json", "data": {"a": 1}},
}
VIEWS["section"] = {"view": "section", "title": "Both", "views": [VIEWS["stat"], VIEWS["bar"]]}
