"""API checker."""

from api_toolkit import importing, running, sending, watching
from api_toolkit.app import toolkit

__all__ = ["importing", "running", "sending", "toolkit", "watching"]
