"""Bulk connectivity checker."""

from connectivity_toolkit import checking, csvfiles, names, reporting, routes, watching
from connectivity_toolkit.app import toolkit

__all__ = ["checking", "csvfiles", "names", "reporting", "routes", "toolkit", "watching"]
