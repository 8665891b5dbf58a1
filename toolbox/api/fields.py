"""Serializer fields that take what the document says, and nothing that may be meant by it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class TrueOrFalse(serializers.BooleanField):
    """A JSON boolean: not 0, ``"yes"`` or ``"on"``."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data
