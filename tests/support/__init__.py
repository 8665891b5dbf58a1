"""What tests stand on: servers, processes, factories."""

from tests.support.waiting import until

__all__ = ["until"]
