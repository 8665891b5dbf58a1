"""Signing in and out of the console."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import signin
from accounts.pages.forms import SignInForm
from accounts.pages.guards import safe_next
from accounts.throttle import LockedOut


@sensitive_post_parameters()
@csrf_protect
@never_cache
@require_http_methods(["GET", "POST"])
def login(request: HttpRequest) -> HttpResponseBase:
    """Show the ways to sign in, and sign in by password."""
    target = request.POST.get("next") or request.GET.get("next", "")
    if request.user.is_authenticated:
        return redirect(safe_next(target, "dashboard"))
    form = SignInForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            proof = signin.by_password(form.cleaned_data["username"], form.cleaned_data["password"])
        except (signin.SignInFailed, LockedOut) as refused:
            form.add_error(None, str(refused))
            status = refused.http_status if isinstance(refused, LockedOut) else 200
        else:
            signin.begin_browser_session(request, proof)
            return redirect(safe_next(target, "dashboard"))
    return render(request, "registration/login.html", _context(form, target), status=status)


def _context(form: SignInForm, target: str) -> dict[str, Any]:
    return {"form": form, "next": target, "providers": []}


@never_cache
@require_POST
def logout_page(request: HttpRequest) -> HttpResponseBase:
    """End the session."""
    logout(request)
    return redirect(resolve_url("login"))
