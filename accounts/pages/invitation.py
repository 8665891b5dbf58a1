"""Setting one's own password by a link: for invited people, and after one was forgotten."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import invitations
from accounts.invitations import InvitationRefused
from accounts.pages.forms import AcceptForm

_KEY = "accounts.invitation"


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest) -> HttpResponseBase:
    """Take the token out of the address, into the session; then ask for a password."""
    if token := request.GET.get("token", ""):
        request.session[_KEY] = token[:200]
        return redirect("invitation")
    token = request.session.get(_KEY, "")
    try:
        row = invitations.find(token)
    except InvitationRefused as refused:
        request.session.pop(_KEY, None)
        return render(request, "account/link_refused.html", {"reason": str(refused)}, status=404)
    form = AcceptForm(row, request.POST or None)
    if request.method == "POST" and form.is_valid() and _accept(request, token, form):
        request.session.pop(_KEY, None)
        messages.success(request, _("Your password is set. Sign in with it."))
        return redirect("login")
    return render(request, "account/invitation.html", {"form": form, "invitation": row})


def _accept(request: HttpRequest, token: str, form: AcceptForm) -> bool:
    data: dict[str, Any] = form.cleaned_data
    try:
        invitations.accept(
            token,
            username=data.get("username", ""),
            display_name=data.get("display_name", ""),
            password=data["new"],
        )
    except ValidationError as error:
        form.take(error)
        return False
    except InvitationRefused as refused:
        form.add_error(None, str(refused))
        return False
    return True
