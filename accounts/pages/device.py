"""Letting a device in that shows a code: a terminal, a build server."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts import device_grants, devices
from accounts.device_grants import CodeUnknown
from accounts.pages.confirm import confirmed
from accounts.pages.guards import AccountRequest, own_page


class CodeForm(forms.Form):
    """The code that the device shows."""

    code = forms.CharField(
        label=gettext_lazy("Code that the device shows"), max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip


@own_page
@confirmed
@require_http_methods(["GET", "POST"])
def device(request: AccountRequest) -> HttpResponseBase:
    """Ask for the code; show who waits with it; let them in or turn them away.

    Nothing is decided by following a link: the address may carry the code, but a person reads
    who asks and presses a button.
    """
    given = request.POST.get("code") or request.GET.get("code", "")
    form = CodeForm({"code": given}) if given else CodeForm()
    data = {"form": form}
    if not given or not form.is_valid():
        return render(request, "account/device.html", data)
    try:
        row = device_grants.find(given)
        if decision := request.POST.get("decision", ""):
            approve = decision == "approve"
            device_grants.decide(row, request.user, request.sign_in, approve=approve)
            messages.success(request, _told(approve))
            return redirect("account")
    except CodeUnknown as unknown:
        form.add_error("code", str(unknown))
        return render(request, "account/device.html", data, status=unknown.http_status)
    shown = {"row": row, "device": devices.describe(row.user_agent) or row.user_agent}
    return render(request, "account/device.html", {**data, **shown})


def _told(approve: bool) -> str:
    if approve:
        return _("The device is signed in as you. It is among your sessions, where you can end it.")
    return _("The device was turned away.")
