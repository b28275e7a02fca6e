"""The nouns of governed tables: problems, findings, decoded and conformed tables, deliveries, versions, virtues."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

Severity = Literal["fatal", "error", "warning", "mended"]
"""fatal: the row is quarantined; error: a fault, the row goes on; warning: look at it; mended: put right by conform."""

FINDING_DDL = (
    '"row" BIGINT, "column" VARCHAR, "rule" VARCHAR, "severity" VARCHAR, "value" VARCHAR, "suggestion" VARCHAR'
)
"""Columns of every findings table and Parquet file. `row` is the row number that a person sees in the delivered file (the
header has numbers too, 1-based; 0 for the whole table); `column` is the contract's column name ("" for the whole row)."""

ROW = "_row"
"""Column of every decoded and conformed table that carries that row number (BIGINT)."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Something to tell about a file or table as a whole. `message` is an English template and gettext key."""

    code: str
    message: str
    severity: Severity = "warning"
    table: str = ""
    column: str = ""
    row: int = 0
    values: dict[str, str] = {}


class DecodedColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A column after decoding. `encoding` is what its letters were in; `repaired` and `lost` count cells."""

    name: str
    encoding: str = "utf-8"
    repaired: int = 0
    lost: int = 0


class DecodedTable(msgspec.Struct, frozen=True, kw_only=True):
    """A table of text cells. `relation` is a DuckDB FROM item (`read_parquet('…')`, `read_csv('…', …)` or a table name)
    with the columns `_row` BIGINT and one VARCHAR a column, NULL for an empty cell, in file order."""

    name: str
    sheet: str = ""
    header_rows: list[int] = []
    rows: int = 0
    columns: list[DecodedColumn] = []
    relation: str = ""
    findings: Path | None = None
    """Parquet of FINDING_DDL with what decoding mended or found lost; None if nothing."""


class Decoded(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery's file after decoding."""

    format: str
    encoding: str
    tables: list[DecodedTable]
    problems: list[Problem] = []


class Virtues(msgspec.Struct, frozen=True, kw_only=True):
    """The six scores, 0-100; None where nothing can be said yet. The formulas are in docs/reference/virtues.md."""

    accurate: float | None = None
    complete: float | None = None
    clean: float | None = None
    clean_delivered: float | None = None
    live: float | None = None
    consistent: float | None = None
    shared: float | None = None
