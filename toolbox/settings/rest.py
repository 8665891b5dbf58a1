"""Django REST Framework, its tokens and its schema."""

from datetime import timedelta
from typing import Any

from toolbox import __version__
from toolbox.settings import environment as e
from toolbox.settings.security import SIGNING

AUTH_ACCESS_TOKEN_TTL_SECONDS = e.number(
    "AUTH_ACCESS_TOKEN_TTL_SECONDS", 900, least=1, about="Life of an access token."
)
AUTH_REFRESH_TOKEN_TTL_SECONDS = e.number(
    "AUTH_REFRESH_TOKEN_TTL_SECONDS", 1_209_600, least=1, about="Life of a refresh token."
)

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.AccessTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "EXCEPTION_HANDLER": "toolbox.rest.problem_details",
    "DEFAULT_THROTTLE_RATES": {"login": "20/min"},
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}

SIMPLE_JWT: dict[str, Any] = {
    "ALGORITHM": SIGNING.algorithm,
    "SIGNING_KEY": SIGNING.material,
    "VERIFYING_KEY": SIGNING.public_key,
    "AUDIENCE": "sre-toolbox",
    "ISSUER": "sre-toolbox",
    "ACCESS_TOKEN_LIFETIME": timedelta(seconds=AUTH_ACCESS_TOKEN_TTL_SECONDS),
    "REFRESH_TOKEN_LIFETIME": timedelta(seconds=AUTH_REFRESH_TOKEN_TTL_SECONDS),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "CHECK_REVOKE_TOKEN": True,
    "USER_ID_FIELD": "id",
}

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "SRE Toolbox API",
    "DESCRIPTION": "Toolkits, their operations, and the jobs that run them.",
    "VERSION": __version__,
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
}
