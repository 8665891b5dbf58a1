"""Making a token for a service account, which cannot sign in to make its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import personal_tokens
from accounts.admin.base import acting
from accounts.models import User, UserKind
from accounts.pages.forms import TokenForm

if TYPE_CHECKING:
    UserChoiceField = forms.ModelChoiceField[User]
else:
    UserChoiceField = forms.ModelChoiceField


class ServiceTokenForm(TokenForm):
    """A new token, and whose it is to be."""

    field_order = ("user",)
    user = UserChoiceField(
        label=gettext_lazy("Service account"), queryset=User.objects.none(),
        help_text=gettext_lazy("The token acts for it and never may more than it may."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        services = User.objects.filter(kind=UserKind.SERVICE, is_active=True)
        self.fields["user"].queryset = services  # type: ignore[attr-defined]


def add(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Ask what the token is to be good for; make it, and show it once."""
    form = ServiceTokenForm(request.POST or None, initial={"user": request.GET.get("user", "")})
    context |= {"title": _("New token of a service account"), "form": form}
    if request.method == "POST" and form.is_valid():
        user: User = form.cleaned_data["user"]
        try:
            token, text = personal_tokens.make(acting(request), user, form.spec())
        except personal_tokens.TokenInvalid as error:
            form.add_error(error.place if error.place in form.fields else None, str(error))
        else:
            context |= {"title": str(token), "token": token, "text": text}
            return TemplateResponse(request, "admin/accounts/token_made.html", context)
    return TemplateResponse(request, "admin/accounts/token_new.html", context)
