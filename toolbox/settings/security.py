"""Keys, cookies, headers and who is let in: secure with no switch needed."""

import secrets
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from toolbox.config import SigningConfig
from toolbox.settings import environment as e
from toolbox.settings.platform import APP_ENV, FRONTEND_BASE_URL

_private_key = e.pem(
    "AUTH_JWT_PRIVATE_KEY", about="Key pair that signs tokens, in PEM, in place of the secret."
)
SIGNING = SigningConfig(
    algorithm=e.choice(
        "AUTH_JWT_ALGORITHM",
        "RS256" if _private_key else "HS256",
        ("HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "EdDSA"),
        shown="HS256, or RS256 with a key pair",
        about="How tokens are signed.",
    ),
    secret=e.secret(
        "AUTH_JWT_SECRET", about="Signs tokens and sessions: 32 random characters or more."
    ),
    private_key=_private_key,
    public_key=e.pem("AUTH_JWT_PUBLIC_KEY", public=True, about="The other half of the pair."),
    previous_secrets=tuple(
        e.secret(
            "AUTH_JWT_PREVIOUS_SECRETS",
            about="Secrets that signed before, with spaces between: still believed, not used.",
        ).split()
    ),
    previous_public_keys=e.pem(
        "AUTH_JWT_PREVIOUS_PUBLIC_KEYS",
        public=True,
        about="Public keys that signed before, one after the other.",
    ),
)
# Without signing material commands such as preflight must still say so in their own words; a key
# of this process alone signs nothing that another one would take, and nothing serves on it.
SECRET_KEY = (
    e.secret("DJANGO_SECRET_KEY", about="Django's key; by default derived from the signing key.")
    or e.derive(SIGNING.material, "django-secret-key")
    or secrets.token_hex(32)
)
SECRET_KEY_FALLBACKS = [e.derive(old, "django-secret-key") for old in SIGNING.previous_secrets]

_origin = urlsplit(FRONTEND_BASE_URL)
_https = _origin.scheme == "https"
ALLOWED_HOSTS = e.names(
    "ALLOWED_HOSTS",
    [host for host in (_origin.hostname or "", "127.0.0.1", "localhost", "[::1]") if host],
    shown="the host of FRONTEND_BASE_URL, and this machine",
    about="Names that requests may be made to.",
)
CSRF_TRUSTED_ORIGINS = [FRONTEND_BASE_URL]

TRUSTED_PROXIES = e.names(
    "TRUSTED_PROXIES",
    about="Addresses and networks of reverse proxies, and `unix` for one on a socket: they alone "
    "are believed about where a request comes from.",
)

AUTH_COOKIE_SECURE = e.flag(
    "AUTH_COOKIE_SECURE",
    _https,
    shown="true where FRONTEND_BASE_URL is https",
    about="Send cookies over TLS alone.",
)
AUTH_COOKIE_SAMESITE = e.choice(
    "AUTH_COOKIE_SAMESITE", "Lax", ("Lax", "Strict", "None"), about="SameSite of cookies."
)
AUTH_COOKIE_DOMAIN = (
    e.text("AUTH_COOKIE_DOMAIN", about="Domain of cookies; by default the host alone.") or None
)
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
