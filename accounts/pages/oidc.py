"""To an OpenID provider and back."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts import provisioning, signin
from accounts.models import Provider, ProviderKind
from accounts.pages import sign_in
from accounts.pages.guards import AccountRequest, own_page, safe_next
from accounts.providers import bootstrap, oidc
from accounts.providers.claims import Claims
from accounts.providers.problems import ProviderRefused, ProviderUnavailable


@never_cache
@require_GET
def begin(request: HttpRequest, provider: str) -> HttpResponseBase:
    """Send the browser to the provider."""
    found = _provider(provider)
    target = safe_next(request.GET.get("next", ""), "dashboard")
    if request.user.is_authenticated:
        return redirect(target)
    try:
        return redirect(oidc.begin(found, request.session, target=target))
    except ProviderUnavailable as why:
        away = signin.unavailable(found, provider, why)
        return sign_in.refused_page(request, str(away), away.http_status)


@own_page
@require_POST
def link(request: AccountRequest, provider: str) -> HttpResponseBase:
    """Send whoever is signed in to the provider, to link what they are there.

    A POST with our token: nobody else's page may begin it, because whoever the browser is
    at the provider by then could sign in as this user afterwards.
    """
    found = _provider(provider)
    user = str(request.user.pk)
    try:
        url = oidc.begin(found, request.session, target=reverse("account"), user=user)
    except ProviderUnavailable as why:
        messages.error(request, str(signin.unavailable(found, provider, why)))
        return redirect("account")
    # A form may lead nowhere but to this site, redirects included, so a page leads on.
    return render(request, "account/leading_on.html", {"url": url, "provider": found})


@never_cache
@require_GET
def callback(request: HttpRequest, provider: str) -> HttpResponseBase:
    """Take the provider's answer: sign in, or link the identity to whoever is signed in."""
    found = _provider(provider)
    answer = request.GET
    try:
        flow = oidc.take(found, request.session, answer)
        claims = oidc.finish(found, flow, answer)
        if flow["user"]:
            return _link(request, found, flow, claims)
        if request.user.is_authenticated:
            raise ProviderRefused("somebody signed in meanwhile")
        proof = signin.by_claims(found, claims)
    except ProviderRefused as refused:
        signin.failed("", provider, str(refused))
        message = _("Signing in by %(provider)s did not work. Please try again.")
        return sign_in.refused_page(request, message % {"provider": found.name}, 401)
    except ProviderUnavailable as why:
        away = signin.unavailable(found, provider, why)
        return sign_in.refused_page(request, str(away), away.http_status)
    return sign_in.finish(request, proof, str(flow["next"]))


def _link(
    request: HttpRequest, provider: Provider, flow: dict[str, str], claims: Claims
) -> HttpResponseBase:
    """Only the one who began may finish: another browser's flow links nothing."""
    if not request.user.is_authenticated or str(request.user.pk) != flow["user"]:
        raise ProviderRefused("the flow was begun by somebody else")
    provisioning.link(provider, claims, request.user)
    messages.success(request, _("You can sign in by %(name)s now.") % {"name": provider.name})
    return redirect("account")


def _provider(slug: str) -> Provider:
    bootstrap.ensure()
    found = Provider.objects.usable().filter(kind=ProviderKind.OIDC, slug=slug).first()
    if found is None:
        raise Http404
    return found
