"""What was found about every row, in a file beside the delivered table: a row for each of its rows, in its order.

The version, the quarantine and the evidence are then written by reading the two side by side: memory does not follow the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from nhip.datasets.check.marks import bit_of, word_of, words
from nhip.datasets.conform.plan import Column, Plan, Room
from nhip.datasets.engine import literal
from nhip.datasets.rowsource import scan_of

ROWS_AT_A_TIME, CELLS_AT_A_TIME = 500_000, 200_000
"""Rows, and about so many marked cells, that are put together at a time: what DuckDB groups into lists stays in memory."""


class Beside(NamedTuple):
    """`rows`: FROM item of the delivered table `d` beside `f`, which has `_row`, the marks, `cells` (values of the marked cells
    as text, by column), `quarantined` and `faulty` (has a finding that is no mend). `delivered`: select list of `_row` and the
    texts."""

    rows: str
    delivered: str


def write_beside(room: Room, plan: Plan, odd: list[Column], folder: Path) -> Beside:
    """Write what was found about the rows into `folder`. The columns `odd` have marked cells; `plan.table` is settled."""
    folder.mkdir(exist_ok=True)
    pieces = []
    step, end = _steps(room, odd)
    for start in range(0, end, step):
        pieces.append(folder / f"{start}.parquet")
        query = _found(room, plan, odd, f"_row >= {start} AND _row < {start + step}")
        room.con.execute(f"COPY ({query}) TO {literal(str(pieces[-1]))} (FORMAT parquet, COMPRESSION snappy)")
    scan = scan_of(plan.table)
    listed = ", ".join(literal(str(piece)) for piece in pieces)
    rows = f"{scan} d POSITIONAL JOIN read_parquet([{listed}]) f"
    return Beside(rows, "d.*" if scan == plan.table.relation else "f._row, d.*")


def _steps(room: Room, odd: list[Column]) -> tuple[int, int]:
    """Row numbers at a time, and one beyond the last."""
    row = room.con.execute(f"SELECT coalesce(max(_row), 0) + 1 FROM {room.table('kept')}").fetchone()
    end = int(row[0]) if row else 1
    counts = (room.con.execute(f"SELECT count(*) FROM {room.table('cell', column.at)}").fetchone() for column in odd)
    cells = sum(int(count[0]) for count in counts if count)
    return max(1, min(ROWS_AT_A_TIME, CELLS_AT_A_TIME * end // max(1, cells))), end


def _found(room: Room, plan: Plan, odd: list[Column], among: str) -> str:
    """What was found about the rows `among` (SQL over `_row`), in order."""
    names = words(plan)
    marks = ", ".join(f"coalesce(c.{name}, 0) AS {name}" for name in names)
    kept, quarantine, findings = (room.table(name) for name in ("kept", "quarantine", "findings"))
    faulty = (
        f"SELECT _row FROM (SELECT \"row\" AS _row, severity FROM {findings}) WHERE {among} AND severity <> 'mended'"
    )
    return (
        f"SELECT k._row, {marks}, c.cells, k._row IN (SELECT _row FROM {quarantine} WHERE {among}) AS quarantined, "
        f"k._row IN ({faulty}) AS faulty FROM (SELECT _row FROM {kept} WHERE {among}) k "
        f"LEFT JOIN ({_cells(room, odd, names, among)}) c ON c._row = k._row ORDER BY k._row"
    )


def _cells(room: Room, odd: list[Column], names: list[str], among: str) -> str:
    """For each row with marked cells `_row`, the marks, and the cells' values."""
    if not odd:
        nothing = "".join(f", 0::BIGINT AS {name}" for name in names)
        return f"SELECT 0::BIGINT AS _row{nothing}, NULL::MAP(INTEGER, VARCHAR) AS cells WHERE false"
    marks = ", ".join(f"bit_or({name}) AS {name}" for name in names)
    cells = " UNION ALL ".join(_marked_cells(room, column, names, among) for column in odd)
    listed = "map_from_entries(list({'k': place, 'v': value}))"
    return f"SELECT _row, {marks}, {listed} AS cells FROM ({cells}) GROUP BY _row"


def _marked_cells(room: Room, column: Column, names: list[str], among: str) -> str:
    marks = (f"{bit_of(column.at) if name == word_of(column.at) else 0}::BIGINT AS {name}" for name in names)
    return (
        f"SELECT _row, {column.at} AS place, CAST({column.value} AS VARCHAR) AS value, {', '.join(marks)} "
        f"FROM {room.table('cell', column.at)} WHERE {among}"
    )
