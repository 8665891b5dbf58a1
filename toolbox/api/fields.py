"""Serializers and fields that take what the document says, and nothing that may be meant by it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

_TEXTS = (serializers.CharField, serializers.EmailField)


class Strict(serializers.Serializer[Any]):
    """Takes no member that it does not know: what is not asked for is never set quietly."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := set(data) - set(self.fields)):
            raise ValidationError(dict.fromkeys(sorted(unknown), "is not known here"))
        if isinstance(data, dict) and (wrong := self._not_texts(data)):
            raise ValidationError(dict.fromkeys(wrong, "is not a text"))
        return super().to_internal_value(data)

    def _not_texts(self, data: dict[str, Any]) -> list[str]:
        """Members for texts that hold numbers, which REST framework would turn into texts."""
        texts = [name for name, field in self.fields.items() if type(field) in _TEXTS]
        return [name for name in texts if isinstance(data.get(name), int | float)]


class TrueOrFalse(serializers.BooleanField):
    """A JSON boolean: not 0, ``"yes"`` or ``"on"``."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data
