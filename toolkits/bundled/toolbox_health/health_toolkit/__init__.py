"""Toolbox health."""

from health_toolkit import checking, live, reporting
from health_toolkit.app import toolkit

__all__ = ["checking", "live", "reporting", "toolkit"]
