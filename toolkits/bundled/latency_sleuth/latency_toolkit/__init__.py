"""Latency sleuth."""

from latency_toolkit import previewing, reporting, running
from latency_toolkit.app import toolkit

__all__ = ["previewing", "reporting", "running", "toolkit"]
