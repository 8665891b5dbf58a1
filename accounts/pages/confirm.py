"""Asking again who it is, before what a borrowed browser must not do."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from urllib.parse import urlencode

from django import forms
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts import recent, throttle
from accounts.mfa import policy, proving
from accounts.mfa.problems import FactorRefused
from accounts.models import User
from accounts.pages import passkey_form
from accounts.pages.guards import AccountRequest, own_page, safe_next
from accounts.throttle import LockedOut
from toolbox import context

P = ParamSpec("P")
# What an app shows and what a recovery code looks like; a password is longer than either.
_CODE = re.compile(r"\s*(?:\d{3}\s?\d{3}|[a-z2-9]{5}[\s-]?[a-z2-9]{5})\s*", re.IGNORECASE)


class ConfirmForm(forms.Form):
    """The password, or a code of a second factor; whoever has no password is asked for a code."""

    secret = forms.CharField(
        label=_("Password, or a code of your authenticator app"), strip=False, max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )  # fmt: skip

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not user.has_usable_password():
            self.fields["secret"].label = _("Code of your authenticator app, or a recovery code")
        elif not policy.factors(user):
            self.fields["secret"].label = _("Password")


def confirmed(
    view: Callable[Concatenate[AccountRequest, P], HttpResponseBase],
) -> Callable[Concatenate[AccountRequest, P], HttpResponseBase]:
    """Let in only who signed in or confirmed of late (``recent``)."""

    @wraps(view)
    def guarded(request: AccountRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if recent.is_recent(request.user, request.sign_in, request.session):
            return view(request, *args, **kwargs)
        back = request.get_full_path() if request.method == "GET" else reverse("account")
        return redirect(f"{reverse('account-confirm')}?{urlencode({'next': back})}")

    return cast("Callable[Concatenate[AccountRequest, P], HttpResponseBase]", guarded)


@own_page
@require_http_methods(["GET", "POST"])
def confirm(request: AccountRequest) -> HttpResponseBase:
    """Ask for the password, a code or a passkey."""
    answer = passkey_form.answered(request)
    form = ConfirmForm(request.user, None if answer else request.POST or None)
    target = request.POST.get("next") or request.GET.get("next", "")
    error, status = "", 200
    if answer or (request.method == "POST" and form.is_valid()):
        try:
            if _is_right(request.user, answer, form):
                recent.confirmed(request.session)
                return redirect(safe_next(target, "account"))
            error = str(_("That is not right."))
        except LockedOut as locked:
            error, status = str(locked), locked.http_status
    if error and not answer:
        form.add_error("secret", error)
    data: dict[str, Any] = {
        "form": form, "next": target, "error": error if answer else "",
        "options": passkey_form.ask_to_prove(request, request.user),
    }  # fmt: skip
    return render(request, "account/confirm.html", data, status=status)


def _is_right(user: User, answer: tuple[dict[str, Any], Any] | None, form: ConfirmForm) -> bool:
    try:
        if answer:
            proving.by_passkey(user, *answer)
            return True
        secret: str = form.cleaned_data["secret"]
        if policy.factors(user) and (_CODE.fullmatch(secret) or not user.has_usable_password()):
            proving.by_code(user, secret)
            return True
    except FactorRefused:
        return False
    return _is_password(user, secret)


def _is_password(user: User, secret: str) -> bool:
    attempt = throttle.begin(user.username, user, context.current().address)
    if user.check_password(secret):
        attempt.succeeded()
        return True
    attempt.failed()
    return False

