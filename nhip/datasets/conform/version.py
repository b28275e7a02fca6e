"""Writing what an assessment leaves behind: the typed Parquet of a version, the rows in quarantine, the findings."""

from __future__ import annotations

from pathlib import Path

from nhip.datasets.check.marks import marked
from nhip.datasets.conform.beside import Beside
from nhip.datasets.conform.extras import Extra
from nhip.datasets.conform.plan import Column, Plan, Room
from nhip.datasets.contract.expression import SQL_TYPE
from nhip.datasets.engine import ident, literal
from nhip.datasets.formulas import neutral

ROWS_A_GROUP = 122_880
PARQUET = f"(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE {ROWS_A_GROUP}, USE_TMP_FILE false)"
"""Level 1 takes a quarter less of the CPU time of writing than DuckDB's usual 3, for a file 7 % larger."""


def find_quarantine(room: Room) -> int:
    """Fill `quarantine` with the row numbers that have a fatal finding; gives how many."""
    name = room.table("quarantine")
    room.con.execute(
        f'CREATE OR REPLACE TABLE {name} AS SELECT DISTINCT "row" AS _row FROM {room.table("findings")} '
        """WHERE severity = 'fatal' AND "row" > 0"""
    )
    row = room.con.execute(f"SELECT count(*) FROM {name}").fetchone()
    return int(row[0]) if row else 0


def write_rows(room: Room, plan: Plan, beside: Beside, odd: list[Column], extras: list[Extra], path: Path) -> int:
    """Write the rows outside quarantine in file order: `_row`, the contract's columns typed, then derived columns. `odd` are the
    columns with marked cells, whose values stand in `beside`; every other cell is canonical.

    The same input gives the same bytes (one writer, fixed row groups, no clock). Gives the number of rows.
    """
    cells = [f"{sql} AS {ident(name)}" for name, sql in _values(plan, odd, extras).items()]
    texts = ", ".join(f"d.{ident(column.source)} AS {column.text}" for column in plan.columns)
    query = (
        f"SELECT r._row, {', '.join(cells)} FROM (SELECT f.*{texts and ', ' + texts} FROM {beside.rows}) r "
        f"{' '.join(extra.join('r') for extra in extras)} WHERE NOT r.quarantined"
    )
    return _copy(room, f"{query} ORDER BY r._row" if extras else query, path)  # joins put rows in disorder


def _copy(room: Room, query: str, path: Path) -> int:
    row = room.con.execute(f"COPY ({query}) TO {literal(str(path))} {PARQUET}").fetchone()
    return int(row[0]) if row else 0


def _values(plan: Plan, odd: list[Column], extras: list[Extra]) -> dict[str, str]:
    """SQL of the version's columns by name."""
    found = {field.name: f"CAST(NULL AS {SQL_TYPE[field.type]})" for field in plan.contract.fields}
    for column in plan.columns:
        sure = column.form.sure(f"r.{column.text}")
        fixed = f"CAST(map_extract_value(r.cells, {column.at}) AS {column.form.type})"
        found[column.field.name] = (
            f"CASE WHEN {marked(column, 'r')} THEN {fixed} ELSE {sure} END" if column in odd else sure
        )
    taken = {name.lower() for name in found}
    return found | {name: sql for extra in extras for name, sql in extra.made if name.lower() not in taken}


def write_delivered(room: Room, beside: Beside, only: str, path: Path) -> None:
    """Write the rows of which `only` (`quarantined` or `faulty`) is true as they were delivered, all columns as text."""
    _copy(room, f"SELECT {beside.delivered} FROM {beside.rows} WHERE f.{only}", path)


def write_findings(room: Room, path: Path) -> None:
    """Write the findings by row, column and rule: as Parquet, or as CSV for spreadsheets where `path` ends in .csv."""
    query = f'SELECT * FROM {room.table("findings")} ORDER BY "row", "column", "rule", "value"'
    if path.suffix == ".csv":
        texts = ", ".join(neutral(name, "VARCHAR") for name in ("column", "rule", "value", "suggestion"))
        room.con.execute(f'COPY (SELECT "row", {texts}, severity FROM ({query})) TO {literal(str(path))} (HEADER)')
        return
    room.con.execute(f"COPY ({query}) TO {literal(str(path))} {PARQUET}")
