"""People and service accounts that sign in."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.roles import STAFF_ROLES, SYSTEM_ADMIN

if TYPE_CHECKING:
    from accounts.access import TokenLimits
    from accounts.models.grant import Grant


class UserKind(models.TextChoices):
    """Who is behind an account."""

    PERSON = "person", _("Person")
    SERVICE = "service", _("Service account")


class UserManager(BaseUserManager["User"]):
    """Makes users and finds them by name without regard to case."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> User:
        """Create a user; without a password nobody can sign in as them by password."""
        if not username:
            raise ValueError("a user needs a username")
        email = self.normalize_email(fields.pop("email", ""))
        user = self.model(
            username=self.model.normalize_username(username), email=email, **fields
        )
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> User:
        """Create a user who passes every permission check."""
        return self.create_user(username, password, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who can sign in. What they may do comes from their roles (groups)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = models.CharField(
        _("username"), max_length=150, validators=[UnicodeUsernameValidator()]
    )
    email = models.EmailField(_("email address"), blank=True)
    display_name = models.CharField(_("display name"), max_length=150, blank=True)
    kind = models.CharField(
        _("kind"), max_length=10, choices=UserKind, default=UserKind.PERSON, editable=False
    )
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("date joined"), default=timezone.now, editable=False)

    #: What the personal token of this request leaves of their rights; None without one.
    token_limits: TokenLimits | None = None

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["username"]
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="accounts_username_unique",
                violation_error_message=_("A user with that username already exists."),
            ),
            models.UniqueConstraint(
                Lower("email"),
                condition=~models.Q(email=""),
                name="accounts_email_unique",
                violation_error_message=_("A user with that email address already exists."),
            ),
        ]

    def __str__(self) -> str:
        return self.display_name or self.username

    @cached_property
    def roles(self) -> frozenset[str]:
        """Names of the groups that this user is in."""
        return frozenset(self.groups.values_list("name", flat=True))

    @cached_property
    def grant_list(self) -> list[Grant]:
        """Their narrowed roles."""
        return list(self.grants.all())

    @cached_property
    def is_staff(self) -> bool:
        """Whether the admin lets them in: curators and system administrators."""
        if not self.is_active or self.is_superuser:
            return self.is_active
        # Pages ask for the permissions next: the names of the roles come with them.
        self.get_all_permissions()
        return not STAFF_ROLES.isdisjoint(self.roles)

    @property
    def is_system_admin(self) -> bool:
        """Whether they are a system administrator, active or not."""
        return self.is_superuser or SYSTEM_ADMIN in self.roles

    @property
    def is_service(self) -> bool:
        """Whether this is a service account, which signs in by token alone."""
        return self.kind == UserKind.SERVICE

    def has_role_permission(self, permission: str) -> bool:
        """Whether their roles give ``permission`` everywhere, whatever token they came with."""
        return super().has_perm(permission)

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Whether they have ``perm``: everywhere, or with ``obj`` for its toolkit.

        The personal token that a request came with narrows it.
        """
        return access.has_permission(self, perm, obj)

    def has_module_perms(self, app_label: str) -> bool:
        """Whether the admin shows them ``app_label`` at all."""
        return self.token_limits is None and super().has_module_perms(app_label)

    def forget_rights(self) -> None:
        """Have this object look its roles and grants up anew."""
        for name in ("roles", "grant_list", "is_staff", "_perm_cache", "_group_perm_cache",
                     "_user_perm_cache"):  # fmt: skip
            self.__dict__.pop(name, None)
