"""What is the platform's own: Vault, toolkits, retention, logging."""

from toolbox.config import VaultConfig
from toolbox.settings import environment as e
from toolbox.settings.storages import file_storage

BASE_DIR = e.BASE_DIR
VAR_DIR = e.VAR_DIR
APP_ENV = e.choice(
    "APP_ENV",
    "production",
    ("production", "staging", "development", "test"),
    about="What this installation is for. Everything but development refuses sample values.",
)
DEBUG = False
CONFIGURATION_PROBLEMS = e.problems
CONFIGURATION_VARIABLES = e.variables
CONFIGURATION_SECRETS = e.secret_values
TOOLBOX_WAIT_SECONDS = e.number(
    "TOOLBOX_WAIT_SECONDS", 0, least=0, about="How long a part waits for what it needs at start."
)

TOOLBOX_ALIVE_FILE = e.text(
    "TOOLBOX_ALIVE_FILE",
    about="A file that workers and schedulers touch while they work, for probes: one that stands "
    "still for ten minutes is stuck.",
)

FRONTEND_BASE_URL = e.text(
    "FRONTEND_BASE_URL",
    "http://127.0.0.1:8000",
    about="The public origin, as browsers see it. With https, cookies are secure and HSTS is sent.",
).rstrip("/")

WEB_CHECK_URL = e.text(
    "WEB_CHECK_URL",
    FRONTEND_BASE_URL,
    shown="FRONTEND_BASE_URL",
    about="Where workers ask whether the web part answers, if the public origin is not for them.",
).rstrip("/")

_role_id = e.text("VAULT_APPROLE_ROLE_ID", about="The platform's AppRole.")
VAULT = VaultConfig(
    addr=e.text("VAULT_ADDR", about="Vault or OpenBao: https://vault.example.com:8200. Required."),
    auth_method=e.choice(
        "VAULT_AUTH_METHOD",
        "approle" if _role_id else "token",
        ("token", "approle"),
        shown="approle where a role id is set",
        about="How the platform signs in.",
    ),
    token=e.secret("VAULT_TOKEN", about="A token, for token sign-in. A file is better."),
    token_file=e.text("VAULT_TOKEN_FILE", about="A file with the token; read again on change."),
    role_id=_role_id,
    secret_id=e.secret("VAULT_APPROLE_SECRET_ID", about="The AppRole's secret."),
    kv_mount=e.text("VAULT_KV_MOUNT", "sre", about="Mount of the KV engine, version 1 or 2."),
    namespace=e.text("VAULT_NAMESPACE", about="Vault namespace, where there are any."),
    ca_cert=e.text("VAULT_CA_CERT", about="A file with the CA that signed Vault's certificate."),
    tls_skip_verify=e.flag(
        "VAULT_TLS_SKIP_VERIFY", about="Trust any certificate. Refused in production."
    ),
    timeout=float(
        e.number("VAULT_TIMEOUT_SECONDS", 5, least=1, about="How long an answer may take.")
    ),
)

