from accounts.models.device import DeviceGrant, DeviceState
from accounts.models.factor import Factor, FactorKind, Role, RolePolicy
from accounts.models.grant import Grant, GrantRole
from accounts.models.invitation import Invitation
from accounts.models.mail import MailPurpose, OutgoingMail
from accounts.models.provider import Identity, Provider, ProviderKind, ProvidersApplied
from accounts.models.session import SessionKind, UserSession
from accounts.models.throttle import SignInThrottle
from accounts.models.token import PersonalToken
from accounts.models.user import User, UserKind, UserManager

__all__ = [
    "DeviceGrant",
    "DeviceState",
    "Factor",
    "FactorKind",
    "Grant",
    "GrantRole",
    "Identity",
    "Invitation",
    "MailPurpose",
    "OutgoingMail",
    "PersonalToken",
    "Provider",
    "ProviderKind",
    "ProvidersApplied",
    "Role",
    "RolePolicy",
    "SessionKind",
    "SignInThrottle",
    "User",
    "UserKind",
    "UserManager",
    "UserSession",
]
