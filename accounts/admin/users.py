"""Accounts in the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Max, Q, QuerySet, prefetch_related_objects
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from accounts import devices, invitations, sessions, throttle, users
from accounts.admin.base import (
    ROLE_CHOICES,
    AccessAdmin,
    GrantTabularInline,
    UserModelForm,
    acting,
)
from accounts.mailing import outbox
from accounts.mfa import proving
from accounts.models import Factor, Grant, Identity, PersonalToken, User, UserKind, UserSession
from accounts.rules import may_edit
from toolbox.admin import times
from toolbox.admin.base import ReadOnlyInline

_ACCOUNT = ("username", "email", "display_name")


class UserForm(UserModelForm):
    """What can be set of an account here. A password is set by its owner, by a link."""

    roles = forms.MultipleChoiceField(
        label=gettext_lazy("Roles"), required=False, choices=ROLE_CHOICES,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    account_kind = forms.ChoiceField(
        label=gettext_lazy("Kind"), choices=UserKind.choices, initial=UserKind.PERSON,
        help_text=gettext_lazy("A service account signs in by token alone."),
    )  # fmt: skip

    class Meta:
        model = User
        fields = (*_ACCOUNT, "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            self.fields["is_active"].disabled = True
        else:
            self.fields["account_kind"].disabled = True
            self.initial["account_kind"] = self.instance.kind
            self.initial["roles"] = sorted(self.instance.roles)


class GrantInline(GrantTabularInline):
    """Roles for single toolkits."""

    model = Grant
    template = "admin/accounts/inline.html"
    extra = 1
    fields = ("role", "toolkit_slug", "operation", "sees_jobs", "source")
    readonly_fields = ("source",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("accounts.view_user"))

    def _may(self, request: HttpRequest, obj: User | None) -> bool:
        return obj is not None and obj.pk != request.user.pk and may_edit(acting(request), obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, obj)


class _Shown(ReadOnlyInline):
    template = "admin/accounts/inline.html"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("accounts.view_user"))


class IdentityInline(_Shown):
    """How the user signs in elsewhere."""

    model = Identity
    fields = readonly_fields = ("provider", "name", "issuer", "subject", "last_sign_in_at")


class SessionInline(_Shown):
    """Where the user is signed in."""

    model = UserSession
    fields = readonly_fields = ("kind", "device", "address", "last_seen_at", "created_at")
    verbose_name_plural = gettext_lazy("sessions going on")

    def get_queryset(self, request: HttpRequest) -> QuerySet[UserSession]:
        return UserSession.objects.alive()

    @admin.display(description=gettext_lazy("device"))
    def device(self, row: UserSession) -> str:
        return devices.describe(row.user_agent)


class TokenInline(_Shown):
    """Tokens that act for the user."""

    model = PersonalToken
    fields = readonly_fields = ("name", "hint", "it_may", "expires_at", "last_used_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PersonalToken]:
        return PersonalToken.objects.filter(revoked_at=None)

    @admin.display(description=gettext_lazy("it may"))
    def it_may(self, token: PersonalToken) -> str:
        return ", ".join(token.scopes)


class FactorInline(_Shown):
    """Second factors of the user."""

    model = Factor
    fields = readonly_fields = ("kind", "name", "created_at", "last_used_at")


class RoleFilter(admin.SimpleListFilter):
    """By role."""

    title = gettext_lazy("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return ROLE_CHOICES

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        return queryset.filter(groups__name=self.value()) if self.value() else queryset


@admin.register(User)
class UserAdmin(AccessAdmin):
    """Accounts: people and services."""

    icon = "users"
    order = 10
    hint = gettext_lazy("People and services, their roles and sessions")

    form = UserForm
    list_display = ("label", "given", "how", "seen", "open_sessions", "status")
    list_display_links = ("label",)
    list_filter = (RoleFilter, "kind", "is_active")
    search_fields = ("username", "display_name", "email")
    search_help_text = gettext_lazy("Name or email address")
    sortable_by = ()
    ordering = ("username",)
    inlines = (GrantInline, IdentityInline, SessionInline, TokenInline, FactorInline)
    actions = ("enable", "disable", "end_sessions", "unlock", "password_link",
               "mail_password_link", "drop_factors")  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        alive = Q(sessions__in=UserSession.objects.alive())
        return User.objects.annotate(
            living=Count("sessions", filter=alive, distinct=True),
            last_seen=Max("sessions__last_seen_at"),
        )

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        found = super().get_changelist_instance(request)
        prefetch_related_objects(list(found.result_list), "groups", "identities__provider")
        return found

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        return (*_ACCOUNT, "account_kind", "roles", "is_active")

    def get_inlines(self, request: HttpRequest, obj: User | None) -> Any:
        return self.inlines if obj is not None else ()

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request) and (
            obj is None or may_edit(acting(request), obj)
        )

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request) and (
            obj is None or may_edit(acting(request), obj)
        )

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        actor, data = acting(request), form.cleaned_data
        values = {name: data[name] for name in _ACCOUNT}
        if not change:
            kind = UserKind(data["account_kind"])
            made = users.create_user(actor, kind=kind, roles=data["roles"], **values)
            obj.pk, obj._state.adding = made.pk, False
            return
        user = User.objects.get(pk=obj.pk)
        users.change_user(actor, user, **values)
        users.set_roles(actor, user, data["roles"])
        users.set_active(actor, user, data["is_active"])

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        if formset.model is not Grant:
            return
        actor = acting(request)
        changed = formset.save(commit=False)
        for grant in formset.deleted_objects:
            users.take_grant(actor, grant)
        for grant in changed:
            users.give_grant(actor, grant)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        users.delete_user(acting(request), obj)

    @admin.display(description=gettext_lazy("account"))
    def label(self, user: User) -> SafeString:
        return format_html(
            '{}<span class="sub">{}</span>', user.username, user.display_name or user.email
        )

    @admin.display(description=gettext_lazy("roles"))
    def given(self, user: User) -> str:
        return ", ".join(sorted(group.name for group in user.groups.all())) or "–"

    @admin.display(description=gettext_lazy("signs in by"))
    def how(self, user: User) -> str:
        names = sorted({identity.provider.name for identity in user.identities.all()})
        if user.is_service:
            return _("token")
        return ", ".join([*([_("password")] if user.has_usable_password() else []), *names])

    @admin.display(description=gettext_lazy("last seen"))
    def seen(self, user: Any) -> Any:
        return times.shown(user.last_seen)

    @admin.display(description=gettext_lazy("sessions"))
    def open_sessions(self, user: Any) -> int:
        return int(user.living)

    @admin.display(description=gettext_lazy("active"), boolean=True)
    def status(self, user: User) -> bool:
        return user.is_active

    @admin.action(description=gettext_lazy("Enable"), permissions=["administer"])
    def enable(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        done = ngettext_lazy(
            "%(n)d account is enabled.", "%(n)d accounts are enabled.", "n"
        )  # fmt: skip
        self.each(request, rows, lambda user: users.set_active(acting(request), user, True), done)

    @admin.action(description=gettext_lazy("Disable"), permissions=["administer"])
    def disable(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        done = ngettext_lazy(
            "%(n)d account is disabled.", "%(n)d accounts are disabled.", "n"
        )  # fmt: skip
        self.each(request, rows, lambda user: users.set_active(acting(request), user, False), done)

    @admin.action(description=gettext_lazy("End all sessions"), permissions=["administer"])
    def end_sessions(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        def end(user: User) -> None:
            users.refuse_unless_editable(acting(request), user)
            sessions.end_all(user, "ended by an administrator", acting(request))

        done = ngettext_lazy(
            "Sessions of %(n)d account ended.", "Sessions of %(n)d accounts ended.", "n"
        )  # fmt: skip
        self.each(request, rows, end, done)

    @admin.action(description=gettext_lazy("End the lockout"), permissions=["administer"])
    def unlock(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        def unlock(user: User) -> None:
            users.refuse_unless_editable(acting(request), user)
            throttle.clear(user, acting(request))

        done = ngettext_lazy(
            "%(n)d account is not locked.", "%(n)d accounts are not locked.", "n"
        )  # fmt: skip
        self.each(request, rows, unlock, done)

    @admin.action(
        description=gettext_lazy("Make a link to set a password"), permissions=["administer"]
    )
    def password_link(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        def make(user: User) -> None:
            _row, link = invitations.password_link(acting(request), user)
            text = _("For %(name)s, once, within a day: %(link)s")
            self.message_user(request, text % {"name": user.username, "link": link}, messages.INFO)

        done = ngettext_lazy("%(n)d link was made.", "%(n)d links were made.", "n")
        self.each(request, rows, make, done)

    @admin.action(
        description=gettext_lazy("Mail a link to set a password"), permissions=["administer"]
    )
    def mail_password_link(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        def send(user: User) -> None:
            invitations.password_link(acting(request), user, by_mail=True)

        done = ngettext_lazy(
            "%(n)d mail is on its way.", "%(n)d mails are on their way.", "n"
        )  # fmt: skip
        self.each(request, rows, send, done)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        found = super().get_actions(request)
        if not outbox.possible():
            found.pop("mail_password_link", None)
        return found

    @admin.action(description=gettext_lazy("Remove second factors"), permissions=["administer"])
    def drop_factors(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        def drop(user: User) -> None:
            users.refuse_unless_editable(acting(request), user)
            proving.remove_all(acting(request), user)

        done = ngettext_lazy(
            "%(n)d account has no second factor now.",
            "%(n)d accounts have no second factor now.",
            "n",
        )
        self.each(request, rows, drop, done)