TOOLKIT_STORAGE_DIR = e.path(
    "TOOLKIT_STORAGE_DIR",
    VAR_DIR / "toolkits",
    shown="var/toolkits",
    about="Where installed bundles are kept.",
)
TOOLKIT_ARTIFACT_DIR = e.path(
    "TOOLKIT_ARTIFACT_DIR",
    VAR_DIR / "artifacts",
    shown="var/artifacts",
    about="Where files that jobs keep are kept.",
)
TOOLKIT_ARTIFACT_STORAGE = e.text(
    "TOOLKIT_ARTIFACT_STORAGE",
    about="Class of another Django storage for these files, such as one for S3.",
)
TOOLKIT_ARTIFACT_STORAGE_OPTIONS = e.mapping(
    "TOOLKIT_ARTIFACT_STORAGE_OPTIONS", about="Its options, as a JSON object."
)
TOOLKIT_ARTIFACT_MAX_BYTES = e.number(
    "TOOLKIT_ARTIFACT_MAX_BYTES", 268_435_456, least=1, about="Largest file that a job may keep."
)
TOOLKIT_ARTIFACT_TOTAL_MAX_BYTES = e.number(
    "TOOLKIT_ARTIFACT_TOTAL_MAX_BYTES", 1 << 30, least=1, about="All that one job may keep."
)
ARTIFACT_STORAGE = file_storage(
    TOOLKIT_ARTIFACT_STORAGE, TOOLKIT_ARTIFACT_STORAGE_OPTIONS, TOOLKIT_ARTIFACT_DIR
)
TOOLKIT_BUNDLE_STORAGE = e.text(
    "TOOLKIT_BUNDLE_STORAGE",
    about="Class of a Django storage that every host takes bundles from, such as one for S3: "
    "where hosts share no disk. By default a folder in TOOLKIT_STORAGE_DIR.",
)
TOOLKIT_BUNDLE_STORAGE_OPTIONS = e.mapping(
    "TOOLKIT_BUNDLE_STORAGE_OPTIONS", about="Its options, as a JSON object."
)
BUNDLE_STORAGE = file_storage(
    TOOLKIT_BUNDLE_STORAGE,
    TOOLKIT_BUNDLE_STORAGE_OPTIONS,
    TOOLKIT_STORAGE_DIR / ".bundles",
    overwrite=True,
)
TOOLKIT_UPLOAD_MAX_BYTES = e.number(
    "TOOLKIT_UPLOAD_MAX_BYTES", 52_428_800, least=1, about="Largest zip that is accepted."
)
TOOLKIT_BUNDLE_MAX_BYTES = e.number(
    "TOOLKIT_BUNDLE_MAX_BYTES", 209_715_200, least=1, about="Largest bundle, unpacked."
)
TOOLKIT_BUNDLE_MAX_FILE_BYTES = e.number(
    "TOOLKIT_BUNDLE_MAX_FILE_BYTES", 104_857_600, least=1, about="Largest file of a bundle."
)
TOOLKIT_CATALOG_URL = e.text(
    "TOOLKIT_CATALOG_URL", about="Catalogs of toolkits: https or file URLs, separated by spaces."
)
TOOLKIT_CATALOG_ALLOW_PRIVATE = e.flag(
    "TOOLKIT_CATALOG_ALLOW_PRIVATE",
    about="Let catalogs and their bundles be at private addresses, and over plain http.",
)
TOOLKIT_SIGNATURE_POLICY = e.choice(
    "TOOLKIT_SIGNATURE_POLICY",
    "warn",
    ("off", "warn", "require"),
    about="What happens to a bundle with no signature by a trusted key.",
)
TOOLKIT_TRUSTED_KEYS = e.text(
    "TOOLKIT_TRUSTED_KEYS", about="Ed25519 public keys in base64, as name=key, with commas between."
)
TOOLKIT_INDEX = e.flag(
    "TOOLKIT_INDEX", True, about="Whether requirements of toolkits may come from a package index."
)

# Runners: who they run as, what they may use up, and how long a warm one is kept.
_runner_uid = e.number(
    "TOOLKIT_RUNNER_UID",
    -1,
    about="User id that toolkit code runs as, where workers are started by root; -1 for their own.",
)
TOOLKIT_RUNNER_UID = None if _runner_uid < 0 else _runner_uid
TOOLKIT_RUNNER_PYTHON = e.text(
    "TOOLKIT_RUNNER_PYTHON", about="Python for runners; by default the platform's own."
)
TOOLKIT_RUNNER_MEMORY_BYTES = e.number(
    "TOOLKIT_RUNNER_MEMORY_BYTES", 1 << 30, least=1 << 26, about="Address space of a runner."
)
TOOLKIT_RUNNER_CPU_SECONDS = e.number(
    "TOOLKIT_RUNNER_CPU_SECONDS", 7200, least=1, about="Processor time of a runner in its life."
)
TOOLKIT_RUNNER_FILE_BYTES = e.number(
    "TOOLKIT_RUNNER_FILE_BYTES", 1 << 30, least=1, about="Largest file that a runner may write."
)
TOOLKIT_RUNNER_OPEN_FILES = e.number(
    "TOOLKIT_RUNNER_OPEN_FILES", 4096, least=32, about="Open files of a runner."
)
TOOLKIT_RUNNER_PROCESSES = e.number(
    "TOOLKIT_RUNNER_PROCESSES", 512, least=1, about="Processes and threads of the runner's user."
)
TOOLKIT_RUNNER_IDLE_SECONDS = e.number(
    "TOOLKIT_RUNNER_IDLE_SECONDS", 600, least=1, about="How long an idle runner is kept warm."
)
TOOLKIT_RUNNER_MAX_JOBS = e.number(
    "TOOLKIT_RUNNER_MAX_JOBS", 1000, least=1, about="Jobs after which a runner is replaced."
)

