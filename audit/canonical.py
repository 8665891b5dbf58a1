"""The canonical form of an event, and the hashes that are made from it.

``docs/audit.md`` describes it for those who verify without this code:

- the *body* is a JSON object of ``FIELDS``, keys sorted, no blanks, everything outside ASCII
  escaped, times in UTC with microseconds, whole numbers only;
- the *digest* is the SHA-256 of the body;
- the *proof* is an HMAC of the digest, made by the process that did the act;
- the *hash* is the SHA-256 of sequence number, hash of the event before, digest and proof, each
  in text and with a line feed in between.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

#: What is hashed, in the order in which queries here fetch it.
FIELDS = (
    "id", "time", "name", "severity", "outcome", "actor_type", "actor_id", "actor_label",
    "behalf_type", "behalf_id", "behalf_label", "target_type", "target_id", "target_label",
    "address", "user_agent", "request_id", "job_id", "changes", "details",
)  # fmt: skip

#: What stands for the hash before the first event.
GENESIS = "0" * 64

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode
_quote = json.encoder.encode_basestring_ascii
_DATA = FIELDS.index("changes")
_SORTED = [FIELDS.index(name) for name in sorted(FIELDS)]
_TEMPLATE = "{" + ",".join(f'"{name}":%s' for name in sorted(FIELDS)) + "}"


def timestamp(moment: datetime) -> str:
    """Write a time in UTC with microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def text(value: Any) -> str:
    """Write plain JSON data in the canonical form."""
    return _encode(value)


def values(event: Any) -> list[Any]:
    """Return the values of an event object in the order of ``FIELDS``."""
    return [getattr(event, name) for name in FIELDS]


def body(values: Sequence[Any]) -> str:
    """Return the body of an event from its values in the order of ``FIELDS``.

    Id and time may be text already. It is what ``text`` makes of the same content as an object,
    put together by hand because verification does it a million times.
    """
    moment = values[1]
    pieces = [_quote(value) for value in (str(values[0]), moment if isinstance(moment, str)
              else timestamp(moment), *values[2:_DATA])]  # fmt: skip
    pieces += [_encode(value) if value else "{}" for value in values[_DATA : len(FIELDS)]]
    return _TEMPLATE % tuple([pieces[place] for place in _SORTED])


def digest(values: Sequence[Any]) -> str:
    """Return the digest of an event from its values in the order of ``FIELDS``."""
    return hashlib.sha256(body(values).encode("ascii")).hexdigest()


def link(sequence: int, before: str, content: str, proof: str) -> str:
    """Return the hash of an event: its place, the hash before it, its digest, its proof."""
    return hashlib.sha256(f"{sequence}\n{before}\n{content}\n{proof}".encode("ascii")).hexdigest()
