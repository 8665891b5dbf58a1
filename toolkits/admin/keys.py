"""Keys whose signatures on bundles are trusted."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from toolbox.admin.base import ToolboxModelAdmin
from toolkits.access import can_install_toolkits
from toolkits.bundles import trust
from toolkits.errors import NotUsable
from toolkits.models import TrustedKey
from toolkits.templatetags import toolbox_ui as ui


class KeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """A name and a public key; the service says what is wrong with it."""

    class Meta:
        model = TrustedKey
        fields = ("name", "public_key")

    def clean_public_key(self) -> str:
        """Refuse at the field what the service would refuse."""
        try:
            return trust.public_key(self.cleaned_data["public_key"])
        except NotUsable as error:
            raise forms.ValidationError(str(error)) from None


@admin.register(TrustedKey)
class TrustedKeyAdmin(ToolboxModelAdmin):
    """Keys are added and removed, never changed. Those of the settings stand beside these."""

    icon = "key"
    order = 75
    hint = gettext_lazy("Whose signatures on bundles are trusted, beside TOOLKIT_TRUSTED_KEYS")
    form = KeyForm
    list_display = ("name", "key", "added", "added_by")
    list_select_related = ("added_by",)
    search_fields = ("name", "public_key")
    sortable_by = ()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return can_install_toolkits(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return can_install_toolkits(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return can_install_toolkits(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return can_install_toolkits(request.user)

    @admin.display(description=gettext_lazy("public key"))
    def key(self, key: TrustedKey) -> SafeString:
        return format_html("<code>{}</code>", key.public_key)

    @admin.display(description=gettext_lazy("added"))
    def added(self, key: TrustedKey) -> SafeString:
        return ui.ago(key.added_at)

    def save_model(self, request: HttpRequest, obj: TrustedKey, form: Any, change: bool) -> None:
        made = trust.add_key(obj.name, obj.public_key, request.user)
        obj.pk = made.pk

    def delete_model(self, request: HttpRequest, obj: TrustedKey) -> None:
        trust.remove_key(obj, request.user)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[TrustedKey]) -> None:
        for key in queryset:
            trust.remove_key(key, request.user)
