"""The core roles: Django groups with real permissions, seeded by migration and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import AppConfig, apps

if TYPE_CHECKING:
    from accounts.models import User

TOOLKIT_USER = "toolkit.user"
TOOLKIT_CURATOR = "toolkit.curator"
SYSTEM_ADMIN = "system.admin"
STAFF_ROLES = frozenset({TOOLKIT_CURATOR, SYSTEM_ADMIN})

_USER = frozenset(
    {
        "toolkits.view_toolkit",
        "toolkits.use_toolkit",
        "toolkits.view_job",
        "toolkits.view_schedule",
        "toolkits.add_schedule",
        "toolkits.change_schedule",
        "toolkits.delete_schedule",
    }
)
_CURATOR = _USER | {
    "toolkits.add_toolkit",
    "toolkits.change_toolkit",
    "toolkits.delete_toolkit",
    "toolkits.view_toolkitversion",
    "toolkits.configure_toolkit",
    "toolkits.view_all_jobs",
    "toolkits.cancel_any_job",
    "toolkits.approve_job",
    "toolkits.view_notificationrule",
    "toolkits.add_notificationrule",
    "toolkits.change_notificationrule",
    "toolkits.delete_notificationrule",
    "toolkits.view_joblog",
    "toolkits.view_jobattempt",
}
_ADMIN = frozenset(
    {
        "accounts.view_user",
        "accounts.add_user",
        "accounts.change_user",
        "accounts.delete_user",
        "accounts.view_provider",
        "accounts.change_provider",
        "auth.view_group",
        "audit.view_event",
        "audit.view_checkpoint",
        "audit.view_signingkey",
        "audit.view_forwardposition",
        "audit.view_verification",
        "audit.view_legalhold",
        "audit.add_legalhold",
        "audit.change_legalhold",
        "audit.view_retentionrule",
        "audit.add_retentionrule",
        "audit.change_retentionrule",
        "toolkits.view_catalog",
        "toolkits.add_catalog",
        "toolkits.change_catalog",
        "toolkits.delete_catalog",
        "toolkits.view_toolkit",
        "toolkits.view_toolkitversion",
        "toolkits.view_job",
        "toolkits.view_all_jobs",
        "toolkits.cancel_any_job",
        "toolkits.view_system",
    }
)

#: What each core role may do, as ``app_label.codename``.
CORE_ROLES: dict[str, frozenset[str]] = {
    TOOLKIT_USER: _USER,
    TOOLKIT_CURATOR: _CURATOR,
    SYSTEM_ADMIN: _ADMIN,
}


def sync_roles() -> None:
    """Give every core role exactly its permissions, creating a group that is missing."""
    from django.contrib.auth.models import Group, Permission

    known = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    for name, wanted in CORE_ROLES.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.set([known[label] for label in sorted(wanted) if label in known])


def sync_after_migrate(sender: AppConfig, **_: Any) -> None:
    """Keep the roles after migrations, once the permissions of the last app exist.

    Django emits the signal per app, and permissions are made in the same signal; the last
    installed app that has models is the first moment at which all of them stand.
    """
    last = [config for config in apps.get_app_configs() if config.models_module][-1]
    if sender.name == last.name:
        sync_roles()


def grant_role(user: User, role: str) -> None:
    """Put ``user`` into a core role."""
    from django.contrib.auth.models import Group

    if role not in CORE_ROLES:
        raise ValueError(f"{role!r} is not a core role: one of {', '.join(CORE_ROLES)}")
    user.groups.add(Group.objects.get_or_create(name=role)[0])
    user.forget_rights()
