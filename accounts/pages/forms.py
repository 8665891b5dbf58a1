"""Forms of the pages about signing in and one's own account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.access import TOKEN_SCOPES
from accounts.models import Invitation, User
from accounts.personal_tokens import TokenSpec

_PASSWORD = {"autocomplete": "new-password"}
_LIVES = [(7, _("a week")), (30, _("30 days")), (90, _("90 days")), (365, _("a year"))]
_SCOPE_LABELS = {
    "read": _("Read: see toolkits, jobs and results"),
    "run": _("Run: run operations, edit records"),
    "manage": _("Manage: everything else that you may do"),
}


class SignInForm(forms.Form):
    """A name and a password, and where to prove them."""

    username = forms.CharField(max_length=254)
    password = forms.CharField(max_length=1024, strip=False)
    provider = forms.SlugField(required=False, max_length=64)


class PasswordForm(forms.Form):
    """A new password, and the present one as proof."""

    present = forms.CharField(
        label=_("Present password"), strip=False, max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )  # fmt: skip
    new = forms.CharField(
        label=_("New password"), strip=False, max_length=1024,
        widget=forms.PasswordInput(attrs=_PASSWORD),
        help_text=_("At least 12 characters. A sentence is easy to remember and hard to guess."),
    )  # fmt: skip
    again = forms.CharField(
        label=_("New password again"), strip=False, max_length=1024,
        widget=forms.PasswordInput(attrs=_PASSWORD),
    )  # fmt: skip

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_present(self) -> str:
        present: str = self.cleaned_data["present"]
        if not self.user.check_password(present):
            raise ValidationError(_("This is not your present password."))
        return present

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("new") and data.get("new") != data.get("again"):
            self.add_error("again", _("The two new passwords are not the same."))
        return data


class AcceptForm(forms.Form):
    """A password of one's own; for a new account a name too, where none was given."""

    username = forms.CharField(
        label=_("Username"), max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username"}),
    )  # fmt: skip
    display_name = forms.CharField(
        label=_("Your name"), max_length=150, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )  # fmt: skip
    new = forms.CharField(
        label=_("Password"), strip=False, max_length=1024,
        widget=forms.PasswordInput(attrs=_PASSWORD),
        help_text=_("At least 12 characters. A sentence is easy to remember and hard to guess."),
    )  # fmt: skip
    again = forms.CharField(
        label=_("Password again"), strip=False, max_length=1024,
        widget=forms.PasswordInput(attrs=_PASSWORD),
    )  # fmt: skip

    def __init__(self, invitation: Invitation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if invitation.user_id or invitation.username:
            del self.fields["username"]
        if invitation.user_id:
            del self.fields["display_name"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("new") and data.get("new") != data.get("again"):
            self.add_error("again", _("The two passwords are not the same."))
        return data

    def take(self, error: ValidationError) -> None:
        """Show what the rules about accounts said, at the field that it is about."""
        if not hasattr(error, "error_dict"):
            self.add_error("new", error)
            return
        for name, texts in error.message_dict.items():
            self.add_error(name if name in self.fields else None, " ".join(texts))


class TokenForm(forms.Form):
    """A new personal token."""

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("What it is for: deploy pipeline, laptop.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("It may"), widget=forms.CheckboxSelectMultiple, initial=["read"],
        choices=[(name, _SCOPE_LABELS[name]) for name in TOKEN_SCOPES],
    )  # fmt: skip
    days = forms.TypedChoiceField(
        label=_("It lives"), coerce=int, choices=_LIVES, initial=90,
    )  # fmt: skip
    toolkits = forms.CharField(
        label=_("Toolkits"), required=False,
        help_text=_("Names, with spaces between. Empty: every toolkit that you may use."),
    )  # fmt: skip
    addresses = forms.CharField(
        label=_("Addresses"), required=False,
        help_text=_("Addresses or networks that it may come from. Empty: any."),
    )  # fmt: skip

    def spec(self) -> TokenSpec:
        """What is asked for."""
        data = self.cleaned_data
        return TokenSpec(
            name=data["name"],
            expires_at=timezone.now() + timedelta(days=data["days"]),
            scopes=data["scopes"],
            toolkits=_words(data["toolkits"]),
            addresses=_words(data["addresses"]),
        )


class PreferencesForm(forms.Form):
    """The zone that times are shown in, and the language of pages."""

    time_zone = forms.ChoiceField(
        label=_("Time zone"), required=False, help_text=_("Exact times are shown in it.")
    )
    language = forms.ChoiceField(label=_("Language"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(name for name in available_timezones() if "/" in name or name == "UTC")
        for name, first, offered in (
            ("time_zone", _("As the browser says"), [(zone, zone) for zone in zones]),
            ("language", _("As the browser asks"), settings.LANGUAGES),
        ):
            made = self.fields[name]
            assert isinstance(made, forms.ChoiceField)
            made.choices = [("", first), *offered]


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()
