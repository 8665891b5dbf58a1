"""Keys, cookies, headers and who is let in: secure with no switch needed."""

import secrets
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from toolbox.config import SigningConfig
from toolbox.settings import environment as e
from toolbox.settings.platform import APP_ENV, FRONTEND_BASE_URL

SIGNING = SigningConfig(
    algorithm=e.text("AUTH_JWT_ALGORITHM")
    or ("RS256" if e.text("AUTH_JWT_PRIVATE_KEY") else "HS256"),
    secret=e.text("AUTH_JWT_SECRET"),
    private_key=e.pem("AUTH_JWT_PRIVATE_KEY"),
    public_key=e.pem("AUTH_JWT_PUBLIC_KEY"),
)
# Without signing material commands such as preflight must still say so in their own words; a key
# of this process alone signs nothing that another one would take, and nothing serves on it.
SECRET_KEY = (
    e.text("DJANGO_SECRET_KEY")
    or e.derive(SIGNING.material, "django-secret-key")
    or secrets.token_hex(32)
)

_origin = urlsplit(FRONTEND_BASE_URL)
_https = _origin.scheme == "https"
ALLOWED_HOSTS = e.env.list("ALLOWED_HOSTS", default=[]) or [
    host for host in (_origin.hostname or "", "127.0.0.1", "localhost", "[::1]") if host
]
CSRF_TRUSTED_ORIGINS = [FRONTEND_BASE_URL]

# Addresses and networks of reverse proxies, and `unix` for one on a socket: what they say about
# where a request comes from is believed, and nobody else is.
TRUSTED_PROXIES = e.env.list("TRUSTED_PROXIES", default=[])

AUTH_COOKIE_SECURE = e.flag("AUTH_COOKIE_SECURE", _https)
AUTH_COOKIE_SAMESITE = e.text("AUTH_COOKIE_SAMESITE", "Lax")
AUTH_COOKIE_DOMAIN = e.text("AUTH_COOKIE_DOMAIN") or None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = AUTH_COOKIE_SECURE
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = AUTH_COOKIE_SAMESITE
SESSION_COOKIE_DOMAIN = CSRF_COOKIE_DOMAIN = AUTH_COOKIE_DOMAIN
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600

SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _https
SECURE_SSL_REDIRECT = False
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if APP_ENV == "test":
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

_VALIDATION = "django.contrib.auth.password_validation."
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": _VALIDATION + "UserAttributeSimilarityValidator"},
    {"NAME": _VALIDATION + "MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": _VALIDATION + "CommonPasswordValidator"},
    {"NAME": _VALIDATION + "NumericPasswordValidator"},
]
AUTHENTICATION_BACKENDS = ["accounts.backends.UsernameOrEmailBackend"]
