"""Asking for a link to set a new password, for people who forgot theirs."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import invitations
from accounts.mailing import outbox
from accounts.throttle import LockedOut


class ForgottenForm(forms.Form):
    """Where to send the link."""

    email = forms.EmailField(
        label=_("Email address"), max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )  # fmt: skip


@never_cache
@require_http_methods(["GET", "POST"])
def forgotten(request: HttpRequest) -> HttpResponseBase:
    """Ask for the address, and say the same whether or not anybody has it."""
    if request.user.is_authenticated:
        return redirect("account-password")
    possible = outbox.possible()
    form = ForgottenForm(request.POST or None)
    sent, status = False, 200
    if possible and request.method == "POST" and form.is_valid():
        try:
            invitations.ask_for_password_link(form.cleaned_data["email"])
            sent = True
        except LockedOut as refused:
            form.add_error(None, str(refused))
            status = refused.http_status
    context = {"form": form, "sent": sent, "possible": possible}
    return render(request, "account/forgotten.html", context, status=status)
