"""Taking in an uploaded zip: it is checked, and its plan is shown for somebody to confirm."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from toolbox.admin.registry import AdminPage, register_page
from toolkits import installs
from toolkits.access import can_install_toolkits
from toolkits.bundles import planning, staging
from toolkits.bundles.planning import PlanOptions
from toolkits.errors import BundleError
from toolkits.installs import Wanted
from toolkits.pages.formats import bytes_text

#: A body this many times the limit is not even read to be thrown away.
_HOPELESS = 4


class UploadForm(forms.Form):
    """The bundle, and what to do with it."""

    bundle = forms.FileField(
        label=gettext_lazy("Toolkit bundle (zip)"),
        widget=forms.ClearableFileInput(attrs={"accept": ".zip,application/zip"}),
        error_messages={"required": gettext_lazy("Choose the zip of a toolkit.")},
    )
    enable = forms.BooleanField(
        label=gettext_lazy("Enable it when it is installed for the first time"),
        required=False,
        initial=True,
    )
    allow_downgrade = forms.BooleanField(
        label=gettext_lazy("Allow a version that is older than the installed one"), required=False
    )


# The token is checked inside, by csrf_protect: checking it reads the body, and how that is
# read must be set before.
@csrf_exempt
def upload(request: HttpRequest) -> HttpResponse:
    """Show the form, or take a bundle in and plan its installation."""
    limit: int = settings.TOOLKIT_UPLOAD_MAX_BYTES
    if request.method != "POST":
        return _page(request, UploadForm())
    if int(request.META.get("CONTENT_LENGTH") or 0) > limit * _HOPELESS:
        return _page(request, UploadForm(), _too_large(limit))
    with staging.private_folder() as folder:
        handler = staging.StagedUploadHandler(folder, limit)
        request.upload_handlers = [handler]
        return _staged(request, handler)


@csrf_protect
def _staged(request: HttpRequest, handler: staging.StagedUploadHandler) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    if handler.exceeded:
        form = UploadForm(initial=request.POST.dict())
        return _page(request, form, _too_large(settings.TOOLKIT_UPLOAD_MAX_BYTES))
    if not form.is_valid():
        return _page(request, form)
    bundle: staging.StagedBundle = form.cleaned_data["bundle"]
    options = PlanOptions(form.cleaned_data["allow_downgrade"], form.cleaned_data["enable"])
    user = request.user
    try:
        seen, plan = installs.looked_at(bundle.path, user=user, via="admin", options=options)
        if seen.builds:
            # The page of the job shows the log, and leads on to the plan.
            wanted = Wanted(install=False)
            job = installs.submit_upload(plan, bundle.path, seen, user=user, wanted=wanted)
            return HttpResponseRedirect(job.get_absolute_url())
        planning.check(plan, bundle.path)
    except BundleError as error:
        return _page(request, form, error)
    finally:
        bundle.close()
    return HttpResponseRedirect(reverse("admin:toolkits_toolkit_plan", args=[plan.pk]))


def _too_large(limit: int) -> BundleError:
    return BundleError(
        _("it is larger than %(limit)s, the most that is taken") % {"limit": bytes_text(limit)},
        where=_("the uploaded file"),
        hint=_("Leave out what is not needed, or raise TOOLKIT_UPLOAD_MAX_BYTES."),
    )


def _page(
    request: HttpRequest, form: UploadForm, problem: BundleError | None = None
) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": _("Install or update a toolkit"),
        "form": form,
        "problem": problem,
        "limit": bytes_text(settings.TOOLKIT_UPLOAD_MAX_BYTES),
    }
    status = 422 if problem or form.errors else 200
    response = TemplateResponse(request, "admin/toolkits/upload.html", context, status=status)
    # Rendered now, while the request and its upload are whole.
    return response.render()


register_page(
    AdminPage(
        name="toolkits_toolkit_upload",
        path="toolkits/toolkit/upload/",
        view=upload,
        title=gettext_lazy("Install a toolkit"),
        hint=gettext_lazy("Upload a bundle; it is usable at once, with no restart"),
        icon="upload",
        section="toolkits",
        order=20,
        allowed=can_install_toolkits,
    )
)
