"""The Django admin in the console's look: its site, base classes, and pages of its own."""
