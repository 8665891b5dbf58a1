from accounts.models.grant import Grant, GrantRole
from accounts.models.provider import Identity, Provider, ProviderKind, ProvidersApplied
from accounts.models.session import SessionKind, UserSession
from accounts.models.throttle import SignInThrottle
from accounts.models.token import PersonalToken
from accounts.models.user import User, UserKind, UserManager

__all__ = [
    "Grant",
    "GrantRole",
    "Identity",
    "PersonalToken",
    "Provider",
    "ProviderKind",
    "ProvidersApplied",
    "SessionKind",
    "SignInThrottle",
    "User",
    "UserKind",
    "UserManager",
    "UserSession",
]