TOOLKIT_JOB_LOG_MAX_BYTES = e.number(
    "TOOLKIT_JOB_LOG_MAX_BYTES", 10_485_760, least=1024, about="Log that is kept of one job."
)
TOOLKIT_JOB_TIMEOUT_SECONDS = e.number(
    "TOOLKIT_JOB_TIMEOUT_SECONDS", 3600, least=1, about="Time limit of operations that set none."
)
TOOLKIT_JOB_LEASE_SECONDS = e.number(
    "TOOLKIT_JOB_LEASE_SECONDS", 15, least=3, about="After so long without news a job is lost."
)
TOOLKIT_JOB_RETENTION_DAYS = e.number(
    "TOOLKIT_JOB_RETENTION_DAYS", 365, least=0, about="How long jobs are kept; 0 for ever."
)
TOOLKIT_JOB_RETENTION_COUNT = e.number(
    "TOOLKIT_JOB_RETENTION_COUNT", 0, least=0, about="Most jobs of an operation; 0 for no limit."
)
TOOLKIT_LOG_RETENTION_DAYS = e.number(
    "TOOLKIT_LOG_RETENTION_DAYS", 90, least=0, about="How long logs of jobs are kept."
)
TOOLKIT_ARTIFACT_RETENTION_DAYS = e.number(
    "TOOLKIT_ARTIFACT_RETENTION_DAYS", 90, least=0, about="How long files of jobs are kept."
)
TOOLKIT_APPROVAL_SECONDS = e.number(
    "TOOLKIT_APPROVAL_SECONDS", 86_400, least=60, about="How long a job waits to be approved."
)
TOOLKIT_VAULT_WAIT_SECONDS = e.number(
    "TOOLKIT_VAULT_WAIT_SECONDS", 3600, least=1, about="How long a job waits for a Vault away."
)
TOOLKIT_WORKER_STOP_SECONDS = e.number(
    "TOOLKIT_WORKER_STOP_SECONDS", 8, least=0, about="What a stopping worker gives a running job."
)
TOOLKIT_INTERACTIVE_WAIT_SECONDS = e.number(
    "TOOLKIT_INTERACTIVE_WAIT_SECONDS", 15, least=1, about="How long a caller waits for a result."
)

TOOLKIT_WEBHOOK_ALLOWED_NETWORKS = e.names(
    "TOOLKIT_WEBHOOK_ALLOWED_NETWORKS",
    about="Private networks that webhooks may go to, as 10.1.0.0/16, with commas between.",
)
EMAIL_URL = e.secret(
    "EMAIL_URL", about="Mail server: smtp+tls://user:password@mail.example.com:587."
)
DEFAULT_FROM_EMAIL = e.text(
    "EMAIL_FROM", "SRE Toolbox <toolbox@localhost>", about="Sender of mail."
)
globals().update(e.mail(EMAIL_URL))

AUTH_PROVIDERS_JSON = e.secret(
    "AUTH_PROVIDERS_JSON", about="Sign-in providers to create at start, as a JSON list."
)
AUTH_PROVIDERS_FILE = e.text("AUTH_PROVIDERS_FILE", about="The same in a file.")
BOOTSTRAP_ADMIN_USERNAME = e.text(
    "BOOTSTRAP_ADMIN_USERNAME", about="Name for `manage.py bootstrap_admin`."
)
BOOTSTRAP_ADMIN_PASSWORD = e.secret(
    "BOOTSTRAP_ADMIN_PASSWORD", about="Its first password. Never overwrites one that is set."
)
BOOTSTRAP_ADMIN_EMAIL = e.text("BOOTSTRAP_ADMIN_EMAIL", about="Its email address.")

METRICS_TOKEN = e.secret(
    "METRICS_TOKEN", about="Bearer token for /metrics. Without one, METRICS_ALLOW alone decides."
)
METRICS_ALLOW = e.names(
    "METRICS_ALLOW",
    ["127.0.0.0/8", "::1/128"],
    about="Networks that may read /metrics without the token.",
)

OTEL_ENDPOINT = e.text(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    about="OpenTelemetry collector that takes traces by OTLP over HTTP: http://collector:4318. "
    "Without it there are none.",
)
OTEL_HEADERS = e.secret(
    "OTEL_EXPORTER_OTLP_HEADERS", about="Headers for it: name=value, with commas between."
)
OTEL_SERVICE_NAME = e.text(
    "OTEL_SERVICE_NAME", "sre-toolbox", about="What this platform is called in traces."
)
OTEL_SAMPLE_PERCENT = e.number(
    "OTEL_SAMPLE_PERCENT", 100, least=0, about="Share of requests and jobs that are traced."
)

LOG_LEVEL = e.choice(
    "LOG_LEVEL",
    "INFO",
    ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
    about="The least severe level that is logged.",
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"stream": {"()": "toolbox.logging.StreamFormatter"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "stream"},
        "recent": {"class": "toolbox.system.recent.RecentWarnings"},
    },
    "root": {"handlers": ["stderr", "recent"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"level": "WARNING"},
        "django.security.DisallowedHost": {"level": "ERROR"},
        "rq": {"level": "WARNING"},
        "rq.worker": {"level": "WARNING", "handlers": [], "propagate": True},
    },
}
