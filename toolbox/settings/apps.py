"""Installed apps, middleware, templates, static files, locale."""

import warnings

from toolbox.settings.environment import BASE_DIR
from toolbox.settings.platform import ARTIFACT_STORAGE, BUNDLE_STORAGE

INSTALLED_APPS = [
    "toolbox",
    "toolkits",
    "audit",
    "accounts",
    "toolbox.admin.config.ToolboxAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_htmx",
    "django_rq",
]

MIDDLEWARE = [
    "toolbox.middleware.request_context",
    "toolbox.health.middleware.asked_by_address",
    "django.middleware.security.SecurityMiddleware",
    "toolbox.api.cors.share",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.session_rows",
    "accounts.middleware.preferences",
    "toolkits.pages.maintenance.pause",
    "toolbox.denials.record_denials",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "toolbox.urls"
WSGI_APPLICATION = "toolbox.wsgi.application"
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "toolbox.context_processors.console",
            ],
        },
    }
]

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Files come straight from the finders, so that a fresh checkout needs no collectstatic; where
# one was run, the collected copies with their hashes are served.
WHITENOISE_USE_FINDERS = not STATIC_ROOT.is_dir()
WHITENOISE_AUTOREFRESH = False
# A checkout has no collected files, and needs none.
warnings.filterwarnings("ignore", message="No directory at", category=UserWarning)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATIC_ROOT.is_dir()
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
    "artifacts": ARTIFACT_STORAGE,
    "bundles": BUNDLE_STORAGE,
}

LANGUAGE_CODE = "en"
#: Those that are complete: scripts/messages.py --check holds each of them to that.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["toolbox.formats"]

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "dashboard"
LOGOUT_REDIRECT_URL = "login"
SILENCED_SYSTEM_CHECKS = [
    # Usernames are unique by a constraint on their lower case, which the check does not know.
    "auth.W004",
    # The reverse proxy redirects to https; it, probes and Prometheus speak http behind it.
    "security.W008",
    # Whether browsers preload a whole domain is for the domain's owner to say, not for one host.
    "security.W021",
]
