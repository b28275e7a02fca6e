"""SQLite files, and ODBC: drivers that are installed on this machine."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from nhip.connectors.errors import BadSetting, DatabaseMissing, FileRefused, MissingDriver
from nhip.connectors.sql.engines import CONNECT_S, Rows, Session, batches, letters
from nhip.connectors.sql.source import SqlSource
from nhip.kernel.i18n import _
from nhip.security.addresses import checked_address
from nhip.security.secrets import Secret
from nhip.settings import Settings

_PAIR = re.compile(r"\s*([^=;{}]+?)\s*=\s*(\{(?:[^}]|\}\})*\}|[^;]*)\s*(?:;|$)")
_HOST_KEYS = frozenset({"server", "host", "hostname", "servername", "address", "addr", "network address", "dbq"})
_SECRET_KEYS = frozenset({"uid", "user", "pwd", "password", "user id"})
_HOST = re.compile(r"^(?:[a-z]+:)?(?P<host>\[[^\]]+\]|[^,:\\/]+)(?:[,:](?P<port>\d+))?")


@contextmanager
def sqlite(source: SqlSource, secret: Secret, settings: Settings) -> Iterator[Session]:
    """A SQLite file opened for reading only. Text in old encodings comes as Latin-1 letters, which decoding recognises."""
    path = Path(source.database).expanduser()
    if not path.is_file():
        raise DatabaseMissing(path=source.database or "-")
    keys = (settings.data_dir / "keys").resolve()
    if keys in path.resolve().parents:
        raise FileRefused(path=source.database)
    address = f"file:{quote(str(path.resolve()))}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=CONNECT_S)) as connection:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.text_factory = letters
        end = time.monotonic() + source.timeout_seconds
        connection.set_progress_handler(lambda: int(time.monotonic() > end), 10_000)
        yield _Plain(connection, source.batch)


class _Plain:
    """A session of a driver with `?` for parameters."""

    mark, sign = "?", '"'

    def __init__(self, connection: Any, size: int) -> None:
        self._connection, self._size = connection, size

    def run(self, sql: str, parameters: tuple[Any, ...] = ()) -> tuple[list[str], Rows]:
        cursor = self._connection.cursor()
        cursor.execute(sql, parameters)
        return [column[0] for column in cursor.description or ()], batches(cursor, self._size)


@contextmanager
def odbc(source: SqlSource, secret: Secret, settings: Settings) -> Iterator[Session]:
    """A session through an installed ODBC driver or data source; rolled back at the end."""
    import pyodbc  # type: ignore[import-not-found]

    text = connection_string(source, secret, settings)
    with closing(pyodbc.connect(text, autocommit=False, readonly=True, timeout=CONNECT_S)) as connection:
        connection.timeout = source.timeout_seconds
        name = str(connection.getinfo(pyodbc.SQL_DBMS_NAME)).lower()
        if "oracle" in name:
            connection.execute("SET TRANSACTION READ ONLY")
        session = _Plain(connection, source.batch)
        session.sign = str(connection.getinfo(pyodbc.SQL_IDENTIFIER_QUOTE_CHAR)).strip() or '"'
        try:
            yield session
        finally:
            connection.rollback()


def connection_string(source: SqlSource, secret: Secret, settings: Settings) -> str:
    """The string with user and password. Raises MissingDriver, BadSetting, AddressRefused, NameNotFound."""
    import pyodbc

    pairs = {match[1].lower(): match[2].strip() for match in _PAIR.finditer(source.connection)}
    if _SECRET_KEYS & set(pairs):
        raise BadSetting(kind="sql", name="connection", why=_("user and password do not belong here"))
    driver = pairs.get("driver", "").strip("{}")
    drivers, names = pyodbc.drivers(), list(pyodbc.dataSources())
    if driver not in drivers if driver else pairs.get("dsn", "").strip("{}") not in names:
        # A path would load any library of this machine; only what its administrator registered is loaded.
        raise MissingDriver(driver=driver or pairs.get("dsn", "?"), found=", ".join([*drivers, *names]) or "-")
    for key in _HOST_KEYS & set(pairs):
        _check_host(pairs[key].strip("{}"), settings)
    whole = source.connection.strip().rstrip(";")
    for key, value in (("UID", source.username), ("PWD", secret.value("password"))):
        if value:
            whole += f";{key}={{{value.replace('}', '}}')}}}"
    return whole


def _check_host(text: str, settings: Settings) -> None:
    match = _HOST.match(text.strip())
    host = match["host"] if match else ""
    if host and host.lower() not in ("(local)", "."):
        checked_address(host, int(match["port"] or 1433) if match else 1433, settings)
    elif host:
        checked_address("127.0.0.1", 1433, settings)
