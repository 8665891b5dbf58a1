"""What each kind of provider can be set to. A field that nobody knows is an error."""

from __future__ import annotations

import ipaddress
import re
import ssl
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from accounts.models import ProviderKind
from accounts.roles import CORE_ROLES
from toolbox.problems import Problem

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class ProviderInvalid(Problem):
    """Settings of a provider that make no sense; every error names its field."""

    title = "The provider is not set up right"

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        super().__init__(" ".join(f"{place}: {message}." for place, message in errors))
        self.places = errors
        self.errors = [{"loc": [place], "message": message} for place, message in errors]


def _plain(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("holds control characters")
    return text.strip()


def is_safe(address: str) -> bool:
    """Whether nobody on the way can read or change what is sent there: https, or this machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        here = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        here = False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and here))


def _url(text: str) -> str:
    text = _plain(text)
    if not is_safe(text) or urlsplit(text).username is not None:
        raise ValueError("is not an https address (http leads to this machine itself alone)")
    return text


def _certificates(text: str) -> str:
    if text.strip():
        try:
            ssl.create_default_context(cadata=text)
        except (ssl.SSLError, ValueError):
            raise ValueError("is not a certificate in PEM") from None
    return text


Line = Annotated[str, Field(max_length=1000), AfterValidator(_plain)]
Url = Annotated[str, Field(max_length=1000), AfterValidator(_url)]
Pem = Annotated[str, Field(max_length=100_000), AfterValidator(_certificates)]
Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
                    "EdDSA"]  # fmt: skip


class Strict(BaseModel):
    """Settings with no field that is not known."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def needs(self) -> dict[str, str]:
        """Secrets without which nobody gets in, each with what it is needed for."""
        return {}


class LocalSettings(Strict):
    """Local accounts need no settings."""


class OidcSettings(Strict):
    """An OpenID provider, found by its issuer."""

    issuer: Url = Field(title="Issuer", description="Exactly as the provider spells it.")
    client_id: Line = Field(title="Client id", min_length=1)
    scopes: list[Line] = Field(["openid", "profile", "email"], title="Scopes")
    token_auth: Literal["client_secret_basic", "client_secret_post", "none"] = Field(
        "client_secret_basic", title="How the client proves itself"
    )
    algorithms: list[Algorithm] = Field(
        ["RS256", "ES256", "PS256", "EdDSA"], title="Signatures taken", min_length=1
    )
    username_claim: Line = Field("preferred_username", title="Claim with the username")
    name_claim: Line = Field("name", title="Claim with the name")
    email_claim: Line = Field("email", title="Claim with the email address")
    groups_claim: Line = Field("groups", title="Claim with the groups")
    trusts_mfa: bool = Field(
        False, title="Its second factor counts", description="Where its claim amr names one."
    )
    logout: bool = Field(True, title="Sign out there too")
    session_hours: float = Field(
        12, title="Hours until people sign in there again", ge=0.25, le=8760,
        description="It cannot be asked in between: no session lasts longer, refreshed or not.",
    )  # fmt: skip
    token_days: int = Field(
        30, title="Days until personal tokens rest", ge=1, le=366,
        description="Counted from their owner's last sign-in there; the next one wakes them.",
    )  # fmt: skip
    ca_cert: Pem = Field("", title="CA certificate", description="PEM; empty: the system's.")

    def needs(self) -> dict[str, str]:
        if self.token_auth == "none":  # noqa: S105
            return {}
        return {"client_secret": f"the client proves itself by {self.token_auth}"}

    @field_validator("scopes")
    @classmethod
    def _openid(cls, scopes: list[str]) -> list[str]:
        return scopes if "openid" in scopes else ["openid", *scopes]


class DirectorySettings(Strict):
    """What LDAP and Active Directory have in common: search for the entry, then bind as it."""

    urls: list[Line] = Field(
        title="Servers", min_length=1, description="ldaps://host or ldap://host, tried in turn."
    )
    start_tls: bool = Field(True, title="StartTLS on ldap://")
    ca_cert: Pem = Field("", title="CA certificate", description="PEM; empty: the system's.")
    bind_dn: Line = Field("", title="Bind as", description="Empty: anonymously.")
    user_base: Line = Field(title="Where users are", min_length=1)
    user_filter: Line = Field("(uid={username})", title="Filter for a user")
    username_attribute: Line = Field("uid", title="Attribute with the username")
    name_attribute: Line = Field("cn", title="Attribute with the name")
    email_attribute: Line = Field("mail", title="Attribute with the email address")
    subject_attribute: Line = Field(
        "entryUUID", title="Attribute that never changes", min_length=1
    )
    group_base: Line = Field("", title="Where groups are", description="Empty: no groups.")
    group_filter: Line = Field("(member={dn})", title="Filter for the groups of an entry")
    group_attribute: Line = Field("cn", title="Attribute with a group's name")
    nested: Literal["no", "walk", "chain"] = Field(
        "walk",
        title="Groups within groups",
        description="walk: search level by level. chain: the server does it (Active Directory).",
    )
    timeout: float = Field(5.0, title="Seconds to wait", ge=0.5, le=30)
    grace_hours: float = Field(
        24, title="Hours that people stay in while it is away", ge=1, le=720,
        description="Then their sessions end, and their personal tokens rest until it answers.",
    )  # fmt: skip

    def needs(self) -> dict[str, str]:
        return {"bind_password": f"binding as {self.bind_dn} asks for it"} if self.bind_dn else {}

    @field_validator("urls")
    @classmethod
    def _servers(cls, urls: list[str]) -> list[str]:
        for url in urls:
            parts = urlsplit(url)
            if parts.scheme not in {"ldap", "ldaps"} or not parts.hostname:
                raise ValueError(f"{url!r} is not ldaps://host or ldap://host")
            if parts.path not in {"", "/"} or parts.query:
                raise ValueError(f"{url!r} has more than a host and a port")
        return urls

    @field_validator("user_filter")
    @classmethod
    def _names_the_user(cls, text: str) -> str:
        return _template(text, "username")

    @field_validator("group_filter")
    @classmethod
    def _names_the_entry(cls, text: str) -> str:
        return _template(text, "dn")

    @model_validator(mode="after")
    def _encrypted(self) -> DirectorySettings:
        if not self.start_tls and any(url.startswith("ldap://") for url in self.urls):
            raise ValueError("passwords do not go over the network in the clear: keep StartTLS on")
        return self


def _template(text: str, name: str) -> str:
    if f"{{{name}}}" not in text:
        raise ValueError(f"does not hold {{{name}}}")
    if text.count("(") != text.count(")") or not text.startswith("("):
        raise ValueError("is not a filter in parentheses")
    return text


class LdapSettings(DirectorySettings):
    """An LDAP directory."""


class AdSettings(DirectorySettings):
    """Active Directory. Its defaults are what nearly every domain wants."""

    default_domain: Line = Field(
        "", title="Default domain", description="corp.example.com: for names without one."
    )
    user_filter: Line = Field("(&(objectClass=user){name})", title="Filter for a user")
    username_attribute: Line = Field("sAMAccountName", title="Attribute with the username")
    name_attribute: Line = Field("displayName", title="Attribute with the name")
    subject_attribute: Line = Field("objectGUID", title="Attribute that never changes")
    nested: Literal["no", "walk", "chain"] = Field("chain", title="Groups within groups")

    @field_validator("user_filter")
    @classmethod
    def _names_the_user(cls, text: str) -> str:
        return _template(text, "name")


SETTINGS: dict[str, type[Strict]] = {
    ProviderKind.LOCAL: LocalSettings,
    ProviderKind.OIDC: OidcSettings,
    ProviderKind.LDAP: LdapSettings,
    ProviderKind.AD: AdSettings,
}

#: Which secrets each kind takes.
SECRETS: dict[str, tuple[str, ...]] = {
    ProviderKind.LOCAL: (),
    ProviderKind.OIDC: ("client_secret",),
    ProviderKind.LDAP: ("bind_password",),
    ProviderKind.AD: ("bind_password",),
}


class SecretReference(Strict):
    """Where in Vault a secret's value is."""

    path: Line = Field(min_length=1)
    key: Line = Field("value", min_length=1)
    mount: Line = ""
    engine: Literal["", "kv", "kv-v1", "kv-v2"] = ""
    version: int | None = Field(None, ge=1)

    @field_validator("path")
    @classmethod
    def _inside(cls, path: str) -> str:
        if path.startswith("/") or ".." in path.split("/"):
            raise ValueError("is not a path within the mount")
        return path


class Mapping(Strict):
    """Members of ``group`` have ``role``: everywhere, or for a toolkit or operation of it."""

    group: Line = Field(min_length=1)
    role: Line
    toolkit: Annotated[str, Field(pattern=r"^([a-z0-9][a-z0-9_-]*)?$", max_length=64)] = ""
    operation: Line = ""

    @model_validator(mode="after")
    def _known(self) -> Mapping:
        if self.role not in CORE_ROLES:
            raise ValueError(f"the role is none of {', '.join(CORE_ROLES)}")
        if self.toolkit and self.role == "system.admin":
            raise ValueError("system.admin cannot be narrowed to a toolkit")
        if self.operation and not self.toolkit:
            raise ValueError("an operation needs its toolkit")
        return self


def parse(model: type[Strict], data: Any, place: str = "") -> Any:
    """Check ``data`` and return it as ``model``; raises ``ProviderInvalid`` naming each field."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise ProviderInvalid(
            [
                (".".join(str(part) for part in (*([place] if place else []), *found["loc"]))
                 or "settings", found["msg"].removeprefix("Value error, "))
                for found in error.errors(include_input=False, include_url=False)
            ]
        ) from None  # fmt: skip


def choices(field: Any) -> tuple[Any, ...]:
    """The values that a field of a fixed set may have; none for others."""
    return get_args(field.annotation) if getattr(field.annotation, "__args__", None) else ()
