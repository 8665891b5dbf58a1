"""Verification of the chain: walks over every event and names what is not as it was written."""

from audit.verify.findings import Finding, Kind
from audit.verify.walk import Report, Walk, verify

__all__ = ["Finding", "Kind", "Report", "Walk", "verify"]
