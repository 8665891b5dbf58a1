from accounts.models.grant import Grant, GrantRole
from accounts.models.user import User, UserKind, UserManager

__all__ = ["Grant", "GrantRole", "User", "UserKind", "UserManager"]
