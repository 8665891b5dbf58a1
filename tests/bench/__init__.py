"""Timings of this machine: ``make bench``."""
