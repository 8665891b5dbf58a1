"""Examples of what clients send, by the component that they are of; a test holds them to it.

Bodies of toolkits' own operations, records and settings have examples made from their schemas.
"""

from __future__ import annotations

from typing import Any

_DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

ASKED: dict[str, dict[str, Any]] = {
    "LoginRequest": {"username": "ada", "password": "correct horse battery staple"},
    "DeviceAskRequest": {"client": "toolbox on laptop-7"},
    "DeviceCodeRequest": {"device_code": "3Mw-GhMN9iW-5jC-MXKms9mQ9SJPvOnpEzmUXor0168"},
    "NewTokenRequest": {
        "name": "nightly report",
        "expires_at": "2027-01-31T00:00:00Z",
        "scopes": ["read", "run"],
        "toolkits": ["connectivity"],
    },
    "NewScheduleRequest": {
        "name": "Nightly check",
        "toolkit": "connectivity",
        "operation": "check",
        "inputs": {"use_targets": True},
        "kind": "cron",
        "cron": "0 2 * * *",
        "time_zone": "Europe/Berlin",
        "owner": "toolkit.user",
    },
    "PatchedChangeScheduleRequest": {"kind": "interval", "interval_seconds": 3600},
    "RetryRequest": {"inputs": {"ports": [443]}},
    "ApproveRequest": {"digest": _DIGEST, "comment": "As agreed in the change meeting."},
    "RejectRequest": {"comment": "Not during the freeze."},
    "PatchedToolkitPatchRequest": {"enabled": False},
    "RollbackRequest": {"digest": _DIGEST},
    "ConfirmRequest": {"digest": _DIGEST, "consent": True},
    "CatalogInstallRequest": {"version": "1.2.0"},
    "NewUserRequest": {
        "username": "grace",
        "email": "grace@example.com",
        "display_name": "Grace",
        "roles": ["toolkit.user"],
    },
    "PatchedChangeUserRequest": {"is_active": False},
    "NewGrantRequest": {
        "role": "toolkit.curator",
        "toolkit_slug": "connectivity",
        "operation": "",
        "sees_jobs": True,
    },
    "NewInvitationRequest": {"email": "grace@example.com", "roles": ["toolkit.user"]},
    "NewLinkRequest": {"by_mail": False},
    "PatchedChangeRoleRequest": {"requires_mfa": True},
}
