"""One's own account: sessions, tokens, password."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import devices, personal_tokens, provisioning, sessions, users
from accounts.mfa import policy
from accounts.models import PersonalToken, Provider, UserSession
from accounts.pages.confirm import confirmed
from accounts.pages.forms import PasswordForm, PreferencesForm, TokenForm
from accounts.pages.guards import AccountRequest, own_page
from accounts.problems import NotAllowed
from toolbox.context_processors import THEMES

_YEAR = 31_536_000


@own_page
@require_GET
def account(request: AccountRequest) -> HttpResponseBase:
    """Show who one is, where one is signed in, and which tokens act for one."""
    identities = list(request.user.identities.select_related("provider"))
    context = {
        "roles": sorted(request.user.roles),
        "grants": request.user.grant_list,
        "sessions": [_session(row, request) for row in request.user.sessions.alive()],
        "tokens": _tokens(request),
        "has_password": request.user.has_usable_password(),
        "factors": list(request.user.factors.all()),
        "preferences": PreferencesForm(
            initial={"time_zone": request.user.time_zone, "language": request.user.language}
        ),
        "factor_required": policy.is_required(request.user),
        "identities": identities,
        "linkable": [row for row in Provider.objects.usable().filter(kind="oidc")
                     if row.pk not in {identity.provider_id for identity in identities}],
    }
    return render(request, "account/account.html", context)


def _session(row: UserSession, request: AccountRequest) -> dict[str, Any]:
    return {
        "row": row,
        "device": devices.describe(row.user_agent) or _("unknown device"),
        "current": request.sign_in is not None and row.pk == request.sign_in.pk,
    }


def _tokens(request: AccountRequest) -> list[PersonalToken]:
    alive = request.user.personal_tokens.filter(revoked_at__isnull=True)
    return list(alive.filter(expires_at__gt=timezone.now()))


@own_page
@require_POST
def session_end(request: AccountRequest, session_id: UUID) -> HttpResponseBase:
    """End one of one's own sessions."""
    row = request.user.sessions.alive().filter(pk=session_id).first()
    if row is None:
        raise Http404
    sessions.end(row, "ended by its user", request.user)
    messages.success(request, _("The session has ended."))
    return redirect("account")


@own_page
@require_POST
def sessions_end_others(request: AccountRequest) -> HttpResponseBase:
    """End all of one's sessions but this one."""
    count = sessions.end_all(
        request.user, "ended by its user", request.user, keep=request.sign_in
    )
    text = ngettext("%(count)d session has ended.", "%(count)d sessions have ended.", count)
    messages.success(request, text % {"count": count})
    return redirect("account")


@own_page
@require_POST
def identity_unlink(request: AccountRequest, identity_id: UUID) -> HttpResponseBase:
    """Take one of one's identities away, if another way to sign in is left."""
    identities = request.user.identities.select_related("provider", "user")
    identity = identities.filter(pk=identity_id).first()
    if identity is None:
        raise Http404
    if not request.user.has_usable_password() and len(identities) == 1:
        messages.error(request, _("It is your only way to sign in, so it stays."))
        return redirect("account")
    provisioning.unlink(request.user, identity)
    messages.success(request, _("The identity was unlinked."))
    return redirect("account")


@own_page
@require_http_methods(["GET", "POST"])
def password(request: AccountRequest) -> HttpResponseBase:
    """Change one's password. Every other session ends."""
    if not request.user.has_usable_password():
        raise Http404
    form = PasswordForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            _change_password(request, form.cleaned_data["new"])
        except ValidationError as error:
            form.add_error("new", error)
        else:
            messages.success(request, _("Your password was changed; your other sessions ended."))
            return redirect("account")
    return render(request, "account/password.html", {"form": form})


@transaction.atomic
def _change_password(request: AccountRequest, new: str) -> None:
    users.set_password(request.user, request.user, new, keep=request.sign_in)
    update_session_auth_hash(request, request.user)
    sessions.moved(request.sign_in, request.session.session_key)


@own_page
@confirmed
@require_http_methods(["GET", "POST"])
def token_new(request: AccountRequest) -> HttpResponseBase:
    """Make a personal token and show it, once."""
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            token, text = personal_tokens.make(request.user, request.user, form.spec())
        except personal_tokens.TokenInvalid as error:
            form.add_error(error.place if error.place in form.fields else None, str(error))
        else:
            return render(request, "account/token_made.html", {"token": token, "text": text})
    return render(request, "account/token_new.html", {"form": form})


@own_page
@require_POST
def token_revoke(request: AccountRequest, token_id: UUID) -> HttpResponseBase:
    """Revoke one of one's own tokens."""
    token = request.user.personal_tokens.filter(pk=token_id).first()
    if token is None:
        raise Http404
    try:
        personal_tokens.revoke(request.user, token)
    except NotAllowed:
        raise Http404 from None
    messages.success(request, _("The token was revoked."))
    return redirect("account")


@own_page
@require_POST
def preferences(request: AccountRequest) -> HttpResponseBase:
    """Choose one's time zone and language, and without scripts the theme of this browser."""
    form = PreferencesForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("There is no such time zone or language."))
        return redirect("account")
    users.set_preferences(request.user, via="account", **form.cleaned_data)
    with translation.override(request.user.language or translation.get_language()):
        messages.success(request, _("Your preferences are kept."))
    response = redirect("account")
    if (theme := request.POST.get("theme")) in THEMES:
        secure = request.is_secure()
        response.set_cookie("theme", theme, max_age=_YEAR, samesite="Lax", secure=secure)
    return response
