"""Examples of answers, by the component that they are of. A test holds them to its schema."""

from __future__ import annotations

from typing import Any

_ID = "01990b3e-7c00-7a51-9c4e-5b1d2f6a8e01"
_JOB_URL = f"/api/v1/jobs/{_ID}/"
_TOOLKIT_URL = "/api/v1/toolkits/connectivity/"
_PERSON = {"id": "5c1e2f66-0d7a-4c83-9a7c-0f3e1b0a4d11", "username": "ada"}
_ASKED, _BEGAN, _ENDED = (f"2026-01-31T12:00:{second}Z" for second in ("00", "00.120", "01.870"))

_TOOLKIT: dict[str, Any] = {
    "slug": "connectivity",
    "url": _TOOLKIT_URL,
    "name": "Bulk connectivity checker",
    "description": "Which hosts and ports answer over TCP, and how fast.",
    "version": "1.0.0",
    "enabled": True,
    "pinned": False,
    "bundled": True,
    "icon": "plug-connected",
    "categories": ["Networking"],
    "tags": ["tcp"],
    "installed_at": _ASKED,
    "updated_at": _ASKED,
}
_JOB: dict[str, Any] = {
    "id": _ID,
    "url": _JOB_URL,
    "toolkit": "connectivity",
    "version": "1.0.0",
    "kind": "operation",
    "operation": "check",
    "title": "Check targets",
    "state": "succeeded",
    "reason": "",
    "dry_run": False,
    "queue": "default",
    "progress": {"done": 2, "total": 2, "label": "127.0.0.1:8000", "percent": 100},
    "requested_by": _PERSON,
    "requester": "ada",
    "requested_via": "api",
    "schedule": None,
    "scheduled_for": None,
    "parent": None,
    "rerun_of": None,
    "resumes": False,
    "not_before": None,
    "waits_for": "",
    "created_at": _ASKED,
    "started_at": _BEGAN,
    "finished_at": _ENDED,
    "duration_seconds": 1.75,
    "timeout_seconds": 600,
    "attempt": 1,
    "worker": "worker-1",
    "cancel_requested_at": None,
    "log": {"lines": 2, "bytes": 118, "truncated": False},
}
_HEAVY = {
    "inputs": {"hosts": ["127.0.0.1"], "ports": [443, 8000]},
    "result": {
        "view": "table",
        "columns": [{"key": "host", "label": "Host"}, {"key": "state", "type": "state"}],
        "rows": [{"host": "127.0.0.1", "state": {"state": "ok", "text": "open"}}],
    },
    "error": None,
}
_SECRET_READ = {
    "attempt": 1,
    "path": "toolkits/connectivity/api",
    "version": 3,
    "read_at": "2026-08-01T09:30:02Z",
    "times": 1,
    "own_token": True,
}
_ATTEMPT = {
    "number": 1,
    "worker": "worker-1",
    "version": "1.0.0",
    "sdk": "1.0.0",
    "started_at": _BEGAN,
    "finished_at": _ENDED,
    "outcome": "succeeded",
    "reason": "",
    "exit_reason": "result",
    "first_line": 1,
    "asked_at": None,
    "terminated_at": None,
    "killed_at": None,
    "dead_at": None,
}
_DATA = {"name": "gateway", "host": "192.0.2.1", "port": 443, "note": ""}

EXAMPLES: dict[str, dict[str, Any]] = {
    "ListedToolkit": _TOOLKIT,
    "ToolkitDetail": {
        **_TOOLKIT,
        "operations": [
            {"name": "check", "title": "Check targets", "url": f"{_TOOLKIT_URL}operations/check/"}
        ],
        "collections": [
            {"name": "targets", "title": "Targets", "url": f"{_TOOLKIT_URL}records/targets/"}
        ],
        "has_settings": True,
        "maintainers": ["sre@example.com"],
        "license": "Apache-2.0",
        "homepage": "https://example.com",
    },
    "ListedJob": _JOB,
    "JobDetail": {
        **_JOB,
        **_HEAVY,
        "waits_for_text": "",
        "held_by": [],
        "attempts": [_ATTEMPT],
        "secrets_read": [_SECRET_READ],
        "approval": None,
        "can_cancel": False,
        "can_approve": False,
    },
    "LogPage": {
        "lines": [
            {
                "number": 1,
                "time": "2026-01-31T12:00:00.130Z",
                "level": "INFO",
                "source": "toolkit.connectivity",
                "text": "127.0.0.1:8000 is open (0.05 ms)",
            }
        ],
        "next_after": 1,
        "done": True,
    },
    "Record": {
        "id": _ID,
        "url": f"{_TOOLKIT_URL}records/targets/{_ID}/",
        "version": 3,
        "data": _DATA,
        "created_at": _ASKED,
        "updated_at": _ENDED,
        "updated_by": _PERSON,
    },
    "Artifact": {
        "name": "report.csv",
        "content_type": "text/csv",
        "size_bytes": 1042,
        "created_at": _ENDED,
        "url": f"{_JOB_URL}artifacts/report.csv/",
    },
}
