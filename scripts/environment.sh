#!/bin/sh
# Prepares .venv beside this checkout: `environment.sh` for running, `environment.sh dev` with
# the tools that tests and lint need. Does nothing when the requirements have not changed.
set -eu
cd "$(dirname "$0")/.."
kind="${1:-run}"
files="requirements.txt requirements-embedded.txt"
[ "$kind" = dev ] && files="$files requirements-dev.txt"

find_python() {
    for name in ${PYTHON:-} python3.13 python3.12 python3.11 python3 python; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    echo "Python 3.11 or newer is needed and was not found. Install it, or set PYTHON." >&2
    exit 1
}

if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python="$(find_python)"
    echo "Making .venv with $python"
    rm -rf .venv
    if ! "$python" -m venv .venv; then
        rm -rf .venv
        echo "The venv module of $python does not work. On Debian: apt install python3-venv." >&2
        exit 1
    fi
fi

wanted="$(cat $files | cksum)"
stamp=".venv/.installed-$kind"
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$wanted" ]; then
    echo "Installing what $files pin (a few minutes the first time)"
    set --
    for file in $files; do set -- "$@" -r "$file"; done
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes "$@"
    echo "$wanted" >"$stamp"
fi
