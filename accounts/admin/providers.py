"""Sign-in providers in the admin: the form by kind, test connection, load metadata."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin.base import AccessAdmin, acting
from accounts.admin.provider_forms import ProviderForm
from accounts.models import Provider, ProviderKind
from accounts.providers import bootstrap, rows, testing
from accounts.providers.config import ProviderInvalid
from accounts.providers.problems import ProviderUnavailable
from toolbox.problems import Problem

_NEW_KINDS = [kind for kind in ProviderKind.choices if kind[0] != ProviderKind.LOCAL.value]


@admin.register(Provider)
class ProviderAdmin(AccessAdmin):
    """Ways to sign in."""

    icon = "login"
    order = 40
    hint = gettext_lazy("Local accounts, OpenID Connect, LDAP, Active Directory")

    views = "accounts.view_provider"
    changes = adds = deletes = "accounts.change_provider"
    list_display = ("label", "kind", "people", "origin", "enabled")
    list_display_links = ("label",)
    sortable_by = ()
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Provider]:
        bootstrap.ensure()
        return Provider.objects.annotate(count=Count("identities")).order_by("position", "name")

    def has_delete_permission(self, request: HttpRequest, obj: Provider | None = None) -> bool:
        return super().has_delete_permission(request) and (
            obj is None or (obj.kind != ProviderKind.LOCAL and not obj.managed_by)
        )

    def delete_model(self, request: HttpRequest, obj: Provider) -> None:
        rows.remove(acting(request), obj)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The form of a provider; for a new one, of the kind in the query."""
        if not self.has_view_permission(request):
            raise Http404
        if object_id is not None:
            provider = self.get_object(request, object_id)
            if provider is None:
                raise Http404
            return self._edit(request, provider)
        if not self.has_add_permission(request):
            raise Http404
        kind = request.GET.get("kind", "")
        if kind not in dict(_NEW_KINDS):
            return self._show(request, "kinds", {"kinds": _NEW_KINDS, "title": _("Add a provider")})
        return self._edit(request, Provider(kind=kind))

    def _edit(self, request: HttpRequest, provider: Provider) -> HttpResponse:
        title = str(provider) if provider.name else dict(ProviderKind.choices)[provider.kind]
        form = ProviderForm(provider, request.POST or None)
        context: dict[str, Any] = {
            "form": form, "provider": provider, "title": title,
            "removable": self.has_delete_permission(request, provider)
            and not provider._state.adding,
        }  # fmt: skip
        if request.method == "POST" and form.is_valid():
            done = self._act(request, form, context)
            if done is not None:
                return done
        return self._show(request, "form", context)

    def _act(
        self, request: HttpRequest, form: ProviderForm, context: dict[str, Any]
    ) -> HttpResponse | None:
        """Save, or try what was typed without saving it; None shows the form again."""
        try:
            provider, new = form.apply()
            if "_test" in request.POST or "_metadata" in request.POST:
                rows.check(provider)
                self._try(request, provider, new, context)
                return None
            saved = rows.save(acting(request), provider, new)
        except ProviderInvalid as invalid:
            form.take(invalid)
            return None
        except Problem as refused:
            form.add_error(None, str(refused))
            return None
        text = _("%(name)s was saved. It works at once.") % {"name": saved}
        self.message_user(request, text, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:accounts_provider_changelist"))

    def _try(
        self, request: HttpRequest, provider: Provider, new: dict[str, str], context: dict[str, Any]
    ) -> None:
        provider.unsaved_secrets = new
        context["typed_secret"] = bool(new)
        if "_test" in request.POST:
            context["tested"] = testing.run(acting(request), provider)
            return
        try:
            found = testing.metadata(acting(request), provider)
            context["metadata"] = json.dumps(found, indent=2, ensure_ascii=False)
        except ProviderUnavailable as away:
            context["tested"] = testing.Tested(False, [str(away)])

    def _show(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        request.current_app = self.admin_site.name
        whole = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, f"admin/accounts/provider_{name}.html", whole)

    @admin.display(description=gettext_lazy("provider"))
    def label(self, provider: Provider) -> SafeString:
        return format_html('{}<span class="sub"><code>{}</code></span>', provider, provider.slug)

    @admin.display(description=gettext_lazy("people"))
    def people(self, provider: Any) -> int:
        return int(provider.count)

    @admin.display(description=gettext_lazy("set up"))
    def origin(self, provider: Provider) -> str:
        return _("by the environment") if provider.managed_by else _("here")
