"""What the admin pages about access have in common: the rules' own words, and who may enter."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from accounts.models import Grant, Invitation, Role, User
from accounts.roles import CORE_ROLES
from toolbox.admin.base import ToolboxModelAdmin
from toolbox.problems import Problem

# Django's own classes take no type arguments when the program runs.
if TYPE_CHECKING:
    UserModelForm = forms.ModelForm[User]
    RoleModelForm = forms.ModelForm[Role]
    InvitationModelForm = forms.ModelForm[Invitation]
    GrantTabularInline = admin.TabularInline[Grant, User]
else:
    UserModelForm = RoleModelForm = InvitationModelForm = forms.ModelForm
    GrantTabularInline = admin.TabularInline

ROLE_CHOICES = [(role, role) for role in CORE_ROLES]


class AccessAdmin(ToolboxModelAdmin):
    """A model that whoever administers accounts sees. Changes go through the services, and
    what they refuse is told where it was asked for."""

    section = "access"
    views = "accounts.view_user"
    changes = "accounts.change_user"
    adds = "accounts.add_user"
    deletes = "accounts.delete_user"

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(self.views))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(self.views))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.changes and request.user.has_perm(self.changes))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.adds and request.user.has_perm(self.adds))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.deletes and request.user.has_perm(self.deletes))

    def has_administer_permission(self, request: HttpRequest) -> bool:
        """Who may use the actions of these lists."""
        return bool(request.user.has_perm("accounts.change_user"))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (Problem, ValidationError) as refused:
            return self.refused(request, refused)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except Problem as refused:
            return self.refused(request, refused)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """For Django's own log, which is not written."""
        return []

    def refused(self, request: HttpRequest, error: Problem | ValidationError) -> HttpResponse:
        """Say what was refused; the transaction was undone."""
        self.message_user(request, words(error), messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())

    def each(
        self,
        request: HttpRequest,
        rows: Iterable[Any],
        act: Callable[[Any], object],
        done: Any,
    ) -> None:
        """Do something to each row, each by itself; tell how often, and what was refused.

        ``done`` is a text of ``ngettext_lazy`` that counts by ``n``.
        """
        count = 0
        for row in rows:
            try:
                with transaction.atomic():
                    act(row)
                count += 1
            except (Problem, ValidationError) as refused:
                self.message_user(request, words(refused), messages.WARNING)
        if count:
            self.message_user(request, done % {"n": count}, messages.SUCCESS)


def words(error: Problem | ValidationError) -> str:
    """What an error says."""
    return " ".join(error.messages) if isinstance(error, ValidationError) else str(error)


def acting(request: HttpRequest) -> User:
    """Whoever is at the admin: it lets nobody else in."""
    assert isinstance(request.user, User)
    return request.user
