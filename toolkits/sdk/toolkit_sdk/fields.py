"""The types that a toolkit's parameters, collections and settings are made of."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import (
    Base64Bytes,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    field_validator,
)
from pydantic.annotated_handlers import GetJsonSchemaHandler
from pydantic_core import CoreSchema


class Secret(SecretStr):
    """A value that the platform keeps in Vault. It shows as stars; ``reveal`` gives it."""

    def reveal(self) -> str:
        """Return the secret value."""
        return self.get_secret_value()

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "format": "password", "writeOnly": True, "x-secret": True}


#: Text of several lines; the form shows a text area.
LongText = Annotated[str, Field(json_schema_extra={"x-widget": "textarea"})]

#: The largest file that can be an input; larger data is better fetched by the toolkit itself.
FILE_BYTES = 512 * 1024


class File(BaseModel):
    """A small file that somebody hands to an operation: an upload in the form,
    ``--input name=@path`` on the command line, and a name with base64 content in the API."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"x-file": True})
    name: str = Field(default="", max_length=255)
    content: Base64Bytes = Field(max_length=FILE_BYTES * 4 // 3 + 4)

    @field_validator("content")
    @classmethod
    def _small(cls, value: bytes) -> bytes:
        if len(value) > FILE_BYTES:
            raise ValueError(f"the file has {len(value):,} bytes; {FILE_BYTES:,} is the most")
        return value

    def text(self, encoding: str = "utf-8") -> str:
        """The content as text; bytes that are none are replaced by a visible mark."""
        return self.content.decode(encoding, errors="replace").removeprefix("\ufeff")


class Settings(BaseModel):
    """Base of a toolkit's one settings record. Every field needs a default."""

    model_config = ConfigDict(extra="forbid")


class Record(BaseModel):
    """Base of a collection's records. ``record_id`` and ``record_version`` are the platform's."""

    model_config = ConfigDict(extra="forbid")
    _id: str = PrivateAttr(default="")
    _version: int = PrivateAttr(default=0)

    @property
    def record_id(self) -> str:
        """The UUID of the stored record; empty before it is stored."""
        return self._id

    @property
    def record_version(self) -> int:
        """How often the record was changed, for optimistic locking."""
        return self._version


def wire(model: BaseModel) -> dict[str, Any]:
    """Return a model as JSON types, with the values of its secrets, for the platform alone."""
    data = model.model_dump(mode="json")
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, SecretStr):
            data[name] = value.get_secret_value()
    return data


def secret_fields(model: type[BaseModel]) -> list[str]:
    """Names of the fields that hold a ``Secret``, optional or not."""
    found = []
    for name, field in model.model_fields.items():
        options = getattr(field.annotation, "__args__", (field.annotation,))
        if any(isinstance(option, type) and issubclass(option, Secret) for option in options):
            found.append(name)
    return found
