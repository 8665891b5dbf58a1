"""Subnet cheat sheet."""

from subnet_toolkit import calculate, compare, plan, reference
from subnet_toolkit.app import toolkit

__all__ = ["calculate", "compare", "plan", "reference", "toolkit"]
