#!/bin/sh
# All tests: on SQLite, then on PostgreSQL where a server can be had. Says what ran.
set -u
cd "$(dirname "$0")/.."
python=.venv/bin/python
ran="" skipped="" status=0
# What asks for no database says the same of itself on either.
again="(database or postgres) and not browser and not long"

echo "tests on SQLite, with Valkey and OpenBao"
TEST_DATABASE_URL="" $python -m pytest -n auto -q -m "not long" "$@" || status=1
ran="SQLite"

if [ -n "${TEST_DATABASE_URL:-}" ]; then
    echo "tests on PostgreSQL (TEST_DATABASE_URL)"
    $python -m pytest -n auto -q -m "$again" "$@" || status=1
    ran="$ran, PostgreSQL (TEST_DATABASE_URL)"
elif $python -m tests.support.postgres --available; then
    echo "tests on PostgreSQL (a private cluster)"
    $python -m tests.support.postgres -- $python -m pytest -n auto -q -m "$again" "$@" || status=1
    ran="$ran, PostgreSQL (private cluster)"
else
    skipped="PostgreSQL: no server binaries were found and TEST_DATABASE_URL is not set"
fi

echo "ran on: $ran"
echo "run once: what asks for no database, and what drives Chromium"
echo "skipped: tests marked long (fuzzing by role, accessibility of every page, 200 jobs under random kills, plans at a million jobs, every command of the documents): make test-long runs them"
[ -n "$skipped" ] && echo "skipped: $skipped"
exit $status
