#!/bin/sh
# Everything that `make lint` checks; each tool says what it found, and all of them run.
set -u
cd "$(dirname "$0")/.."
status=0
export APP_ENV=test AUTH_JWT_SECRET=lint-needs-no-real-one-0123456789-abcdef REDIS_URL=redis://127.0.0.1:1/0
export VAULT_ADDR=http://127.0.0.1:1 VAULT_TOKEN=lint DATABASE_URL=sqlite:///:memory:

check() {
    name="$1"
    shift
    echo "lint: $name"
    "$@" || { echo "lint: $name FAILED"; status=1; }
}

check ruff .venv/bin/ruff check --quiet .
check mypy .venv/bin/mypy toolbox accounts audit toolkits client/toolbox_cli
check import-linter .venv/bin/lint-imports --no-cache
check djlint .venv/bin/djlint --quiet --lint templates
check "django checks" .venv/bin/python manage.py check --fail-level WARNING
check "configuration reference" .venv/bin/python scripts/write_reference.py --check
check "SDK reference" .venv/bin/python scripts/write_sdk_reference.py --check
check migrations .venv/bin/python manage.py makemigrations --check --dry-run
exit $status
