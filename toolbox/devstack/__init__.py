"""The embedded stack: everything on one machine for a newcomer, with real servers."""
