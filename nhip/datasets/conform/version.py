"""Writing what an assessment leaves behind: the typed Parquet of a version, the rows in quarantine, the findings."""

from __future__ import annotations

from pathlib import Path

from nhip.datasets.conform.extras import Extra
from nhip.datasets.conform.plan import Plan, Room
from nhip.datasets.contract.expression import SQL_TYPE
from nhip.datasets.engine import ident, literal

PARQUET = "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880, USE_TMP_FILE false)"


def find_quarantine(room: Room) -> int:
    """Fill `quarantine` with the row numbers that have a fatal finding; gives how many."""
    name = room.table("quarantine")
    room.con.execute(
        f'CREATE OR REPLACE TABLE {name} AS SELECT DISTINCT "row" AS _row FROM {room.table("findings")} '
        """WHERE severity = 'fatal' AND "row" > 0"""
    )
    row = room.con.execute(f"SELECT count(*) FROM {name}").fetchone()
    return int(row[0]) if row else 0


def write_rows(room: Room, plan: Plan, extras: list[Extra], path: Path) -> int:
    """Write the rows outside quarantine in file order: `_row`, the contract's columns typed, then derived columns. A suspect
    row's values stand in `judged`, every other cell is canonical.

    The same input gives the same bytes (one writer, fixed row groups, no clock). Gives the number of rows.
    """
    by_name = {
        column.field.name: f"CASE WHEN j._row IS NULL THEN {column.form.sure(f'r.{column.text}')} ELSE j.{column.value} END"
        for column in plan.columns
    }
    cells = [
        f"{by_name.get(field.name, f'CAST(NULL AS {SQL_TYPE[field.type]})')} AS {ident(field.name)}"
        for field in plan.contract.fields
    ]
    taken = {field.name.lower() for field in plan.contract.fields}
    cells += [f"{sql} AS {ident(name)}" for extra in extras for name, sql in extra.made if name.lower() not in taken]
    joins = " ".join(extra.join("r") for extra in extras)
    # joins may change sides and spill, so only a sort keeps the file's order
    query = (
        f"SELECT r._row, {', '.join(cells)} FROM {plan.delivered()} r "
        f"LEFT JOIN {room.table('judged')} j ON j._row = r._row {joins} "
        f"ANTI JOIN {room.table('quarantine')} q ON q._row = r._row ORDER BY r._row"
    )
    row = room.con.execute(f"COPY ({query}) TO {literal(str(path))} {PARQUET}").fetchone()
    return int(row[0]) if row else 0


def write_quarantine(room: Room, plan: Plan, path: Path) -> None:
    """Write the rows in quarantine as they were delivered, all columns as text."""
    query = f"SELECT r.* FROM {plan.table.relation} r SEMI JOIN {room.table('quarantine')} q ON q._row = r._row ORDER BY r._row"
    room.con.execute(f"COPY ({query}) TO {literal(str(path))} {PARQUET}")


def write_findings(room: Room, path: Path) -> None:
    """Write the findings by row, column and rule."""
    query = f'SELECT * FROM {room.table("findings")} ORDER BY "row", "column", "rule", "value"'
    room.con.execute(f"COPY ({query}) TO {literal(str(path))} {PARQUET}")
