"""Sends sealed events and checkpoints out of the database, at least once, in their order."""

from audit.forward.deliver import behind, everywhere_through, forward_due

__all__ = ["behind", "everywhere_through", "forward_due"]
