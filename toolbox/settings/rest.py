"""Django REST Framework, its tokens and its schema."""

from typing import Any

from toolbox import __version__
from toolbox.settings import environment as e

AUTH_ACCESS_TOKEN_TTL_SECONDS = e.number(
    "AUTH_ACCESS_TOKEN_TTL_SECONDS", 900, least=1, about="Life of an access token."
)
AUTH_REFRESH_TOKEN_TTL_SECONDS = e.number(
    "AUTH_REFRESH_TOKEN_TTL_SECONDS", 1_209_600, least=1, about="Life of a refresh token."
)

# Requests a minute: of a signed-in user by role, of anybody else by address; 0 is no limit.
API_REQUESTS_PER_MINUTE = {
    "anonymous": e.number(
        "API_RATE_ANONYMOUS", 60, least=0, about="API requests a minute of an address."
    ),
    "sign_in": e.number(
        "API_RATE_SIGN_IN", 20, least=0, about="Sign-ins a minute of an address, through the API."
    ),
    "user": e.number("API_RATE_USER", 1200, least=0, about="API requests a minute of a user."),
    "staff": e.number(
        "API_RATE_STAFF", 6000, least=0, about="API requests a minute of who sees all jobs."
    ),
}
API_CORS_ORIGINS = e.names(
    "API_CORS_ORIGINS",
    about="Sites whose pages may ask the API with a token, as https://app.example.com.",
)
API_BODY_MAX_BYTES = e.number(
    "API_BODY_MAX_BYTES", 2_097_152, least=1, about="Largest JSON body of an API request."
)
API_IMPORT_MAX_BYTES = e.number(
    "API_IMPORT_MAX_BYTES", 16_777_216, least=1, about="Largest body of an import of records."
)
API_STREAMS_MAX = e.number(
    "API_STREAMS_MAX", 6, least=0, about="Event streams of a web process; each holds a thread."
)
API_STREAM_SECONDS = e.number(
    "API_STREAM_SECONDS", 900, least=1,
    about="After so long an event stream ends, and its client comes again.",
)  # fmt: skip
API_WAITING_MAX = e.number(
    "API_WAITING_MAX", 6, least=0, about="Callers of a web process that wait for a result at once."
)

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.AccessTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["toolbox.api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "toolbox.api.openapi.ApiSchema",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_THROTTLE_CLASSES": ["toolbox.api.throttling.RoleThrottle"],
    "EXCEPTION_HANDLER": "toolbox.rest.problem_details",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
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
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "JobState": "toolkits.jobs.states.JobState",
        "JobKind": "toolkits.models.job.JobKind",
        "ApprovalState": "toolkits.models.ApprovalState",
        "StepState": "toolkits.models.StepState",
        "PlanState": "toolkits.models.PlanState",
        "ScheduleKind": "toolkits.models.schedule.ScheduleKind",
        "UserKind": "accounts.models.user.UserKind",
        "ProviderKind": "accounts.models.provider.ProviderKind",
        "CoreRole": "accounts.api.admin_serializers.ROLES",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "toolbox.api.openapi.add_problems",
    ],
}
