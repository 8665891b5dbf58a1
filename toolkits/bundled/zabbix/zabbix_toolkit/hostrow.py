"""A host as people write it, in a form or a line of CSV, and what it means."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from zabbix_toolkit.interfaces import Interface, interfaces

HOST = re.compile(r"[0-9a-zA-Z_. \-]{1,128}")
_MACRO = re.compile(r"\{\$[A-Z0-9_.]+(?::.+)?\}")
_VAULT = re.compile(r"[^:/]+/[^:]+:[^:]+")
_BETWEEN = re.compile(r"[;|\n]")


class HostRow(BaseModel):
    """One host. Several groups, templates, tags, macros or interfaces are parted by ; or |."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    host: str = Field(min_length=1, max_length=128, description="Technical name")
    name: str = Field(default="", max_length=128, description="Visible name, if another one")
    interfaces: str = Field(
        default="",
        max_length=4000,
        description="agent 192.0.2.10; snmp sw1.example.com v2 community={$SNMP_COMMUNITY}",
    )
    groups: str = Field(default="", max_length=4000, description="Linux servers; Web/Frontends")
    templates: str = Field(default="", max_length=4000, description="Linux by Zabbix agent")
    tags: str = Field(default="", max_length=4000, description="env=prod; role=web")
    macros: str = Field(
        default="", max_length=8000, description="{$LIMIT}=90; {$PASSWORD}=secret:db#password"
    )
    proxy: str = Field(
        default="", max_length=200, description="Name of a proxy, or group:NAME, or server"
    )
    status: Literal["", "enabled", "disabled"] = ""
    description: str = Field(default="", max_length=4000)

    @field_validator("host")
    @classmethod
    def _host(cls, value: str) -> str:
        if not HOST.fullmatch(value):
            raise ValueError(
                f"{value!r} is no technical name: letters, digits, spaces, dots, dashes and "
                "underscores are"
            )
        return value

    @field_validator("interfaces")
    @classmethod
    def _interfaces(cls, value: str) -> str:
        interfaces(parts(value))
        return value

    @field_validator("tags")
    @classmethod
    def _tags(cls, value: str) -> str:
        tags(value)
        return value

    @field_validator("macros")
    @classmethod
    def _macros(cls, value: str) -> str:
        macros(value)
        return value

    def made_interfaces(self) -> list[Interface]:
        """Its interfaces, the first of each kind as the main one."""
        return interfaces(parts(self.interfaces))


def parts(text: str) -> list[str]:
    """The entries of a text, each once, in their order."""
    return list(dict.fromkeys(part.strip() for part in _BETWEEN.split(text) if part.strip()))


def tags(text: str) -> list[dict[str, str]]:
    """Tags as the API has them. Raises ``ValueError``."""
    found = []
    for part in parts(text):
        name, _, value = part.partition("=")
        if not name.strip():
            raise ValueError(f"{part!r} has no name before the =; write env=prod")
        found.append({"tag": name.strip(), "value": value.strip()})
    return found


def macros(text: str) -> list[dict[str, Any]]:
    """Macros as the API has them. Raises ``ValueError``.

    ``{$NAME}=vault:path/name:key`` is a macro that Zabbix takes from its own vault. The value of
    ``{$NAME}=secret:path#key`` is a secret of this toolkit, read when the host is written; until
    then the macro has a ``secret`` in the place of its value.
    """
    found: dict[str, dict[str, Any]] = {}
    for part in parts(text):
        name, _, value = part.partition("=")
        name, value = name.strip(), value.strip()
        if not _MACRO.fullmatch(name):
            raise ValueError(f"{name!r} is no user macro; write {{$NAME}}=value")
        if name in found:
            raise ValueError(f"{name} is given twice")
        found[name] = {"macro": name, **_valued(name, value)}
    return list(found.values())


def _valued(name: str, value: str) -> dict[str, Any]:
    if value.startswith("vault:"):
        place = value.removeprefix("vault:")
        if not _VAULT.fullmatch(place):
            raise ValueError(f"{name}: {place!r} is no place in a vault; write vault:path/name:key")
        return {"value": place, "type": 2}
    if not value.startswith("secret:"):
        return {"value": value, "type": 0}
    path, _, key = value.removeprefix("secret:").partition("#")
    if not path or not key:
        raise ValueError(f"{name}: a secret is written secret:path#key")
    return {"secret": [path, key], "type": 1}
