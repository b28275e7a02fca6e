"""A read-only session with each kind of database: checked address, time limit, rows in batches from the server."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, Protocol

from nhip.connectors.sql.source import SqlSource
from nhip.security.addresses import checked_address, open_socket
from nhip.security.outgoing_errors import Unreachable
from nhip.security.secrets import Secret
from nhip.settings import Settings

Rows = Iterator[Sequence[Sequence[Any]]]
CONNECT_S = 10


class Session(Protocol):
    """An open database. `mark` stands for a parameter, `sign` quotes identifiers."""

    mark: str
    sign: str

    def run(self, sql: str, parameters: tuple[Any, ...] = ()) -> tuple[list[str], Rows]:
        """Column names and batches of rows."""
        ...


def batches(cursor: Any, size: int) -> Rows:
    """What is left of a DB-API cursor."""
    while rows := cursor.fetchmany(size):
        yield rows


def letters(raw: bytes) -> str:
    """Text as UTF-8; bytes of old encodings (databases without one) become Latin-1 letters, which decoding recognises."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


@contextmanager
def postgresql(source: SqlSource, secret: Secret, settings: Settings) -> Iterator[Session]:
    """A repeatable-read, read-only transaction. Over TCP libpq is given the very address that was checked."""
    import psycopg

    host, addresses = source.host, None
    if not host.startswith("/"):
        # TLS still checks the name; the packets go to the addresses that were checked.
        checked = [address.ip for address in checked_address(host, source.port or 5432, settings)]
        host, addresses = ",".join([host] * len(checked)), ",".join(checked)
    options = (
        f"-c default_transaction_read_only=on -c statement_timeout={source.timeout_seconds * 1000} "
        "-c lock_timeout=10000 -c datestyle=ISO -c intervalstyle=iso_8601 -c extra_float_digits=1"
    )
    with psycopg.connect(
        host=host,
        hostaddr=addresses,
        port=source.port or 5432,
        dbname=source.database,
        user=source.username,
        password=secret.value("password"),
        sslmode={"verify": "verify-full"}.get(source.tls, source.tls),
        sslrootcert="system" if source.tls == "verify" else None,
        connect_timeout=CONNECT_S,
        options=options,
        application_name="nhip",
        client_encoding="UTF8",
        keepalives_idle=30,
    ) as connection:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        _load_as_text(connection)
        if connection.info.parameter_status("server_encoding") == "SQL_ASCII":
            connection.execute("SET client_encoding TO 'SQL_ASCII'")  # such a database knows no letters, only bytes
        yield _Postgres(connection, source.batch)
        connection.rollback()


def _load_as_text(connection: Any) -> None:
    """Take the server's own text where Python's types would lose something (infinity, years before 1, 24:00, precision)."""
    from psycopg.adapt import Loader

    class Plain(Loader):
        def load(self, data: Any) -> str:
            return bytes(data).decode()

    class Letters(Loader):
        def load(self, data: Any) -> str:
            return letters(bytes(data))

    class Instant(Loader):
        def load(self, data: Any) -> str:
            return bytes(data).decode().replace(" ", "T", 1)

    for name in ("numeric", "date", "time", "timetz", "interval", "float4", "float8"):
        connection.adapters.register_loader(name, Plain)
    for name in ("text", "varchar", "bpchar", "json", "jsonb"):
        connection.adapters.register_loader(name, Letters)
    for name in ("timestamp", "timestamptz"):
        connection.adapters.register_loader(name, Instant)


class _Postgres:
    mark, sign = "%s", '"'

    def __init__(self, connection: Any, size: int) -> None:
        self._connection, self._size, self._count = connection, size, 0

    def run(self, sql: str, parameters: tuple[Any, ...] = ()) -> tuple[list[str], Rows]:
        self._count += 1
        cursor = self._connection.cursor(name=f"nhip_{self._count}")
        cursor.itersize = self._size
        cursor.execute(sql, parameters or None)
        return [column.name for column in cursor.description or ()], batches(cursor, self._size)


@contextmanager
def mysql(source: SqlSource, secret: Secret, settings: Settings) -> Iterator[Session]:
    """A consistent, read-only transaction with rows streamed by the server."""
    import pymysql
    from pymysql.constants import FIELD_TYPE
    from pymysql.converters import conversions

    def instant(text: str) -> str:
        return text.replace(" ", "T", 1)

    plain = (FIELD_TYPE.DATE, FIELD_TYPE.TIME, FIELD_TYPE.FLOAT, FIELD_TYPE.DOUBLE)  # 0000-00-00 is kept as it is
    convert: dict[Any, Any] = {
        **conversions,
        **dict.fromkeys(plain, str),
        FIELD_TYPE.DATETIME: instant,
        FIELD_TYPE.TIMESTAMP: instant,
    }
    connection = pymysql.connect(
        host="localhost" if source.host.startswith("/") else source.host,
        user=source.username,
        password=secret.value("password").encode(),  # as text it would have to be Latin-1
        database=source.database or None,
        charset="utf8mb4",
        cursorclass=pymysql.cursors.SSCursor,
        conv=convert,
        read_timeout=source.timeout_seconds + CONNECT_S,
        connect_timeout=CONNECT_S,
        local_infile=False,
        autocommit=False,
        defer_connect=True,
        ssl=_mysql_tls(source),
    )
    connection.connect(_mysql_socket(source, settings))
    try:
        with connection.cursor() as cursor:
            _limit_mysql(cursor, source.timeout_seconds)
            cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        yield _Mysql(connection, source.batch)
    finally:
        with suppress(Exception):  # after a broken read the goodbye fails too; the first error is the one to tell
            connection.close()


def _mysql_socket(source: SqlSource, settings: Settings) -> socket.socket:
    if not source.host.startswith("/"):
        sock = open_socket(source.host, source.port or 3306, settings, CONNECT_S)
    else:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.connect(source.host)
        except OSError as error:
            raise Unreachable(host=source.host, port=0, why=error.strerror or "") from error
    sock.settimeout(source.timeout_seconds + CONNECT_S)
    return sock


def _mysql_tls(source: SqlSource) -> ssl.SSLContext | None:
    if source.tls == "prefer":
        return None
    context = ssl.create_default_context()
    if source.tls == "require":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _limit_mysql(cursor: Any, seconds: int) -> None:
    """MariaDB counts seconds, MySQL milliseconds, each under a name that the other does not know."""
    import pymysql

    try:
        cursor.execute("SET SESSION max_statement_time = %s", (seconds,))
    except pymysql.err.OperationalError:
        cursor.execute("SET SESSION max_execution_time = %s", (seconds * 1000,))


class _Mysql:
    mark, sign = "%s", "`"

    def __init__(self, connection: Any, size: int) -> None:
        self._connection, self._size = connection, size

    def run(self, sql: str, parameters: tuple[Any, ...] = ()) -> tuple[list[str], Rows]:
        cursor = self._connection.cursor()
        cursor.execute(sql, parameters or None)
        return [column[0] for column in cursor.description or ()], _closing(cursor, self._size)


def _closing(cursor: Any, size: int) -> Rows:
    """An unbuffered cursor must be read to its end or closed before the next one starts."""
    try:
        yield from batches(cursor, size)
    finally:
        cursor.close()


def opener(engine: str) -> Callable[[SqlSource, Secret, Settings], AbstractContextManager[Session]]:
    """The function that opens a session with a kind of database."""
    from nhip.connectors.sql.local import odbc, sqlite

    return {"postgresql": postgresql, "mysql": mysql, "sqlite": sqlite, "odbc": odbc}[engine]
