"""The view class that every endpoint derives from."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.cache import patch_cache_control, patch_vary_headers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from toolbox import context, jsontext


class ApiView(APIView):
    """An endpoint: texts that no database can hold are refused before it runs, the user is
    named for the log, and nothing of its answers is kept by a shared cache."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        for value in kwargs.values():
            if isinstance(value, str) and not jsontext.storable(value):
                raise Http404
        for name, values in request.query_params.lists():
            if not all(map(jsontext.storable, [name, *values])):
                raise ValidationError({"query": "holds a character that cannot be kept"})
        super().initial(request, *args, **kwargs)
        if request.user.is_authenticated:
            context.note_user(request.user.get_username())

    def finalize_response(
        self, request: Request | HttpRequest, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[arg-type]
        if not final.has_header("Cache-Control"):
            patch_cache_control(final, private=True, no_cache=True)
        patch_vary_headers(final, ["Authorization", "Cookie"])
        return final
