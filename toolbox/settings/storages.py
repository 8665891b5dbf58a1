"""Django storages for files of the platform: a folder, or what is configured in its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_S3 = "storages.backends.s3"
_CONNECT_SECONDS, _READ_SECONDS, _ATTEMPTS = 5, 60, 3
# What is read is kept in memory up to this, and in a temporary file beyond it.
_MEMORY_BYTES = 1 << 20


def file_storage(
    backend: str, options: dict[str, Any], folder: Path, *, overwrite: bool = False
) -> dict[str, Any]:
    """The entry of ``STORAGES`` for files that nobody but the platform reads."""
    if not backend:
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {
                "location": folder,
                "file_permissions_mode": 0o600,
                "directory_permissions_mode": 0o700,
                "allow_overwrite": overwrite,
            },
        }
    return {"BACKEND": backend, "OPTIONS": _s3(options) if backend.startswith(_S3) else options}


def _s3(options: dict[str, Any]) -> dict[str, Any]:
    """Options of an S3 storage, with limits on how long it may stay silent: its own are minutes."""
    from botocore.config import Config  # noqa: PLC0415  (takes a while, for those who need it)

    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"max_attempts": _ATTEMPTS, "mode": "standard"},
        s3={"addressing_style": options.get("addressing_style")},
        signature_version=options.get("signature_version"),
    )
    return {"client_config": config, "max_memory_size": _MEMORY_BYTES, **options}
