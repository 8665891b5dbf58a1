"""The checks that preflight, start-up and ``/health`` share."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import redis
import requests
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from toolbox import redis_urls, secrets
from toolbox.health import signing
from toolbox.secrets import SecretsError

_SECONDS = 3
_LEAST_FREE = 64 << 20


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one check. ``hint`` says what to do when it is not ok."""

    name: str
    ok: bool
    detail: str
    hint: str = ""
    duration_ms: float = 0.0


class CheckFailed(Exception):
    """A check that failed: what was found, and what to do."""

    def __init__(self, detail: str, hint: str) -> None:
        super().__init__(detail)
        self.hint = hint


def configuration() -> str:
    """Every value is of its type; signing material and required addresses are set."""
    if settings.CONFIGURATION_PROBLEMS:
        raise CheckFailed("; ".join(settings.CONFIGURATION_PROBLEMS), "See docs/configuration.md.")
    if wrong := signing.problem(settings.SIGNING):
        raise CheckFailed(wrong, "See docs/configuration.md.")
    for name, value in (("REDIS_URL", settings.REDIS_URL), ("VAULT_ADDR", settings.VAULT.addr)):
        if not value:
            raise CheckFailed(f"{name} is not set", f"Set {name}. See docs/configuration.md.")
    vault = settings.VAULT
    if vault.tls_skip_verify and settings.APP_ENV in {"production", "staging"}:
        raise CheckFailed("VAULT_TLS_SKIP_VERIFY is on in production", "Set VAULT_CA_CERT instead.")
    if vault.auth_method == "approle" and not (vault.role_id and vault.secret_id):
        raise CheckFailed(
            "AppRole needs VAULT_APPROLE_ROLE_ID and VAULT_APPROLE_SECRET_ID", "Set both."
        )
    if vault.auth_method == "token" and not (vault.token or vault.token_file):
        raise CheckFailed("there is no VAULT_TOKEN or VAULT_TOKEN_FILE", "Set one of them.")
    return f"{settings.APP_ENV}, signing with {settings.SIGNING.algorithm}"


def database() -> str:
    """The database answers. Says when it may forget what it has committed."""
    lax = []
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            if connection.vendor == "postgresql":
                cursor.execute(
                    "SELECT name FROM pg_settings WHERE setting = 'off'"
                    " AND name IN ('fsync', 'synchronous_commit') ORDER BY name"
                )
                lax = [row[0] for row in cursor.fetchall()]
    except DatabaseError as error:
        raise CheckFailed(
            f"the database does not answer: {str(error).strip().splitlines()[0]}",
            "Check DATABASE_URL and that the server runs.",
        ) from None
    if lax:
        # A worker's claim that is forgotten lets a second one take the job.
        return (
            f"{connection.vendor}; a crash of it can lose commits and run a job twice: "
            f"{' and '.join(lax)} off"
        )
    return connection.vendor


def migrations() -> str:
    """Every migration has been applied."""
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        raise CheckFailed("they cannot be read from the database", "See the database.") from None
    if plan:
        raise CheckFailed(f"{len(plan)} are not applied", "Run manage.py migrate.")
    return "all applied"


def redis_server() -> str:
    """Redis or Valkey answers."""
    try:
        client = redis_urls.connect(
            settings.REDIS_URL, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS
        )
        with client:
            client.ping()
            version = str(client.info("server").get("redis_version", ""))
    except (redis.RedisError, ValueError) as error:
        raise CheckFailed(
            f"it does not answer ({type(error).__name__})",
            "Check REDIS_URL and that the server runs.",
        ) from None
    return f"version {version}"


def vault() -> str:
    """Vault is reachable, initialised, unsealed, and lets this platform use its mount."""
    try:
        status = secrets.client().status()
        if not status.initialised:
            raise CheckFailed("it is not initialised", "Run manage.py bootstrap_vault.")
        if status.sealed:
            raise CheckFailed("it is sealed", "Unseal it with its keys.")
        secrets.client().check()
    except SecretsError as error:
        raise CheckFailed(str(error), "Check VAULT_ADDR, the credentials and the policy.") from None
    return f"version {status.version}, mount {settings.VAULT.kv_mount}"


