"""What is the platform's own: Vault, toolkits, retention, logging."""

from pathlib import Path

from toolbox.config import VaultConfig
from toolbox.settings import environment as e

BASE_DIR = e.BASE_DIR
VAR_DIR = e.VAR_DIR
APP_ENV = e.text("APP_ENV", "production")
DEBUG = False

FRONTEND_BASE_URL = e.text("FRONTEND_BASE_URL", "http://127.0.0.1:8000").rstrip("/")

VAULT = VaultConfig(
    addr=e.text("VAULT_ADDR"),
    auth_method=e.text("VAULT_AUTH_METHOD")
    or ("approle" if e.text("VAULT_APPROLE_ROLE_ID") else "token"),
    token=e.text("VAULT_TOKEN"),
    token_file=e.text("VAULT_TOKEN_FILE"),
    role_id=e.text("VAULT_APPROLE_ROLE_ID"),
    secret_id=e.text("VAULT_APPROLE_SECRET_ID"),
    kv_mount=e.text("VAULT_KV_MOUNT", "sre"),
    namespace=e.text("VAULT_NAMESPACE"),
    ca_cert=e.text("VAULT_CA_CERT"),
    tls_skip_verify=e.flag("VAULT_TLS_SKIP_VERIFY"),
)

TOOLKIT_STORAGE_DIR = Path(e.text("TOOLKIT_STORAGE_DIR") or VAR_DIR / "toolkits").absolute()
TOOLKIT_ARTIFACT_DIR = Path(e.text("TOOLKIT_ARTIFACT_DIR") or VAR_DIR / "artifacts").absolute()
TOOLKIT_UPLOAD_MAX_BYTES = e.number("TOOLKIT_UPLOAD_MAX_BYTES", 52_428_800)
TOOLKIT_BUNDLE_MAX_BYTES = e.number("TOOLKIT_BUNDLE_MAX_BYTES", 209_715_200)
TOOLKIT_BUNDLE_MAX_FILE_BYTES = e.number("TOOLKIT_BUNDLE_MAX_FILE_BYTES", 104_857_600)
TOOLKIT_CATALOG_URL = e.text("TOOLKIT_CATALOG_URL")
TOOLKIT_SIGNATURE_POLICY = e.text("TOOLKIT_SIGNATURE_POLICY", "warn")
TOOLKIT_TRUSTED_KEYS = e.text("TOOLKIT_TRUSTED_KEYS")
TOOLKIT_INDEX = e.flag("TOOLKIT_INDEX", True)

# Runners: who they run as, what they may use up, and how long a warm one is kept.
TOOLKIT_RUNNER_UID = e.number("TOOLKIT_RUNNER_UID", -1)
TOOLKIT_RUNNER_UID = None if TOOLKIT_RUNNER_UID < 0 else TOOLKIT_RUNNER_UID
TOOLKIT_RUNNER_PYTHON = e.text("TOOLKIT_RUNNER_PYTHON")
TOOLKIT_RUNNER_MEMORY_BYTES = e.number("TOOLKIT_RUNNER_MEMORY_BYTES", 1 << 30)
TOOLKIT_RUNNER_CPU_SECONDS = e.number("TOOLKIT_RUNNER_CPU_SECONDS", 7200)
TOOLKIT_RUNNER_FILE_BYTES = e.number("TOOLKIT_RUNNER_FILE_BYTES", 1 << 30)
TOOLKIT_RUNNER_OPEN_FILES = e.number("TOOLKIT_RUNNER_OPEN_FILES", 4096)
TOOLKIT_RUNNER_PROCESSES = e.number("TOOLKIT_RUNNER_PROCESSES", 512)
TOOLKIT_RUNNER_IDLE_SECONDS = e.number("TOOLKIT_RUNNER_IDLE_SECONDS", 600)
TOOLKIT_RUNNER_MAX_JOBS = e.number("TOOLKIT_RUNNER_MAX_JOBS", 1000)

TOOLKIT_JOB_LOG_MAX_BYTES = e.number("TOOLKIT_JOB_LOG_MAX_BYTES", 10_485_760)
TOOLKIT_JOB_TIMEOUT_SECONDS = e.number("TOOLKIT_JOB_TIMEOUT_SECONDS", 3600)
TOOLKIT_JOB_LEASE_SECONDS = e.number("TOOLKIT_JOB_LEASE_SECONDS", 15)
TOOLKIT_WORKER_STOP_SECONDS = e.number("TOOLKIT_WORKER_STOP_SECONDS", 8)
TOOLKIT_INTERACTIVE_WAIT_SECONDS = e.number("TOOLKIT_INTERACTIVE_WAIT_SECONDS", 15)

AUTH_PROVIDERS_JSON = e.text("AUTH_PROVIDERS_JSON")
AUTH_PROVIDERS_FILE = e.text("AUTH_PROVIDERS_FILE")
BOOTSTRAP_ADMIN_USERNAME = e.text("BOOTSTRAP_ADMIN_USERNAME")
BOOTSTRAP_ADMIN_PASSWORD = e.text("BOOTSTRAP_ADMIN_PASSWORD")
BOOTSTRAP_ADMIN_EMAIL = e.text("BOOTSTRAP_ADMIN_EMAIL")

LOG_LEVEL = e.text("LOG_LEVEL", "INFO").upper()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"stream": {"()": "toolbox.logging.StreamFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "stream"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"level": "WARNING"},
        "django.security.DisallowedHost": {"level": "ERROR"},
        "rq": {"level": "WARNING"},
        "rq.worker": {"level": "WARNING", "handlers": [], "propagate": True},
    },
}
