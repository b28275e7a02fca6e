"""The last step for every table: letters mended, names made unique, findings in one Parquet file."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import duckdb
import msgspec

from nhip.datasets.decode import problems
from nhip.datasets.decode.heading import unique_names
from nhip.datasets.decode.rowfile import MARK, csv_relation, quoted, renamed
from nhip.datasets.decode.textpass import TextPass, TextResult, named
from nhip.datasets.model import DecodedColumn, DecodedTable, Problem
from nhip.datasets.rowsource import numbered
from nhip.formats.model import Dialect
from nhip.kernel.text import squash


class Raw(NamedTuple):
    """A table before its letters are mended. `relation` has `_row`, c0, c1, ...; `names` are the header's texts."""

    relation: str
    names: list[str]
    rows: int
    name: str
    sheet: str = ""
    header_rows: list[int] = []
    from_bytes: bool = False
    findings: str = ""
    """FROM item with MARK and number for the column, "" for none."""


class Finished(NamedTuple):
    """A table ready for conform, what to tell about it, and how many of its columns are in which legacy set."""

    table: DecodedTable
    problems: list[Problem]
    charsets: dict[str, int]


def lazy_table(raw: Raw, path: Path, dialect: Dialect) -> Finished:
    """A clean delimited file, read where it lies."""
    names = unique_names([squash(name) for name in raw.names])
    source = csv_relation(path, names, dialect, header=True, padded=False, longest=0)
    table = DecodedTable(
        name=raw.name,
        header_rows=raw.header_rows,
        rows=raw.rows,
        columns=[DecodedColumn(name=name) for name in names],
        relation=numbered(source),
    )
    return Finished(table, [*problems.of_names(raw.names, raw.name, names), *_empty(raw)], {})


def finish(con: duckdb.DuckDBPyConnection, raw: Raw, work: Path, stem: str) -> Finished:
    """Mend the letters of a table. Writes `stem`.text.parquet and `stem`.findings.parquet when there is anything to write."""
    text_pass = TextPass(con, raw.relation, raw.names, work, stem, from_bytes=raw.from_bytes)
    try:
        result = text_pass.run()
    finally:
        text_pass.close()
    names = unique_names([squash(name) for name in result.names])
    table = DecodedTable(
        name=raw.name,
        sheet=raw.sheet,
        header_rows=raw.header_rows,
        rows=raw.rows,
        columns=[
            msgspec.structs.replace(column, name=name) for column, name in zip(result.columns, names, strict=True)
        ],
        relation=named(result.relation, names),
        findings=_findings(con, raw, result, names, work / f"{stem}.findings.parquet"),
    )
    return Finished(table, [*_told(raw, result), *_empty(raw)], result.charsets)


def _told(raw: Raw, result: TextResult) -> list[Problem]:
    found = []
    if result.charsets:
        found.append(problems.charset(raw.name, ", ".join(sorted(result.charsets))))
    elif raw.from_bytes:
        found.append(problems.assumed_bytes(raw.name))
    if result.header_mended:
        found.append(problems.header_mended(raw.name))
    return found


def _empty(raw: Raw) -> list[Problem]:
    return [] if raw.rows else [problems.no_rows(raw.name)]


def _findings(
    con: duckdb.DuckDBPyConnection, raw: Raw, result: TextResult, names: list[str], target: Path
) -> Path | None:
    sources = [source for source in (raw.findings, result.findings) if source]
    if not sources:
        return None
    column = renamed({f"{MARK}{place}": name for place, name in enumerate(names)})
    parts = [
        f'SELECT "row", {column} AS "column", rule, severity, value, suggestion FROM {source}' for source in sources
    ]
    con.execute(f"COPY ({' UNION ALL '.join(parts)}) TO {quoted(target)} (FORMAT parquet, COMPRESSION zstd)")
    return target
