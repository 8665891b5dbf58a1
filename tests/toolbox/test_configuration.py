"""Settings say what is wrong with them, and nothing serves until it is put right."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.processes import BASE
from toolbox.settings.environment import variables

COMPLETE = {
    "APP_ENV": "production",
    "AUTH_JWT_SECRET": "q3Vd9sXk2LmPz7RtY8uWbN4hJc6gFa1E",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "VAULT_ADDR": "http://127.0.0.1:1",
    "VAULT_TOKEN": "a-token",
}


def preflight(tmp_path, **env: str) -> subprocess.CompletedProcess[str]:
    whole = {"PATH": os.environ["PATH"], "TOOLBOX_VAR_DIR": str(tmp_path), **COMPLETE, **env}
    return subprocess.run(
        [sys.executable, "manage.py", "preflight"],
        cwd=BASE, env={k: v for k, v in whole.items() if v}, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"TOOLKIT_JOB_LEASE_SECONDS": "soon"}, "TOOLKIT_JOB_LEASE_SECONDS must be a whole number"),
        ({"TOOLKIT_JOB_LEASE_SECONDS": "0"}, "a whole number from 3"),
        ({"AUTH_COOKIE_SECURE": "perhaps"}, "AUTH_COOKIE_SECURE must be true or false"),
        ({"TOOLKIT_SIGNATURE_POLICY": "maybe"}, "must be one of off, warn, require"),
        ({"DATABASE_URL": "mysql://db/x"}, "DATABASE_URL must begin with"),
        ({"AUTH_JWT_SECRET": ""}, "set AUTH_JWT_SECRET"),
        ({"AUTH_JWT_SECRET": "changeme" * 5}, "sample value"),
        ({"AUTH_JWT_PRIVATE_KEY": "-----BEGIN"}, "AUTH_JWT_PUBLIC_KEY is not set"),
        ({"REDIS_URL": ""}, "REDIS_URL is not set"),
        ({"VAULT_ADDR": ""}, "VAULT_ADDR is not set"),
        ({"VAULT_TOKEN": ""}, "VAULT_TOKEN or VAULT_TOKEN_FILE"),
        ({"VAULT_APPROLE_ROLE_ID": "x"}, "VAULT_APPROLE_SECRET_ID"),
        ({"VAULT_TLS_SKIP_VERIFY": "on"}, "VAULT_TLS_SKIP_VERIFY is on in production"),
    ],
)
def test_a_wrong_or_missing_value_is_named(tmp_path, env, said):
    done = preflight(tmp_path, **env)

    assert done.returncode == 1
    assert said in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_djangos_own_checks_find_nothing_to_say_of_a_production_environment(tmp_path):
    env = {
        **COMPLETE,
        "PATH": os.environ["PATH"],
        "TOOLBOX_VAR_DIR": str(tmp_path),
        "DATABASE_URL": "postgres://toolbox:x@127.0.0.1:1/toolbox",
        "FRONTEND_BASE_URL": "https://toolbox.example.com",
    }

    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=BASE, env=env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_each_dependency_that_is_away_has_a_line_that_says_what_to_do(tmp_path):
    done = preflight(tmp_path)

    failed = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("FAILED")]
    assert failed == ["migrations", "redis", "vault"]
    assert "Run manage.py migrate." in done.stdout


def test_every_variable_has_a_meaning():
    assert [name for name, variable in variables.items() if not variable.about] == []


def test_the_reference_and_the_example_are_current():
    done = subprocess.run(
        [sys.executable, "scripts/write_reference.py", "--check"],
        cwd=BASE, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout


GUNICORN = ("-m", "gunicorn", "toolbox.wsgi", "-c", "deploy/gunicorn.conf.py", "-b", "127.0.0.1:0")


@pytest.mark.parametrize(
    "command", [("manage.py", "rqworker", "default"), ("manage.py", "scheduler"), GUNICORN]
)
def test_nothing_serves_on_partial_configuration(tmp_path, command):
    env = {
        "PATH": os.environ["PATH"],
        "TOOLBOX_VAR_DIR": str(tmp_path),
        **COMPLETE,
        "REDIS_URL": "",
    }

    done = subprocess.run(
        [sys.executable, *command],
        cwd=BASE, env=env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode != 0
    assert "REDIS_URL is not set" in done.stderr


@pytest.mark.parametrize(
    ("database", "said"),
    [("", "no such table"), ("postgres://a:b@127.0.0.1:1/toolbox", "refused")],
)
def test_a_command_says_in_words_that_its_database_is_away_or_not_migrated(
    tmp_path, database, said
):
    env = {"PATH": os.environ["PATH"], "TOOLBOX_VAR_DIR": str(tmp_path), **COMPLETE}
    env["DATABASE_URL"] = database or f"sqlite:///{tmp_path}/empty.sqlite3"
    done = subprocess.run(
        [sys.executable, "manage.py", "audit", "verify"],
        cwd=BASE, env=env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert said in done.stderr
    assert "manage.py preflight" in done.stderr
    assert "Traceback" not in done.stderr
