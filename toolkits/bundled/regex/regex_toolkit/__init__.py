"""Regex tester."""

from regex_toolkit import explaining, extract, saved, trying
from regex_toolkit.app import toolkit

__all__ = ["explaining", "extract", "saved", "toolkit", "trying"]
