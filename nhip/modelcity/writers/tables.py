"""Parquet files and tables of SQLite and PostgreSQL. A column in which somebody wrote words is text, as such columns become."""

from __future__ import annotations

import csv
import sqlite3
import tempfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import psycopg
from psycopg import sql

from nhip.modelcity.forms import canonical
from nhip.modelcity.model import Column, DatasetSpec, Table

_PYTHON = {"integer": int, "number": (int, float), "boolean": bool, "date": date, "timestamp": datetime}
_DUCKDB = {"integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE", "timestamp": "TIMESTAMP"}
_POSTGRES = _DUCKDB | {"number": "DOUBLE PRECISION"}
_NULL = "\\N"
ORDER = "stt"
"""Running number of every database table, so that a query has an order."""


def is_typed(column: Column, values: list[Any]) -> bool:
    """Whether every cell has the column's own type."""
    kind = _PYTHON.get(column.type)
    return kind is not None and all(value is None or isinstance(value, kind) for value in values)  # type: ignore[arg-type]


def write_parquet(path: Path, spec: DatasetSpec, headers: list[str], table: Table) -> list[int]:
    """A Parquet file with typed columns."""
    types = [_DUCKDB[c.type] if is_typed(c, table[c.name]) else "VARCHAR" for c in spec.columns]
    rows = copy_parquet(path, headers, types, list(table.values()))
    return list(range(1, rows + 1))


def copy_parquet(path: Path, names: list[str], types: list[str], columns: list[list[Any]]) -> int:
    """Write columns of Python values as Parquet (zstd) with those DuckDB types; returns the number of rows."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(config={"threads": 1}) as db:
        plain = Path(folder) / "rows.csv"
        with plain.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerows(zip(*([_mark(value) for value in values] for values in columns), strict=True))
        fields = ", ".join(f"{_quoted(name)}: '{kind}'" for name, kind in zip(names, types, strict=True))
        source = (
            f"read_csv(?, header=false, nullstr='{_NULL}', columns={{{fields}}}, quote='\"', escape='\"', delim=',')"
        )
        db.execute(f"COPY (SELECT * FROM {source}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)", [str(plain)])
    return len(columns[0]) if columns else 0


def _mark(value: Any) -> str:
    return _NULL if value is None else str(canonical(value))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def write_sqlite(path: Path, name: str, spec: DatasetSpec, table: Table) -> list[int]:
    """A table of a SQLite database. Columns with words among their numbers have no type, so that SQLite changes nothing."""
    kinds = {"integer": "INTEGER", "number": "REAL"}
    types = {
        c.name: kinds.get(c.type, "TEXT") if c.type not in kinds or is_typed(c, table[c.name]) else ""
        for c in spec.columns
    }
    columns = ", ".join(f"{_quoted(name)} {kind}" for name, kind in types.items())
    values = [[_simple(v) for v in table[c.name]] for c in spec.columns]
    rows = len(values[0])
    with sqlite3.connect(path) as db:
        db.execute(f"DROP TABLE IF EXISTS {_quoted(name)}")
        db.execute(f"CREATE TABLE {_quoted(name)} ({ORDER} INTEGER PRIMARY KEY, {columns})")
        places = ", ".join("?" * (len(values) + 1))
        db.executemany(f"INSERT INTO {_quoted(name)} VALUES ({places})", zip(range(1, rows + 1), *values, strict=True))
    db.close()
    return list(range(1, rows + 1))


def _simple(value: Any) -> Any:
    return canonical(value) if isinstance(value, date | bool) else value


def write_postgres(url: str, schema: str, name: str, spec: DatasetSpec, table: Table) -> list[int]:
    """A table of a PostgreSQL schema, made anew; the owner of `url` must be allowed to make schemas."""
    types = [_POSTGRES[c.type] if is_typed(c, table[c.name]) else "TEXT" for c in spec.columns]
    columns = [
        list(map(canonical, table[c.name])) if t == "TEXT" else table[c.name]
        for c, t in zip(spec.columns, types, strict=True)
    ]
    where = sql.Identifier(schema, name)
    parts = [
        sql.SQL("{} {}").format(sql.Identifier(c.name), sql.SQL(t)) for c, t in zip(spec.columns, types, strict=True)
    ]
    rows = len(columns[0])
    with psycopg.connect(url, autocommit=False) as db:
        db.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
        db.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(where))
        head = sql.SQL("{} BIGINT PRIMARY KEY, ").format(sql.Identifier(ORDER))
        db.execute(sql.SQL("CREATE TABLE {} ({})").format(where, head + sql.SQL(", ").join(parts)))
        with db.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(where)) as copy:
            for row in zip(range(1, rows + 1), *columns, strict=True):
                copy.write_row(row)
    return list(range(1, rows + 1))
