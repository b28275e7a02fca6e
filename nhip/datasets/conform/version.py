"""Writing what an assessment leaves behind: the typed Parquet of a version, the rows in quarantine, the findings."""

from __future__ import annotations

from pathlib import Path

from nhip.datasets.check.marks import bit_of, marked, word_of, words
from nhip.datasets.conform.extras import Extra
from nhip.datasets.conform.plan import Column, Plan, Room
from nhip.datasets.contract.expression import SQL_TYPE
from nhip.datasets.engine import ident, literal
from nhip.datasets.formulas import neutral

PARQUET = "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 122880, USE_TMP_FILE false)"
"""Level 1 takes a quarter less of the CPU time of writing than DuckDB's usual 3, for a file 7 % larger."""
MOST_CELLS = 4_000_000
"""Marked cells that are grouped by row at a time: what DuckDB groups into lists stays in memory."""


def find_quarantine(room: Room) -> int:
    """Fill `quarantine` with the row numbers that have a fatal finding; gives how many."""
    name = room.table("quarantine")
    room.con.execute(
        f'CREATE OR REPLACE TABLE {name} AS SELECT DISTINCT "row" AS _row FROM {room.table("findings")} '
        """WHERE severity = 'fatal' AND "row" > 0"""
    )
    row = room.con.execute(f"SELECT count(*) FROM {name}").fetchone()
    return int(row[0]) if row else 0


def write_rows(room: Room, plan: Plan, odd: list[Column], extras: list[Extra], path: Path) -> int:
    """Write the rows outside quarantine in file order: `_row`, the contract's columns typed, then derived columns. `odd` are the
    columns with marked cells, which were read into `cell_{at}`; every other cell is canonical.

    The same input gives the same bytes (one writer, fixed row groups, no clock). Gives the number of rows.
    """
    _make_fixed(room, plan, odd)
    cells = [f"{sql} AS {ident(name)}" for name, sql in _values(plan, odd, extras).items()]
    # a scalar subquery and not a join, which would put the rows that it finds before the others
    parts = ", ".join(f"'{name}': f.{name}" for name in (*words(plan), "cells"))
    fixed = f"(SELECT {{{parts}}} FROM {room.table('fixed')} f WHERE f._row = r._row) AS f"
    query = (
        f"SELECT r._row, {', '.join(cells)} FROM (SELECT *, {fixed} FROM {plan.delivered()} r) r "
        f"{' '.join(extra.join('r') for extra in extras)} ANTI JOIN {room.table('quarantine')} q ON q._row = r._row"
    )
    written = 0 if extras else _copy(room, query, path)
    if extras or not _is_ordered(room, path):  # what joins beyond memory put in disorder, a sort puts in order
        written = _copy(room, f"{query} ORDER BY r._row", path)
    return written


def _copy(room: Room, query: str, path: Path) -> int:
    row = room.con.execute(f"COPY ({query}) TO {literal(str(path))} {PARQUET}").fetchone()
    return int(row[0]) if row else 0


def _is_ordered(room: Room, path: Path) -> bool:
    rows = f"SELECT _row > lag(_row) OVER () AS rises FROM read_parquet({literal(str(path))})"
    row = room.con.execute(f"SELECT coalesce(bool_and(rises), true) FROM ({rows})").fetchone()
    return bool(row and row[0])


def _make_fixed(room: Room, plan: Plan, odd: list[Column]) -> None:
    """The table `fixed`: for each row with marked cells `_row`, the marks, and the cells' values as text by column."""
    names, table = words(plan), room.table("fixed")
    kinds = ", ".join(f"{name} BIGINT" for name in names)
    room.con.execute(f"CREATE TABLE {table} (_row BIGINT, {kinds}, cells MAP(INTEGER, VARCHAR))")
    if not odd:
        return
    marks = ", ".join(f"bit_or({name})" for name in names)
    step = max(1, MOST_CELLS // len(odd))
    for start in range(0, _last_row(room) + 1, step):
        cells = " UNION ALL ".join(_marked_cells(room, column, names, start, start + step) for column in odd)
        room.con.execute(
            f"INSERT INTO {table} SELECT _row, {marks}, map_from_entries(list({{'k': place, 'v': value}})) "
            f"FROM ({cells}) GROUP BY _row"
        )


def _last_row(room: Room) -> int:
    row = room.con.execute(f"SELECT coalesce(max(_row), 0) FROM {room.table('kept')}").fetchone()
    return int(row[0]) if row else 0


def _marked_cells(room: Room, column: Column, names: list[str], start: int, end: int) -> str:
    """The marked cells of `column` in the rows from `start` to before `end`."""
    marks = (f"{bit_of(column.at) if name == word_of(column.at) else 0}::BIGINT AS {name}" for name in names)
    return (
        f"SELECT _row, {column.at} AS place, CAST({column.value} AS VARCHAR) AS value, {', '.join(marks)} "
        f"FROM {room.table('cell', column.at)} WHERE _row >= {start} AND _row < {end}"
    )


def _values(plan: Plan, odd: list[Column], extras: list[Extra]) -> dict[str, str]:
    """SQL of the version's columns by name."""
    found = {field.name: f"CAST(NULL AS {SQL_TYPE[field.type]})" for field in plan.contract.fields}
    for column in plan.columns:
        sure = column.form.sure(f"r.{column.text}")
        fixed = f"CAST(map_extract_value(r.f.cells, {column.at}) AS {column.form.type})"
        found[column.field.name] = (
            f"CASE WHEN {marked(column, 'r.f')} THEN {fixed} ELSE {sure} END" if column in odd else sure
        )
    taken = {name.lower() for name in found}
    return found | {name: sql for extra in extras for name, sql in extra.made if name.lower() not in taken}


def write_quarantine(room: Room, plan: Plan, path: Path) -> None:
    """Write the rows in quarantine as they were delivered, all columns as text."""
    query = f"SELECT r.* FROM {plan.table.relation} r SEMI JOIN {room.table('quarantine')} q ON q._row = r._row ORDER BY r._row"
    room.con.execute(f"COPY ({query}) TO {literal(str(path))} {PARQUET}")


def write_findings(room: Room, path: Path) -> None:
    """Write the findings by row, column and rule: as Parquet, or as CSV for spreadsheets where `path` ends in .csv."""
    query = f'SELECT * FROM {room.table("findings")} ORDER BY "row", "column", "rule", "value"'
    if path.suffix == ".csv":
        texts = ", ".join(neutral(name, "VARCHAR") for name in ("column", "rule", "value", "suggestion"))
        room.con.execute(f'COPY (SELECT "row", {texts}, severity FROM ({query})) TO {literal(str(path))} (HEADER)')
        return
    room.con.execute(f"COPY ({query}) TO {literal(str(path))} {PARQUET}")
