"""Queries against real PostgreSQL, MariaDB, SQLite and ODBC."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import psycopg
import pymysql
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import databases
from databases import PASSWORD

from nhip.connectors.errors import (
    BadSetting,
    CursorHasGaps,
    CursorMissing,
    DatabaseMissing,
    FileRefused,
    MissingDriver,
    QueryFailed,
    QueryRefused,
)
from nhip.connectors.sql.reader import fetch, probe
from nhip.connectors.sql.source import SqlSource
from nhip.security import outgoing_errors as errors
from nhip.security.secrets import Secret, Vault
from nhip.settings import Settings

LOGIN = Secret({"password": PASSWORD})
SQLITE_DRIVER = Path("/usr/lib/x86_64-linux-gnu/odbc/libsqlite3odbc.so")


@pytest.fixture(scope="module")
def postgres_port():
    with databases.postgres_server() as port:
        yield port


@pytest.fixture(scope="module")
def mariadb_port():
    if databases.mariadbd() is None:
        pytest.skip("MariaDB is not installed")
    with databases.mariadb_server() as port:
        yield port


@pytest.fixture
def drivers(tmp_path, monkeypatch):
    if not SQLITE_DRIVER.exists():
        pytest.skip("the SQLite ODBC driver is not installed")
    (tmp_path / "odbcinst.ini").write_text(f"[NhipSQLite]\nDriver={SQLITE_DRIVER}\n")
    monkeypatch.setenv("ODBCSYSINI", str(tmp_path))


class Place:
    """A database of one kind: `run` changes it, `source` reads it."""

    def __init__(self, run, source) -> None:
        self.run, self.source = run, source


@pytest.fixture
def postgres(postgres_port):
    where = f"host=127.0.0.1 port={postgres_port} user=postgres"

    def run(sql: str, *values) -> None:
        with psycopg.connect(where, password=PASSWORD, autocommit=True) as connection:
            connection.execute(sql, values or None)

    base = {
        "engine": "postgresql",
        "host": "127.0.0.1",
        "port": postgres_port,
        "database": "postgres",
        "username": "postgres",
    }
    yield Place(run, lambda query, **more: SqlSource(**{**base, "query": query, **more}))
    run("DROP SCHEMA public CASCADE")
    run("CREATE SCHEMA public")


@pytest.fixture
def mariadb(mariadb_port):
    def run(sql: str, *values) -> None:
        where = {"host": "127.0.0.1", "port": mariadb_port, "user": "nhip", "password": PASSWORD.encode()}
        with pymysql.connect(**where, database="city", autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute(sql, values or None)

    base = {"engine": "mysql", "host": "127.0.0.1", "port": mariadb_port, "database": "city", "username": "nhip"}
    yield Place(run, lambda query, **more: SqlSource(**{**base, "query": query, **more}))
    run("DROP TABLE IF EXISTS t")


@pytest.fixture
def sqlite(tmp_path):
    path = tmp_path / "city.db"

    def run(sql: str, *values) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(sql.replace("%s", "?"), values)
            connection.commit()

    run("SELECT 1")
    return Place(
        run, lambda query, **more: SqlSource(**{"engine": "sqlite", "database": str(path), "query": query, **more})
    )


@pytest.fixture
def odbc(sqlite, tmp_path, drivers):
    text = f"Driver={{NhipSQLite}};Database={tmp_path / 'city.db'}"
    return Place(
        sqlite.run, lambda query, **more: SqlSource(**{"engine": "odbc", "connection": text, "query": query, **more})
    )


EVERY = ("postgres", "mariadb", "sqlite", "odbc")


@pytest.fixture(params=EVERY)
def place(request):
    return request.getfixturevalue(request.param)


def rows(fetched) -> list[dict[str, str | None]]:
    return [json.loads(line) for p in fetched.payloads for line in p.path.read_text("utf-8").splitlines()]


# --- values --------------------------------------------------------------------------------------------------------


def test_text_numbers_and_nothing_come_exactly(place, sink) -> None:
    place.run("CREATE TABLE t (id INT PRIMARY KEY, ten VARCHAR(80), gia NUMERIC(20, 4))")
    place.run("INSERT INTO t VALUES (%s, %s, %s)", 1, "Chợ Đông Ba — “Huế” 100%", "12500.5000")
    place.run("INSERT INTO t VALUES (%s, %s, %s)", 2, None, None)
    found = rows(fetch(place.source("SELECT * FROM t ORDER BY id"), LOGIN, {}, sink))
    assert found[0]["id"] == "1" and found[0]["ten"] == "Chợ Đông Ba — “Huế” 100%"
    assert float(found[0]["gia"]) == 12500.5 and found[1] == {"id": "2", "ten": None, "gia": None}


def test_postgres_types(postgres, sink) -> None:
    query = """SELECT 1.10::numeric a, 12345678901234567890.123456789 b, 'NaN'::numeric c, 0.1::float8 d, true e,
        DATE '2026-07-01' f, TIMESTAMP '2026-07-01 08:00:00.12' g, 'infinity'::timestamp h, DATE '0044-03-15 BC' i,
        ARRAY[1,2] j, '{"a": 1.10}'::jsonb k, '\\xdead'::bytea l, '1 day 2 hours'::interval m, TIME '24:00' n,
        'f0000000-0000-0000-0000-000000000001'::uuid o, TIMESTAMPTZ '2026-07-01 08:00:00+07' p"""
    (found,) = rows(fetch(postgres.source(query), LOGIN, {}, sink))
    assert found | {"p": ""} == {
        "a": "1.10", "b": "12345678901234567890.123456789", "c": "NaN", "d": "0.1", "e": "true", "f": "2026-07-01",
        "g": "2026-07-01T08:00:00.12", "h": "infinity", "i": "0044-03-15 BC", "j": "[1,2]", "k": '{"a": 1.10}',
        "l": "\\xdead", "m": "P1DT2H", "n": "24:00:00", "o": "f0000000-0000-0000-0000-000000000001", "p": "",
    }  # fmt: skip
    assert found["p"][:10] in ("2026-07-01", "2026-06-30")


def test_mariadb_types(mariadb, sink) -> None:
    mariadb.run("SET SESSION sql_mode=''")
    mariadb.run(
        "CREATE TABLE t (a DECIMAL(30,10), b DATE, c DATETIME(6), d TIME, e DOUBLE, f BLOB, g BIT(8), h BIGINT UNSIGNED)"
    )
    mariadb.run(
        "INSERT IGNORE INTO t VALUES (1.1, '0000-00-00', "
        "'2026-07-01 08:00:00.12', '-27:30:01', 0.1, x'dead', 5, 18446744073709551615)"
    )
    (found,) = rows(fetch(mariadb.source("SELECT * FROM t"), LOGIN, {}, sink))
    assert found == {
        "a": "1.1000000000", "b": "0000-00-00", "c": "2026-07-01T08:00:00.120000", "d": "-27:30:01", "e": "0.1",
        "f": "\\xdead", "g": "\\x05", "h": "18446744073709551615",
    }  # fmt: skip


def test_old_letters_in_sqlite_are_kept(sqlite, sink) -> None:
    sqlite.run("CREATE TABLE t (ten)")
    sqlite.run("INSERT INTO t VALUES (CAST(%s AS TEXT))", bytes.fromhex("54b8692d"))
    assert rows(fetch(sqlite.source("SELECT * FROM t"), LOGIN, {}, sink)) == [{"ten": "T\u00b8i-"}]


def test_old_letters_in_postgres_are_kept(postgres, sink) -> None:
    """A database without encoding (SQL_ASCII) hands over whatever bytes an old program wrote."""
    postgres.run("CREATE DATABASE old ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    where = f"host=127.0.0.1 port={postgres.source('SELECT 1').port} user=postgres dbname=old"
    with psycopg.connect(where, password=PASSWORD, autocommit=True) as connection:
        connection.execute("CREATE TABLE t AS SELECT convert_from('\\x54b8692d'::bytea, 'SQL_ASCII') AS ten")
    assert rows(fetch(postgres.source("SELECT * FROM t", database="old"), LOGIN, {}, sink)) == [{"ten": "T\u00b8i-"}]
    postgres.run("DROP DATABASE old")


def test_columns_of_the_same_name_stay_apart(place, sink) -> None:
    place.run("CREATE TABLE t (id INT)")
    place.run("INSERT INTO t VALUES (7)")
    (found,) = rows(fetch(place.source("SELECT a.id, b.id FROM t a, t b"), LOGIN, {}, sink))
    assert found == {"id": "7", "id_2": "7"}


def test_parquet_has_the_same_rows_as_text(place, sink, leftovers) -> None:
    place.run("CREATE TABLE t (id INT, ten VARCHAR(80))")
    for n in range(12):
        place.run("INSERT INTO t VALUES (%s, %s)", n, None if n == 3 else f"Trạm {n}")
    (payload,) = fetch(place.source("SELECT * FROM t ORDER BY id", format="parquet", batch=5), LOGIN, {}, sink).payloads
    found = duckdb.sql(f"SELECT * FROM read_parquet('{payload.path}')")
    assert found.types == ["VARCHAR", "VARCHAR"]
    assert found.fetchall() == [(str(n), None if n == 3 else f"Trạm {n}") for n in range(12)]
    assert leftovers() == [payload.path.name] and payload.filename == "rows.parquet"


def test_the_same_table_is_unchanged(place, sink, leftovers) -> None:
    place.run("CREATE TABLE t (id INT)")
    place.run("INSERT INTO t VALUES (7)")
    first = fetch(place.source("SELECT * FROM t"), LOGIN, {}, sink)
    assert fetch(place.source("SELECT * FROM t"), LOGIN, first.state, sink).unchanged and len(leftovers()) == 1


def test_memory_stays_small_however_many_rows(postgres, sink) -> None:
    import tracemalloc

    query = "SELECT n, repeat('x', 1000) AS v FROM generate_series(1, 40000) n"
    tracemalloc.start()
    (payload,) = fetch(postgres.source(query, batch=500), LOGIN, {}, sink).payloads
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert payload.size > 40_000_000 and peak < 12_000_000


def test_the_sample(place, sink, samples) -> None:
    script = "\n".join(x for x in samples("sql", "ho-so.sql").decode().splitlines() if not x.startswith("--"))
    script = script.replace("DATETIME", "TIMESTAMP").replace("ho_so", "t")
    for statement in filter(str.strip, script.split(";")):
        place.run(statement)
    found = rows(fetch(place.source("SELECT * FROM t ORDER BY ma"), LOGIN, {}, sink))
    assert [row["ma"] for row in found] == ["000.00.14-01", "000.00.14-02", "000.00.14-03"]
    assert [row["ghi_chu"] for row in found] == [None, "bổ sung", ""] and found[0]["thu_tuc"] == "Cấp phép xây dựng"


# --- cursor --------------------------------------------------------------------------------------------------------


def test_only_new_rows_come_and_ties_are_not_lost(place, sink) -> None:
    place.run("CREATE TABLE t (id INT, luc VARCHAR(30), ten VARCHAR(30))")

    def add(number: int, when: str, name: str) -> None:
        place.run("INSERT INTO t VALUES (%s, %s, %s)", number, when, name)

    source = place.source("SELECT * FROM t WHERE ten <> '100%'", cursor="luc", key=["id"])
    add(1, "2026-01-01", "A")
    add(2, "2026-01-02", "B")
    add(2, "2026-01-02", "B")
    first = fetch(source, LOGIN, {}, sink)
    assert len(rows(first)) == 3 and first.payloads[0].extent == "full" and first.payloads[0].key == ()
    assert fetch(source, LOGIN, first.state, sink).unchanged
    add(3, "2026-01-02", "C")  # the same moment as the last row, committed later
    add(2, "2026-01-02", "B")  # a third equal row
    add(4, "2026-01-03", "D")
    second = fetch(source, LOGIN, first.state, sink)
    assert sorted(row["id"] for row in rows(second)) == ["2", "3", "4"]
    assert second.payloads[0].extent == "changes" and second.payloads[0].key == ("id",)
    third = fetch(source, LOGIN, second.state, sink)
    assert third.unchanged and third.payloads == []
    add(5, "2026-01-03", "E")
    assert [row["id"] for row in rows(fetch(source, LOGIN, third.state, sink))] == ["5"]
    other = place.source("SELECT * FROM t", cursor="luc")
    assert len(rows(fetch(other, LOGIN, third.state, sink))) == 7, "another query starts anew"


@pytest.mark.parametrize("kind", ["INT", "NUMERIC(18,6)", "TIMESTAMP"])
@pytest.mark.parametrize("name", ["postgres", "mariadb"])
def test_cursors_of_each_type(name, kind, sink, request) -> None:
    place = request.getfixturevalue(name)
    place.run(f"CREATE TABLE t (c {kind})")
    values = {"INT": [9, 10, 11], "NUMERIC(18,6)": ["9.000001", "10.5", "11"]}.get(
        kind, ["2026-01-01 08:00:00", "2026-01-01 09:00:00", "2026-01-02 00:00:00"]
    )
    source = place.source("SELECT * FROM t", cursor="C" if name == "mariadb" else "c")
    state, seen = {}, []
    for value in values:
        place.run("INSERT INTO t VALUES (%s)", value)
        fetched = fetch(source, LOGIN, state, sink)
        state = json.loads(json.dumps(fetched.state))
        seen.append(len(rows(fetched)))
    assert seen == [1, 1, 1]


def test_a_cursor_with_gaps_or_without_column_is_refused(place, sink, leftovers) -> None:
    place.run("CREATE TABLE t (id INT, luc INT)")
    place.run("INSERT INTO t VALUES (1, NULL)")
    with pytest.raises(CursorHasGaps):
        fetch(place.source("SELECT * FROM t", cursor="luc"), LOGIN, {}, sink)
    with pytest.raises(CursorMissing, match="id, luc"):
        fetch(place.source("SELECT * FROM t", cursor="away"), LOGIN, {}, sink)
    assert leftovers() == []


# --- safety --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["postgres", "mariadb", "sqlite"])
def test_the_database_refuses_to_write_even_when_the_check_is_passed(name, sink, request, monkeypatch) -> None:
    place = request.getfixturevalue(name)
    place.run("CREATE TABLE t (id INT)")
    monkeypatch.setattr("nhip.connectors.sql.reader.check_query", lambda text: text)
    with pytest.raises(QueryFailed):
        fetch(place.source("INSERT INTO t VALUES (1)"), LOGIN, {}, sink)
    monkeypatch.undo()
    assert rows(fetch(place.source("SELECT * FROM t"), LOGIN, {}, sink)) == []


def test_a_function_that_writes_is_refused(postgres, sink) -> None:
    postgres.run("CREATE TABLE t (id INT)")
    postgres.run("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'INSERT INTO t VALUES (1) RETURNING id'")
    with pytest.raises(QueryFailed, match="read-only"):
        fetch(postgres.source("SELECT f()"), LOGIN, {}, sink)


@pytest.mark.parametrize(
    ("name", "slow"),
    [
        ("postgres", "SELECT pg_sleep(30)"),
        ("mariadb", "SELECT SLEEP(30)"),
        ("sqlite", "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r"),
    ],
)
def test_slow_queries_end(name, slow, sink, request, leftovers) -> None:
    place = request.getfixturevalue(name)
    if name == "mariadb":
        # SLEEP returns 1 instead of failing when it is cut short; a join does not.
        slow = "SELECT count(*) FROM information_schema.columns a, information_schema.columns b, information_schema.columns c"
    with pytest.raises(errors.TimedOut):
        fetch(place.source(slow, timeout_seconds=1), LOGIN, {}, sink)
    assert leftovers() == []


@pytest.mark.parametrize("name", ["postgres", "mariadb"])
def test_wrong_credentials_and_networks(name, sink, request) -> None:
    place = request.getfixturevalue(name)
    with pytest.raises(errors.WrongCredentials) as caught:
        fetch(place.source("SELECT 1"), Secret({"password": "s3cret"}), {}, sink)
    assert "s3cret" not in str(caught.value)
    with pytest.raises(errors.Unreachable):
        fetch(place.source("SELECT 1", port=databases.free_port()), LOGIN, {}, sink)
    sink.settings = Settings()
    with pytest.raises(errors.AddressRefused):
        fetch(place.source("SELECT 1"), LOGIN, {}, sink)


def test_faults_of_a_query_are_told_without_traceback(place, sink, leftovers) -> None:
    with pytest.raises(QueryFailed) as caught:
        fetch(place.source("SELECT * FROM no_such_table"), LOGIN, {}, sink)
    assert "no_such_table" in str(caught.value) and leftovers() == []
    with pytest.raises(QueryRefused):
        fetch(place.source("DELETE FROM t"), LOGIN, {}, sink)


def test_probe_tells_the_columns(place, settings) -> None:
    place.run("CREATE TABLE t (id INT, ten VARCHAR(9))")
    result = probe(place.source("SELECT * FROM t", cursor="id"), LOGIN, settings)
    assert result.would_fetch == ["id", "ten"] and "2 columns" in result.notes[0].text()


def test_sqlite_files(tmp_path, settings, sink) -> None:
    with pytest.raises(DatabaseMissing):
        fetch(SqlSource(engine="sqlite", database=str(tmp_path / "no.db"), query="SELECT 1"), LOGIN, {}, sink)
    assert not (tmp_path / "no.db").exists()
    Vault(settings).seal({"a": "b"}, "x")
    keys = str(settings.data_dir / "keys" / "secrets.key")
    with pytest.raises(FileRefused):
        fetch(SqlSource(engine="sqlite", database=keys, query="SELECT 1"), LOGIN, {}, sink)
    (tmp_path / "bad.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(QueryFailed):
        fetch(
            SqlSource(engine="sqlite", database=str(tmp_path / "bad.db"), query="SELECT * FROM sqlite_master"),
            LOGIN,
            {},
            sink,
        )


@pytest.mark.parametrize(
    ("connection", "error"),
    [
        ("Driver={No Such Driver};Server=x", MissingDriver),
        ("Driver=/tmp/evil.so", MissingDriver),
        ("DSN=nowhere", MissingDriver),
        ("Server=x", MissingDriver),
        ("Driver={NhipSQLite};UID=me;PWD=x", BadSetting),
        ("Driver={NhipSQLite};Server=tcp:10.0.0.1,1433", errors.AddressRefused),
        ("Driver={NhipSQLite};Server=169.254.169.254\\SQLEXPRESS", errors.AddressRefused),
        ("Driver={NhipSQLite};DBQ=192.168.1.5:1521/orcl", errors.AddressRefused),
    ],
)
def test_odbc_strings(drivers, sink, connection, error) -> None:
    with pytest.raises(error):
        fetch(SqlSource(engine="odbc", connection=connection, query="SELECT 1"), LOGIN, {}, sink)
