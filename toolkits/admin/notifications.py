"""Who is told of how jobs end, and each message on its way."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from toolbox.admin.base import ReadOnlyAdmin, ToolboxModelAdmin
from toolkits.admin.notification_forms import RuleForm
from toolkits.models import (
    DeliveryState,
    NotificationChannel,
    NotificationDelivery,
    NotificationRule,
)
from toolkits.notify import rules
from toolkits.templatetags import toolbox_ui as ui

_TONES = {
    DeliveryState.PENDING: "info",
    DeliveryState.DELIVERED: "ok",
    DeliveryState.FAILED: "critical",
}


@admin.register(NotificationRule)
class NotificationRuleAdmin(ToolboxModelAdmin):
    """Rules. The path of a webhook's address may hold a token, so only its host is shown."""

    icon = "bell"
    order = 80
    hint = gettext_lazy("Who is told of how jobs end")

    list_display = ("name", "status", "about", "ends", "to")
    list_select_related = ("toolkit", "schedule")
    search_fields = ("name",)
    sortable_by = ()
    form = RuleForm

    def get_queryset(self, request: HttpRequest) -> QuerySet[NotificationRule]:
        return super().get_queryset(request).select_related("toolkit", "schedule", "created_by")

    def get_fieldsets(self, request: HttpRequest, obj: NotificationRule | None = None) -> Any:
        if obj is not None and not self.has_change_permission(request, obj):
            return [(None, {"fields": ("name", "status", "about", "ends", "to")})]
        key = ("signing_key", "drop_key") if obj and obj.has_signing_key else ("signing_key",)
        about = ("name", "enabled", "toolkit", "operation", "schedule", "outcomes")
        return [
            (None, {"fields": about}),
            (_("Who is told"), {"fields": ("channel", "url", *key, "recipients")}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: NotificationRule | None = None) -> Any:
        if obj is None or self.has_change_permission(request, obj):
            return ()
        return ("status", "about", "ends", "to")

    def get_form(
        self,
        request: HttpRequest,
        obj: NotificationRule | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:
        if obj is not None and not self.has_change_permission(request, obj):
            kwargs["form"] = forms.ModelForm
        return super().get_form(request, obj, change, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: NotificationRule, form: Any, change: bool
    ) -> None:
        if not change:
            made = rules.create(request.user, signing_key=form.key or "", **form.values())
            obj.pk = made.pk
            return
        rules.change(self.get_queryset(request).get(pk=obj.pk), request.user, form.key,
                     **form.values())  # fmt: skip

    def delete_model(self, request: HttpRequest, obj: NotificationRule) -> None:
        rules.delete(obj, request.user)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[NotificationRule]) -> None:
        for rule in queryset:
            rules.delete(rule, request.user)

    @admin.display(description=gettext_lazy("state"))
    def status(self, rule: NotificationRule) -> SafeString:
        if rule.enabled:
            return ui.state_badge("ok", _("enabled"))
        return ui.state_badge("unknown", _("disabled"))

    @admin.display(description=gettext_lazy("about"))
    def about(self, rule: NotificationRule) -> str:
        if rule.schedule:
            return _("schedule %(name)s") % {"name": rule.schedule}
        if rule.toolkit is None:
            return _("all toolkits")
        return f"{rule.toolkit.slug}.{rule.operation}" if rule.operation else rule.toolkit.slug

    @admin.display(description=gettext_lazy("outcomes"))
    def ends(self, rule: NotificationRule) -> str:
        return ", ".join(outcome.replace("_", " ") for outcome in rule.outcomes)

    @admin.display(description=gettext_lazy("to"))
    def to(self, rule: NotificationRule) -> str:
        if rule.channel == NotificationChannel.WEBHOOK:
            return _("webhook at %(host)s") % {"host": urlsplit(rule.url).hostname or "–"}
        return ", ".join(rule.recipients)


@admin.register(NotificationDelivery)
class NotificationDeliveryAdmin(ReadOnlyAdmin):
    """Messages, newest first."""

    icon = "send"
    order = 85
    hint = gettext_lazy("Messages about jobs, and why one did not get through")

    list_display = ("status", "rule", "of_job", "tries", "made", "problem")
    list_display_links = ("rule",)
    list_filter = ("state",)
    list_select_related = ("rule", "job")
    sortable_by = ()
    ordering = ("-id",)
    fields = ("rule", "of_job", "status", "tries", "problem", "created_at", "delivered_at")
    readonly_fields = ("status", "of_job", "problem")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("toolkits.view_notificationrule")

    @admin.display(description=gettext_lazy("state"))
    def status(self, delivery: NotificationDelivery) -> SafeString:
        state = DeliveryState(delivery.state)
        return ui.state_badge(_TONES[state], state.label)

    @admin.display(description=gettext_lazy("job"))
    def of_job(self, delivery: NotificationDelivery) -> SafeString:
        return format_html(
            '<a href="{}">{}.{}</a>',
            delivery.job.get_absolute_url(), delivery.job.toolkit_slug, delivery.job.operation,
        )  # fmt: skip

    @admin.display(description=gettext_lazy("made"))
    def made(self, delivery: NotificationDelivery) -> SafeString:
        return ui.ago(delivery.created_at)

    @admin.display(description=gettext_lazy("problem"))
    def problem(self, delivery: NotificationDelivery) -> str:
        return delivery.last_error or "–"
