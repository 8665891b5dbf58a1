"""Roles, invitations, identities, sessions and tokens in the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from accounts import devices, invitations, personal_tokens, provisioning, sessions, users
from accounts.admin import service_tokens
from accounts.admin.base import (
    ROLE_CHOICES,
    AccessAdmin,
    InvitationModelForm,
    RoleModelForm,
    acting,
)
from accounts.mailing import outbox
from accounts.mfa import policy
from accounts.models import Identity, Invitation, PersonalToken, Role, UserSession
from accounts.problems import NotAllowed
from accounts.roles import CORE_ROLES


class RoleForm(RoleModelForm):
    """What a role asks of whoever has it. What it may do is fixed."""

    requires_mfa = forms.BooleanField(
        label=gettext_lazy("Ask for a second factor"), required=False,
        help_text=gettext_lazy(
            "Sessions without one end. Whoever has none sets one up at their next sign-in."
        ),
    )  # fmt: skip

    class Meta:
        model = Role
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = getattr(self.instance, "policy", None) if self.instance.pk else None
        self.initial["requires_mfa"] = bool(found and found.requires_mfa)


@admin.register(Role)
class RoleAdmin(AccessAdmin):
    """The core roles."""

    icon = "id-badge-2"
    order = 20
    hint = gettext_lazy("What each role may do, and what it asks for")

    adds = deletes = ""
    views = "auth.view_group"
    form = RoleForm
    list_display = ("name", "members", "asks")
    sortable_by = ()
    actions = None
    fields = ("name", "may", "requires_mfa")
    readonly_fields = ("name", "may")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        active = Count("user", filter=Q(user__is_active=True))
        found = Role.objects.filter(name__in=CORE_ROLES).select_related("policy")
        return found.annotate(active=active).order_by("name")

    def save_model(self, request: HttpRequest, obj: Role, form: Any, change: bool) -> None:
        policy.require(acting(request), obj.name, form.cleaned_data["requires_mfa"])

    @admin.display(description=gettext_lazy("members"))
    def members(self, group: Any) -> int:
        return int(group.active)

    @admin.display(description=gettext_lazy("second factor"), boolean=True)
    def asks(self, group: Role) -> bool:
        found = getattr(group, "policy", None)
        return bool(found and found.requires_mfa)

    @admin.display(description=gettext_lazy("it may"))
    def may(self, group: Role) -> str:
        return ", ".join(sorted(CORE_ROLES.get(group.name, ())))


class InvitationForm(InvitationModelForm):
    """Whom to invite."""

    roles = forms.MultipleChoiceField(
        label=gettext_lazy("Roles"), required=False, choices=ROLE_CHOICES,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    by_mail = forms.BooleanField(
        label=gettext_lazy("Send the link by mail"), required=False, initial=True,
        help_text=gettext_lazy("Otherwise it is shown here, once, for you to hand over."),
    )  # fmt: skip

    class Meta:
        model = Invitation
        fields = ("email", "username")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("by_mail") and not data.get("email") and "email" not in self.errors:
            self.add_error("email", gettext_lazy("Where to? Or do not send the link by mail."))
        return data


@admin.register(Invitation)
class InvitationAdmin(AccessAdmin):
    """Invitations, and links to set a password."""

    icon = "mail"
    order = 30
    hint = gettext_lazy("Links by which people set their own password")

    changes = deletes = ""
    form = InvitationForm
    list_display = ("__str__", "given", "invited_by", "created_at", "expires_at", "used_at")
    list_select_related = ("user", "invited_by")
    list_filter = (("used_at", admin.EmptyFieldListFilter),)
    sortable_by = ()
    actions = ("withdraw",)

    def get_fields(self, request: HttpRequest, obj: Invitation | None = None) -> Any:
        if obj is None:
            return ("email", "username", "roles", *(("by_mail",) if outbox.possible() else ()))
        return ("email", "username", "given", "user", "invited_by", "created_at", "expires_at",
                "used_at")  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Invitation | None = None) -> Any:
        return self.get_fields(request, obj) if obj is not None else ()

    def save_model(self, request: HttpRequest, obj: Invitation, form: Any, change: bool) -> None:
        made, obj.link = invitations.invite(acting(request), **form.cleaned_data)  # type: ignore[attr-defined]
        obj.pk, obj._state.adding = made.pk, False

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the link, once, unless a mail holds it."""
        if not obj.link:
            text = _("A mail with the link is on its way to %(email)s.")
            self.message_user(request, text % {"email": obj.email}, messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:accounts_invitation_changelist"))
        context = {**self.admin_site.each_context(request), "title": str(obj), "link": obj.link}
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/accounts/link.html", context)

    @admin.display(description=gettext_lazy("roles"))
    def given(self, row: Invitation) -> str:
        return ", ".join(row.roles) or "–"

    @admin.action(description=gettext_lazy("Take back"), permissions=["administer"])
    def withdraw(self, request: HttpRequest, rows: QuerySet[Invitation]) -> None:
        done = ngettext_lazy(
            "%(n)d invitation was taken back.", "%(n)d invitations were taken back.", "n"
        )  # fmt: skip
        self.each(request, rows, lambda row: invitations.withdraw(acting(request), row), done)


class _ListAdmin(AccessAdmin):
    """Rows that are shown, and ended by actions."""

    adds = changes = deletes = ""
    sortable_by = ()


@admin.register(Identity)
class IdentityAdmin(_ListAdmin):
    """What outside providers call users."""

    icon = "fingerprint"
    order = 60
    hint = gettext_lazy("Who is who at which provider")

    list_display = ("user", "provider", "name", "subject", "last_sign_in_at")
    list_select_related = ("user", "provider")
    list_filter = ("provider",)
    search_fields = ("name", "subject", "user__username")
    fields = ("user", "provider", "issuer", "subject", "name", "groups", "created_at",
              "last_sign_in_at")  # fmt: skip
    actions = ("unlink",)

    @admin.action(description=gettext_lazy("Unlink"), permissions=["administer"])
    def unlink(self, request: HttpRequest, rows: QuerySet[Identity]) -> None:
        def unlink(row: Identity) -> None:
            users.refuse_unless_editable(acting(request), row.user)
            provisioning.unlink(acting(request), row)

        done = ngettext_lazy(
            "%(n)d identity was unlinked.", "%(n)d identities were unlinked.", "n"
        )  # fmt: skip
        self.each(request, rows.select_related("user", "provider"), unlink, done)


@admin.register(UserSession)
class SessionAdmin(_ListAdmin):
    """Sessions that are going on."""

    icon = "device-desktop"
    order = 70
    hint = gettext_lazy("Who is signed in, where, on what")

    list_display = ("user", "kind", "device", "address", "last_seen_at", "created_at", "provider")
    list_select_related = ("user",)
    list_filter = ("kind",)
    search_fields = ("user__username", "address")
    search_help_text = gettext_lazy("Username or address")
    fields = ("user", "kind", "provider", "methods", "address", "user_agent", "created_at",
              "last_seen_at", "expires_at")  # fmt: skip
    actions = ("end",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[UserSession]:
        return UserSession.objects.alive()

    @admin.display(description=gettext_lazy("device"))
    def device(self, row: UserSession) -> str:
        return devices.describe(row.user_agent)

    @admin.action(description=gettext_lazy("End"), permissions=["administer"])
    def end(self, request: HttpRequest, rows: QuerySet[UserSession]) -> None:
        def end(row: UserSession) -> None:
            users.refuse_unless_editable(acting(request), row.user)
            sessions.end(row, "ended by an administrator", acting(request))

        done = ngettext_lazy("%(n)d session ended.", "%(n)d sessions ended.", "n")
        self.each(request, rows.select_related("user"), end, done)


@admin.register(PersonalToken)
class TokenAdmin(_ListAdmin):
    """Personal tokens that are good. People make their own; those of services are made here."""

    adds = "accounts.change_user"

    icon = "key"
    order = 80
    hint = gettext_lazy("Programs that act for people and services")

    list_display = ("name", "hint_text", "user", "it_may", "last_used_at", "expires_at")
    list_select_related = ("user",)
    search_fields = ("name", "user__username")
    fields = ("name", "hint_text", "user", "it_may", "toolkits", "addresses", "created_at",
              "expires_at", "last_used_at", "last_used_address")  # fmt: skip
    readonly_fields = ("hint_text", "it_may")
    actions = ("revoke",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PersonalToken]:
        return PersonalToken.objects.filter(revoked_at=None, expires_at__gt=timezone.now())

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a token; without one, make one for a service account."""
        if object_id is not None:
            return super().changeform_view(request, object_id, form_url, extra_context)
        if not self.has_add_permission(request):
            raise PermissionDenied
        request.current_app = self.admin_site.name
        try:
            return service_tokens.add(request, self.admin_site.each_context(request))
        except NotAllowed as refused:
            return self.refused(request, refused)

    @admin.display(description=gettext_lazy("begins with"))
    def hint_text(self, token: PersonalToken) -> str:
        return f"{token.hint}…"

    @admin.display(description=gettext_lazy("it may"))
    def it_may(self, token: PersonalToken) -> str:
        return ", ".join(token.scopes)

    @admin.action(description=gettext_lazy("Revoke"), permissions=["administer"])
    def revoke(self, request: HttpRequest, rows: QuerySet[PersonalToken]) -> None:
        done = ngettext_lazy(
            "%(n)d token was revoked.", "%(n)d tokens were revoked.", "n"
        )  # fmt: skip
        self.each(
            request,
            rows.select_related("user"),
            lambda token: personal_tokens.revoke(acting(request), token),
            done,
        )
