"""A connection to the database of a Zabbix, with its password from Vault."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import psycopg
from psycopg import sql
from pydantic import Field
from toolkit_sdk import Cancelled, Context, LongText, Record, Secret, ToolkitError
from toolkit_sdk.net import Host, NetError, resolve

from zabbix_toolkit.app import PEM, Config, toolkit

_OLDEST = 6_000_000
_CONNECT_SECONDS = 10


@toolkit.collection("databases", title="Databases")
class Database(Record):
    """The PostgreSQL database of a Zabbix server, for the operations that work on it."""

    name: str = Field(min_length=1, max_length=100)
    host: Host = Field(min_length=1, max_length=253, description="Name or address of PostgreSQL")
    port: int = Field(default=5432, ge=1, le=65535)
    database: str = Field(default="zabbix", min_length=1, max_length=63)
    db_schema: str = Field(
        default="public",
        pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$",
        title="Schema",
        json_schema_extra={"x-says": "write the name of a schema, such as public"},
    )
    user: str = Field(default="zabbix", min_length=1, max_length=63)
    password: Secret | None = Field(default=None, description="Kept in Vault")
    tls: Literal["verify-full", "require", "disable"] = Field(
        default="verify-full",
        title="TLS",
        description="require encrypts without checking whom to; disable sends all in the clear",
    )
    ca: LongText = Field(
        default="",
        max_length=100_000,
        title="Trusted authorities",
        description="PEM of the authorities that the server's certificate must be of",
        json_schema_extra=PEM,
    )
    note: str = Field(default="", max_length=1000)


class StatementFailed(ToolkitError):
    """The database refused a statement. ``code`` is its SQLSTATE."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Session:
    """One connection. A statement of a job that is asked to stop is cancelled on the server."""

    def __init__(self, ctx: Context, connection: psycopg.Connection[Any]) -> None:
        self.ctx, self.connection = ctx, connection

    def run(self, statement: sql.Composable | str, *values: Any) -> psycopg.Cursor[Any]:
        """Run a statement and return its cursor. Raises ``StatementFailed``."""
        query: Any = sql.SQL(statement) if isinstance(statement, str) else statement
        try:
            return self.ctx.interruptible(self.connection.execute, query, values or None)
        except Cancelled:
            with contextlib.suppress(psycopg.Error):
                self.connection.cancel_safe(timeout=2)
            raise
        except psycopg.Error as error:
            raise StatementFailed(_told(error), error.sqlstate or "") from None

    def rows(self, statement: sql.Composable | str, *values: Any) -> list[Any]:
        """Run a query and return all of its rows."""
        return self.run(statement, *values).fetchall()

    def value(self, statement: sql.Composable | str, *values: Any) -> Any:
        """Run a query and return its one value; None where it has no row."""
        row = self.run(statement, *values).fetchone()
        return row[0] if row else None

    def text(self, statement: sql.Composable) -> str:
        """A statement as it is sent."""
        return statement.as_string(self.connection)

    @contextmanager
    def rolled_back(self) -> Iterator[None]:
        """Run a block in a transaction that is rolled back, whatever happens in it."""
        self.run("BEGIN")
        try:
            yield
        finally:
            with contextlib.suppress(psycopg.Error):
                self.connection.rollback()


@contextmanager
def connected(ctx: Context, database: Database) -> Iterator[Session]:
    """Connect, and see that it is the database of a Zabbix. Each statement commits by itself."""
    config: Config = ctx.settings
    where = f"{database.name} ({database.host}:{database.port})"
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as authorities:
        authorities.write(database.ca)
        authorities.flush()
        try:
            found = ctx.interruptible(resolve, database.host, database.port, config.reach)
        except NetError as error:
            raise ToolkitError(f"{where}: {error}.") from None
        options: dict[str, Any] = {
            # One after the other, each with the name that its certificate must have.
            "host": ",".join([database.host] * len(found.endpoints)),
            "hostaddr": ",".join(endpoint.address for endpoint in found.endpoints),
            "port": database.port,
            "dbname": database.database,
            "user": database.user,
            "password": database.password.reveal() if database.password else None,
            "sslmode": database.tls,
            "connect_timeout": _CONNECT_SECONDS,
            "application_name": "SRE Toolbox",
            "options": _options(database, config),
            "autocommit": True,
        }
        if database.tls == "verify-full":
            options["sslrootcert"] = authorities.name if database.ca.strip() else "system"
        try:
            connection = ctx.interruptible(lambda: psycopg.connect(**options))
        except psycopg.Error as error:
            raise ToolkitError(f"{where}: {_told(error)}") from None
    ctx.log.info("connected to %s", where)
    try:
        session = Session(ctx, connection)
        _check(session, where)
        yield session
    finally:
        connection.close()


def _options(database: Database, config: Config) -> str:
    limits = {
        "search_path": database.db_schema,
        "lock_timeout": int(config.lock_seconds * 1000),
        "statement_timeout": int(config.statement_seconds * 1000),
        "idle_in_transaction_session_timeout": 60_000,
    }
    return " ".join(f"-c {name}={value}" for name, value in limits.items())


def _check(session: Session, where: str) -> None:
    if session.value("SELECT to_regclass('dbversion')") is None:
        raise ToolkitError(
            f"{where} is not the database of a Zabbix server: there is no table dbversion in the "
            "schema."
        )
    version = int(session.value("SELECT max(mandatory) FROM dbversion") or 0)
    if version < _OLDEST:
        raise ToolkitError(f"{where} is of a Zabbix older than 6.0 (schema {version}).")
    session.ctx.log.info("schema of Zabbix %s", version_of(version))


def version_of(mandatory: int) -> str:
    """Zabbix's version from the number of its schema, such as 6.0 from 6000000."""
    return f"{mandatory // 1_000_000}.{mandatory // 10_000 % 100}"


def _told(error: psycopg.Error) -> str:
    """What the server said, in one line."""
    said = error.diag.message_primary or str(error).strip().splitlines()[0]
    if error.sqlstate == "55P03":
        return f"{said}: somebody else holds a lock; try later, or wait longer (settings)."
    if error.sqlstate == "57014":
        return f"{said}. The time limit is in the settings."
    return f"{said}." if said[-1:] not in ".!?" else said
