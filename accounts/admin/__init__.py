"""Access in the admin: users, roles, providers, invitations, identities, sessions, tokens."""

from accounts.admin import access, import_page, providers, users

__all__ = ["access", "import_page", "providers", "users"]
