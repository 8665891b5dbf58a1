"""Serializers and fields that take what the document says, and nothing that may be meant by it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError


class Strict(serializers.Serializer[Any]):
    """Takes no member that it does not know: what is not asked for is never set quietly."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := set(data) - set(self.fields)):
            raise ValidationError(dict.fromkeys(sorted(unknown), "is not known here"))
        if isinstance(data, dict) and (wrong := self._not_texts(data)):
            raise ValidationError(dict.fromkeys(wrong, "is not a text"))
        return super().to_internal_value(data)

    def _not_texts(self, data: dict[str, Any]) -> list[str]:
        """Members for texts, or for lists of them, that hold numbers: REST framework would turn
        those into texts."""
        return [
            name
            for name, field in self.fields.items()
            if (isinstance(field, serializers.CharField) and _number(data.get(name)))
            or (_of_texts(field) and isinstance(data.get(name), list)
                and any(map(_number, data[name])))
        ]  # fmt: skip


def _of_texts(field: serializers.Field[Any, Any, Any, Any]) -> bool:
    child = field.child if isinstance(field, serializers.ListField) else None
    return isinstance(child, serializers.CharField)


def _number(value: Any) -> bool:
    return isinstance(value, int | float)


class Sparse(serializers.Serializer[Any]):
    """Mixed in before what a list holds: each field is there only if it was asked for."""

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        for field in fields.values():
            # What is read only is described as always there.
            field.required = field.read_only = False
        return fields


class TrueOrFalse(serializers.BooleanField):
    """A JSON boolean: not 0, ``"yes"`` or ``"on"``."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data
