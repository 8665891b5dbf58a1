"""Signing in and out of the console."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import signin
from accounts.mfa import policy
from accounts.mfa.policy import Lacking
from accounts.models import Provider, ProviderKind
from accounts.pages import pending
from accounts.pages.forms import SignInForm
from accounts.pages.guards import safe_next
from accounts.providers import oidc
from accounts.providers.problems import ProviderUnavailable
from accounts.throttle import LockedOut

LAST_PROVIDER = "sign_in_by"
_YEAR = 365 * 24 * 3600


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
            return _by_password(request, form, target)
        except (signin.SignInFailed, signin.ProviderAway, LockedOut) as refused:
            form.add_error(None, str(refused))
            status = 200 if isinstance(refused, signin.SignInFailed) else refused.http_status
    return _page(request, form, target, status=status)


def _by_password(request: HttpRequest, form: SignInForm, target: str) -> HttpResponseBase:
    data = form.cleaned_data
    proof = signin.by_password(data["username"], data["password"], data["provider"])
    return finish(request, proof, target)


def finish(request: HttpRequest, proof: signin.Proof, target: str) -> HttpResponseBase:
    """Let somebody in who has proved who they are, or ask for the second factor first."""
    lacking = policy.lacking(proof.user, proof.methods)
    if lacking == Lacking.NOTHING:
        return let_in(request, proof, target)
    pending.put(request, pending.Pending(proof, lacking, target))
    return redirect("second-factor" if lacking == Lacking.FACTOR else "second-factor-add")


def let_in(request: HttpRequest, proof: signin.Proof, target: str) -> HttpResponseBase:
    """Begin the session; nothing is lacking."""
    signin.begin_browser_session(request, proof)
    if proof.id_token:
        request.session[oidc.ID_TOKEN] = proof.id_token
    response = redirect(safe_next(target, "dashboard"))
    response.set_cookie(
        LAST_PROVIDER, proof.provider, max_age=_YEAR, path=reverse("account"), httponly=True,
        secure=request.is_secure(), samesite="Lax",
    )  # fmt: skip
    return response


def refused_page(request: HttpRequest, message: str, status: int) -> HttpResponseBase:
    """The sign-in page with a message, for what went wrong elsewhere."""
    form = SignInForm({})
    form.errors.clear()
    form.add_error(None, message)
    return _page(request, form, "", status=status)


def _page(request: HttpRequest, form: SignInForm, target: str, *, status: int) -> HttpResponseBase:
    found = signin.providers()
    by_password = [provider for provider in found if provider.takes_password]
    context: dict[str, Any] = {
        "form": form,
        "next": target,
        "by_password": by_password,
        "chosen": form["provider"].value() or request.COOKIES.get(LAST_PROVIDER, ""),
        "providers": [_link(provider, target) for provider in found if not provider.takes_password],
    }
    return render(request, "registration/login.html", context, status=status)


def _link(provider: Provider, target: str) -> dict[str, str]:
    url = reverse("oidc-begin", args=[provider.slug])
    if safe_next(target, "dashboard") == target:
        url = f"{url}?{urlencode({'next': target})}"
    return {"name": provider.slug, "label": provider.name, "url": url}


@never_cache
@require_POST
def logout_page(request: HttpRequest) -> HttpResponseBase:
    """End the session; then, where that provider wants it, the one at the OpenID provider."""
    away = _sign_out_there(request)
    with transaction.atomic():
        logout(request)
    if not away:
        return redirect("login")
    # A form may lead nowhere but to this site, redirects included, so a page leads on.
    return render(request, "account/leading_on.html", {"url": away})


def _sign_out_there(request: HttpRequest) -> str:
    token = request.session.get(oidc.ID_TOKEN, "")
    row = getattr(request, "sign_in", None)
    if not token or row is None:
        return ""
    usable = Provider.objects.usable().filter(kind=ProviderKind.OIDC)
    provider = usable.filter(slug=row.provider).first()
    if provider is None:
        return ""
    try:
        return oidc.sign_out_address(provider, token)
    except ProviderUnavailable as away:
        signin.log.warning("signing out at %s: %s", provider.slug, away)
        return ""
