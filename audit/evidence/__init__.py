"""Parts of the chain that prove chosen events to somebody outside, without the rest's content."""

from audit.evidence.slices import Part, parts, script, settle

__all__ = ["Part", "parts", "script", "settle"]
