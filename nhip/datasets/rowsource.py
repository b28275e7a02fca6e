"""Tables of text cells as scans that can be read side by side with a file of ours, row by row.

A join would hold one of its sides in memory, or put both on disk and lose their order. Two plain scans of the same rows in the
same order need neither: DuckDB reads them in step (POSITIONAL JOIN), whatever their length.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import duckdb
import msgspec

from nhip.datasets.engine import literal
from nhip.datasets.model import ROW, DecodedTable

_NUMBERED: Final = f"(SELECT row_number() OVER () + 1 AS {ROW}, * FROM "
_PARQUET: Final = re.compile(r"read_parquet\('(?:[^']|'')*'\)")


def numbered(scan: str) -> str:
    """A FROM item of the rows of `scan` under a header of one line, with the number that a person sees."""
    return f"{_NUMBERED}{scan})"


def scan_of(table: DecodedTable) -> str:
    """The plain scan that `table.relation` stands on, with the same rows in the same order; "" where it is more than that.
    A scan of a file of text lacks `_row`."""
    if table.relation.startswith(_NUMBERED):
        return table.relation.removeprefix(_NUMBERED).removesuffix(")")
    return table.relation if _PARQUET.fullmatch(table.relation) else ""


def settle(con: duckdb.DuckDBPyConnection, table: DecodedTable, target: Path) -> DecodedTable:
    """`table` as a plain scan: as it is, or written to `target` (Parquet) where its relation is more than that."""
    if scan_of(table):
        return table
    written = f"read_parquet({literal(str(target))})"
    form = f"TO {literal(str(target))} (FORMAT parquet, COMPRESSION snappy)"
    con.execute(f"COPY (FROM {table.relation}) {form}")
    if not is_ordered(con, written):  # corrections are joined, which may put rows in disorder
        con.execute(f"COPY (FROM {table.relation} ORDER BY {ROW}) {form}")
    return msgspec.structs.replace(table, relation=written)


def is_ordered(con: duckdb.DuckDBPyConnection, rows: str) -> bool:
    """Whether `_row` rises all through the FROM item `rows`."""
    row = con.execute(
        f"SELECT coalesce(bool_and(rises), true) FROM (SELECT {ROW} > lag({ROW}) OVER () AS rises FROM {rows})"
    ).fetchone()
    return bool(row and row[0])
