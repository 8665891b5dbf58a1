"""The second step of signing in, and setting a second factor up."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.mfa import policy, proving, recovery, totp
from accounts.mfa.policy import Lacking
from accounts.mfa.problems import FactorRefused
from accounts.models import FactorKind, User
from accounts.pages import passkey_form, pending, sign_in
from accounts.pages.confirm import confirmed
from accounts.pages.guards import AccountRequest, own_page, safe_next
from accounts.problems import NotAllowed
from accounts.throttle import LockedOut
from toolbox.secrets import SecretsError

log = logging.getLogger(__name__)


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def challenge(request: HttpRequest) -> HttpResponseBase:
    """Ask for a code or a passkey, and let them in."""
    waiting = pending.get(request)
    if waiting is None or waiting.lacking != Lacking.FACTOR:
        return redirect("login")
    error, status = "", 200
    if request.method == "POST":
        try:
            how = _prove(request, waiting.proof.user)
        except (FactorRefused, LockedOut) as refused:
            error = _("That did not work. Try again.")
            if isinstance(refused, LockedOut):
                error, status = str(refused), refused.http_status
        else:
            return _complete(request, waiting, how)
    context = {**_ways(request, waiting.proof.user), "error": error}
    return render(request, "account/second_factor.html", context, status=status)


def _prove(request: HttpRequest, user: User) -> str:
    if answer := passkey_form.answered(request):
        return proving.by_passkey(user, *answer)
    return proving.by_code(user, request.POST.get("code", "")[:40])


def _ways(request: HttpRequest, user: User) -> dict[str, Any]:
    kinds = {factor.kind for factor in user.factors.all()}
    return {
        "by_app": FactorKind.TOTP in kinds,
        "by_recovery": FactorKind.RECOVERY in kinds,
        "options": passkey_form.ask_to_prove(request, user),
    }


def _complete(request: HttpRequest, waiting: pending.Pending, how: str) -> HttpResponseBase:
    pending.drop(request)
    proof = replace(waiting.proof, methods=(*waiting.proof.methods, how))
    return sign_in.let_in(request, proof, waiting.target)


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponseBase:
    """Set up an app or a passkey: while signing in, when a role asks for it, or later."""
    waiting = None if request.user.is_authenticated else pending.get(request)
    if waiting is not None and waiting.lacking == Lacking.SETTING_UP:
        return _add(request, waiting.proof.user, waiting)
    return _add_signed_in(request)


@own_page
@confirmed
def _add_signed_in(request: AccountRequest) -> HttpResponseBase:
    return _add(request, request.user, None)


def _add(
    request: HttpRequest, user: User, waiting: pending.Pending | None
) -> HttpResponseBase:
    error = ""
    if request.method == "POST":
        try:
            how = _take(request, user)
        except FactorRefused as refused:
            error = str(refused)
        except SecretsError as away:
            log.error("an authenticator app could not be added: %s", away)
        else:
            return _added(request, user, waiting, how)
    options = passkey_form.ask_to_make(request, user)
    context = {"error": error, "required": waiting, "options": options, **_app(user)}
    return render(request, "account/factor_add.html", context)


def _app(user: User) -> dict[str, Any]:
    """What an app needs to be set up; nothing while Vault, where its secret goes, is away."""
    try:
        secret = totp.begin(user)
    except SecretsError as away:
        log.error("an authenticator app cannot be set up: %s", away)
        return {"secret": ""}
    return {"secret": secret, "picture": totp.picture(totp.address(user, secret))}


def _take(request: HttpRequest, user: User) -> str:
    if answer := passkey_form.answered(request):
        proving.add_passkey(user, *answer, request.POST.get("name", "") or _("Passkey"))
        return "passkey"
    proving.add_app(user, request.POST.get("code", "")[:40])
    return "totp"


def _added(
    request: HttpRequest, user: User, waiting: pending.Pending | None, how: str
) -> HttpResponseBase:
    """Go on; with the first factor come recovery codes."""
    codes = []
    if not user.factors.filter(kind=FactorKind.RECOVERY).exists():
        codes = recovery.renew(user)
    target = safe_next(waiting.target, "dashboard") if waiting else ""
    if waiting is not None:
        _complete(request, waiting, how)
    if codes:
        return _codes(request, codes, target)
    messages.success(request, _("The second factor was added."))
    return redirect(target or "account")


def _codes(request: HttpRequest, codes: list[str], target: str = "") -> HttpResponseBase:
    context = {"codes": codes, "target": target}
    return render(request, "account/recovery_codes.html", context)


@own_page
@confirmed
@require_POST
def recovery_renew(request: AccountRequest) -> HttpResponseBase:
    """Make new recovery codes in place of the old ones."""
    if not policy.factors(request.user):
        raise Http404
    return _codes(request, recovery.renew(request.user))


@own_page
@confirmed
@require_POST
def remove(request: AccountRequest, factor_id: UUID) -> HttpResponseBase:
    """Remove one of one's own factors."""
    factor = request.user.factors.select_related("user").filter(pk=factor_id).first()
    if factor is None:
        raise Http404
    try:
        proving.remove(request.user, factor)
    except NotAllowed as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("The second factor was removed."))
    return redirect("account")
