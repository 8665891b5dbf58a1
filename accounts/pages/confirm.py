"""Asking again who it is, before what a borrowed browser must not do."""

from __future__ import annotations

import time
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

from accounts import throttle
from accounts.mfa import policy, proving
from accounts.mfa.problems import FactorRefused
from accounts.models import User
from accounts.pages.guards import AccountRequest, own_page, safe_next
from accounts.throttle import LockedOut
from toolbox import context

P = ParamSpec("P")
_KEY = "accounts.confirmed"
_SECONDS = 15 * 60


class ConfirmForm(forms.Form):
    """The password, or a code of a second factor."""

    secret = forms.CharField(
        label=_("Password, or a code of your authenticator app"), strip=False, max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )  # fmt: skip


def confirmed(
    view: Callable[Concatenate[AccountRequest, P], HttpResponseBase],
) -> Callable[Concatenate[AccountRequest, P], HttpResponseBase]:
    """Let in only who signed in or confirmed within a quarter of an hour.

    Whoever has neither a password here nor a second factor has nothing to confirm by.
    """

    @wraps(view)
    def guarded(request: AccountRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if _is_fresh(request) or not _can_confirm(request.user):
            return view(request, *args, **kwargs)
        back = request.get_full_path() if request.method == "GET" else reverse("account")
        return redirect(f"{reverse('account-confirm')}?{urlencode({'next': back})}")

    return cast("Callable[Concatenate[AccountRequest, P], HttpResponseBase]", guarded)


def _is_fresh(request: AccountRequest) -> bool:
    began = request.sign_in.created_at.timestamp()
    last = max(began, float(request.session.get(_KEY, 0)))
    return time.time() - last < _SECONDS


def _can_confirm(user: User) -> bool:
    return user.has_usable_password() or bool(policy.factors(user))


@own_page
@require_http_methods(["GET", "POST"])
def confirm(request: AccountRequest) -> HttpResponseBase:
    """Ask for the password or a code."""
    form = ConfirmForm(request.POST or None)
    target = request.POST.get("next") or request.GET.get("next", "")
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            right = _is_right(request.user, form.cleaned_data["secret"])
        except LockedOut as locked:
            form.add_error("secret", str(locked))
            status = locked.http_status
        else:
            if right:
                request.session[_KEY] = time.time()
                return redirect(safe_next(target, "account"))
            form.add_error("secret", _("That is not right."))
    data: dict[str, Any] = {"form": form, "next": target}
    return render(request, "account/confirm.html", data, status=status)


def _is_right(user: User, secret: str) -> bool:
    if policy.factors(user) and len(secret) <= 20:
        try:
            proving.by_code(user, secret)
        except FactorRefused:
            pass
        else:
            return True
    attempt = throttle.begin(user.username, user, context.current().address)
    if user.check_password(secret):
        attempt.succeeded()
        return True
    attempt.failed()
    return False

