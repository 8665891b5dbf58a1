"""What a provider says of somebody who has just proved who they are."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Claims:
    """``issuer`` and ``subject`` are who it is; everything else may change from day to day."""

    issuer: str
    subject: str
    username: str
    email: str = ""
    display_name: str = ""
    groups: tuple[str, ...] = ()
    #: How they proved it: ``password``, ``oidc``, and ``mfa`` where the provider saw to that.
    methods: tuple[str, ...] = ()
    #: Kept for signing out at an OpenID provider.
    id_token: str = field(default="", repr=False)
