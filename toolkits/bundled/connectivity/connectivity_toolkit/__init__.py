"""Bulk connectivity checker."""

from connectivity_toolkit.operations import toolkit

__all__ = ["toolkit"]
