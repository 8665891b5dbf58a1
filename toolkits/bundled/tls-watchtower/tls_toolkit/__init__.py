"""TLS watchtower."""

from tls_toolkit import checking, files, sweeping, watching
from tls_toolkit.app import toolkit

__all__ = ["checking", "files", "sweeping", "toolkit", "watching"]
