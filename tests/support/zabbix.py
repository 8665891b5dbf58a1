"""Zabbix 6.0's own API for tests: Debian's frontend under PHP's server, on a private PostgreSQL.

The API needs no Zabbix server; only what the server would have seen (problems, values of items)
is put into the database by hand.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.support import postgres
from tests.support.processes import free_port
from tests.support.waiting import until

FRONTEND = Path("/usr/share/zabbix")
SCHEMA = Path("/usr/share/zabbix-server-pgsql/schema.sql.gz")
DATA = Path("/usr/share/zabbix-server-pgsql/data.sql.gz")
PACKAGES = "zabbix-frontend-php, zabbix-server-pgsql, php-cli, php-pgsql and postgresql"

# The initial data holds half a million lines of templates' items; these tables are enough for
# an administrator, host groups, and templates by their names.
_TABLES = (
    "role", "users", "usrgrp", "users_groups", "role_rule", "hstgrp", "hosts", "hosts_groups",
    "config", "globalmacro", "interface", "regexps", "expressions",
)  # fmt: skip
_CONFIG = """<?php
$DB['TYPE'] = 'POSTGRESQL'; $DB['SERVER'] = '127.0.0.1'; $DB['PORT'] = '{port}';
$DB['DATABASE'] = '{database}'; $DB['USER'] = 'toolbox'; $DB['PASSWORD'] = '';
$DB['SCHEMA'] = ''; $DB['ENCRYPTION'] = false; $DB['KEY_FILE'] = ''; $DB['CERT_FILE'] = '';
$DB['CA_FILE'] = ''; $DB['VERIFY_HOST'] = false; $DB['CIPHER_LIST'] = ''; $DB['VAULT_URL'] = '';
$DB['VAULT_DB_PATH'] = ''; $DB['VAULT_TOKEN'] = ''; $DB['DOUBLE_IEEE754'] = true;
$ZBX_SERVER = ''; $ZBX_SERVER_PORT = ''; $ZBX_SERVER_NAME = 'tests';
$IMAGE_FORMAT_DEFAULT = IMAGE_FORMAT_PNG;
"""


def missing() -> str:
    """What is not installed here; empty when Zabbix can be started."""
    php = shutil.which("php")
    found = {
        "zabbix-frontend-php": (FRONTEND / "api_jsonrpc.php").is_file(),
        "zabbix-server-pgsql": SCHEMA.is_file() and DATA.is_file(),
        "php-cli": php is not None,
        "postgresql": postgres.binaries() is not None,
    }
    if php is not None:
        listed = subprocess.run([php, "-m"], capture_output=True, text=True, check=False).stdout
        wanted = ("pgsql", "mbstring", "bcmath", "gd", "xml")
        found |= {f"php-{name}": name in listed.split() for name in wanted}
    return ", ".join(name for name, there in found.items() if not there)


@dataclass
class Zabbix:
    """The running API, and the database below it."""

    url: str
    database: str
    token: str = ""

    def call(self, method: str, params: Any, auth: str | None = None) -> Any:
        """Call the API as an administrator, to prepare and to look."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        if (token := auth or self.token) and method not in ("user.login", "apiinfo.version"):
            body["auth"] = token
        request = urllib.request.Request(
            f"{self.url}/api_jsonrpc.php", json.dumps(body).encode(),
            {"Content-Type": "application/json-rpc"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=30) as answer:
            found = json.loads(answer.read())
        if "error" in found:
            raise AssertionError(f"{method}: {found['error']}")
        return found["result"]

    def sql(self, statement: str, *values: Any) -> list[Any]:
        """Run a statement on the database."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            done = connection.execute(statement, values or None)  # type: ignore[call-overload]
            return done.fetchall() if done.description else []


def load(url: str) -> None:
    """Put Zabbix's schema and the part of its data that tests need into an empty database."""
    text = gzip.decompress(DATA.read_bytes()).decode()
    parts = re.split(r"(?m)^(?=INSERT INTO |COMMIT)", text)
    kept = [part for part in parts if part.startswith(tuple(f"INSERT INTO {t} " for t in _TABLES))]
    script = gzip.decompress(SCHEMA.read_bytes()).decode() + "BEGIN;\n" + "".join(kept) + "COMMIT;"
    done = subprocess.run(
        ["psql", "-q", "-v", "ON_ERROR_STOP=1", url], input=script, text=True, capture_output=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


@contextmanager
def running(folder: Path) -> Iterator[Zabbix]:
    """Start Zabbix's API for a block, with a token of its administrator."""
    with postgres.cluster() as url:
        load(url)
        site = _site(folder, url)
        port = free_port()
        log = (folder / "php.log").open("ab")
        server = subprocess.Popen(
            ["php", "-S", f"127.0.0.1:{port}", "-t", str(site)], cwd=site, stdout=log, stderr=log,
            env={"PATH": os.environ["PATH"], "PHP_CLI_SERVER_WORKERS": "3"}, start_new_session=True,
        )  # fmt: skip
        made = Zabbix(f"http://127.0.0.1:{port}", url)
        try:
            until(lambda: _answers(made), 60, f"Zabbix answers; see {folder}/php.log")
            made.token = _token(made)
            yield made
        finally:
            os.killpg(server.pid, 9)
            server.wait()


def _site(folder: Path, url: str) -> Path:
    """A copy of the frontend that reads a configuration of its own."""
    site = folder / "frontend"
    unwanted = shutil.ignore_patterns("assets", "locale", "audio", "data", "js", "fonts")
    shutil.copytree(FRONTEND, site, ignore=unwanted, symlinks=True)
    database = url.rpartition("/")[2]
    port = url.rpartition(":")[2].partition("/")[0]
    config = folder / "zabbix.conf.php"
    config.write_text(_CONFIG.format(port=port, database=database))
    names = site / "include" / "classes" / "core" / "CConfigFile.php"
    names.write_text(names.read_text().replace("/etc/zabbix/zabbix.conf.php", str(config)))
    return site


def _answers(made: Zabbix) -> bool:
    try:
        return bool(made.call("apiinfo.version", []))
    except OSError:
        return False


def _token(made: Zabbix) -> str:
    session = made.call("user.login", {"username": "Admin", "password": "zabbix"})
    ids = made.call("token.create", {"name": "tests", "userid": "1"}, session)["tokenids"]
    return str(made.call("token.generate", ids, session)[0]["token"])