def storage() -> str:
    """Toolkits can be stored."""
    root = settings.TOOLKIT_STORAGE_DIR
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root) as probe:
            probe.write(b"probe")
        free = shutil.disk_usage(root).free
    except OSError as error:
        raise CheckFailed(
            f"{root} cannot be written: {error.strerror}", "Check TOOLKIT_STORAGE_DIR."
        ) from None
    if free < _LEAST_FREE:
        raise CheckFailed(f"only {free >> 20} MiB are free in {root}", "Free some space.")
    return f"{free >> 30} GiB free"


def web() -> str:
    """The web part answers, asked as a visitor does."""
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(
                f"{settings.WEB_CHECK_URL}/livez", timeout=_SECONDS, allow_redirects=False
            )
    except (requests.RequestException, ValueError) as error:
        raise CheckFailed(
            f"{settings.WEB_CHECK_URL} does not answer ({type(error).__name__})",
            "Check that the web part runs, and that WEB_CHECK_URL is its address from here.",
        ) from None
    if answer.status_code >= requests.codes.server_error:
        raise CheckFailed(
            f"{settings.WEB_CHECK_URL} answers {answer.status_code}",
            "Check that the web part runs behind the proxy, and its log.",
        )
    return f"answers at {settings.WEB_CHECK_URL}"


def bundle_store() -> str:
    """Where hosts that share no disk take bundles from: it can be written."""
    if not settings.TOOLKIT_BUNDLE_STORAGE:
        return "a folder in the toolkit storage, which all hosts have to share"
    try:
        kept = storages["bundles"]
        kept.delete(kept.save("probe", ContentFile(b"probe")))
    except Exception as error:  # noqa: BLE001  (each storage fails in its own way)
        words = " ".join(str(error).split())[:200]
        raise CheckFailed(
            f"it cannot be written: {type(error).__name__}: {words}",
            "Check TOOLKIT_BUNDLE_STORAGE and TOOLKIT_BUNDLE_STORAGE_OPTIONS.",
        ) from None
    return settings.TOOLKIT_BUNDLE_STORAGE.rpartition(".")[2]


def isolation() -> str:
    """What keeps toolkit code away from the platform. Never fails; says what does not hold."""
    if settings.TOOLKIT_RUNNER_UID is not None and os.geteuid() == 0:
        return f"toolkits run as user {settings.TOOLKIT_RUNNER_UID}"
    return (
        "toolkits run as the platform's own user: a separate uid is NOT enforced; where the "
        "kernel has no Landlock they could read the platform's files "
        "(start as root with TOOLKIT_RUNNER_UID to separate them)"
    )


CHECKS: dict[str, Callable[[], str]] = {
    "configuration": configuration,
    "database": database,
    "migrations": migrations,
    "redis": redis_server,
    "vault": vault,
    "storage": storage,
    "bundles": bundle_store,
    "isolation": isolation,
}

#: What only a running platform can be asked for, by name.
LIVE: dict[str, Callable[[], str]] = {"web": web}


def run_checks(names: Iterable[str] | None = None) -> list[CheckResult]:
    """Run the checks in order; each that fails says what to do."""
    known = {**CHECKS, **LIVE}
    return [_run(name, known[name]) for name in (names or CHECKS)]


def run_bounded(names: Iterable[str], seconds: float = 4.0) -> list[CheckResult]:
    """Run checks side by side, none of which may use the database; one that hangs has failed.

    A mount that hangs ends no thread, so its thread is left behind, and ends with the process.
    """
    wanted, found = list(names), {}

    def take(name: str) -> None:
        found[name] = run_checks([name])[0]

    threads = [threading.Thread(target=take, args=(name,), daemon=True) for name in wanted]
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return [
        found.get(name)
        or CheckResult(
            name, False, f"no answer in {seconds:g} seconds", "It hangs.", seconds * 1000
        )
        for name in wanted
    ]


def _run(name: str, check: Callable[[], str]) -> CheckResult:
    started = time.monotonic()
    try:
        detail, ok, hint = check(), True, ""
    except CheckFailed as failed:
        detail, ok, hint = str(failed), False, failed.hint
    return CheckResult(name, ok, detail, hint, round((time.monotonic() - started) * 1000, 2))
