"""Identifiers that sort by the time they were made."""

from __future__ import annotations

import os
import time
import uuid
from datetime import datetime


def uuid7() -> uuid.UUID:
    """Return an RFC 9562 version 7 UUID: Unix milliseconds, their fraction, then random bits.

    Keys made this way keep inserts at the end of an index and make the key itself a cursor in
    time order; the fraction (a quarter of a microsecond, its method 3) keeps that order within
    a millisecond too.
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x7 << 76 | (rest << 12) // 1_000_000 << 64
    value |= 0b10 << 62 | int.from_bytes(os.urandom(8), "big") >> 2
    return uuid.UUID(int=value)


def uuid7_floor(when: datetime) -> uuid.UUID:
    """Return the least key that ``uuid7`` may have made at ``when``: a bound for queries."""
    milliseconds = max(0, int(when.timestamp() * 1000))
    return uuid.UUID(int=(milliseconds & (1 << 48) - 1) << 80)
