"""Rows on their way to Parquet: written as UTF-8 CSV in the work folder, with the findings about them beside."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

import duckdb

from nhip.datasets.model import ROW
from nhip.formats.model import Dialect

LONGEST_CELL: Final = 1 << 20
"""Characters that one cell may have; a longer one is left empty with a finding."""
MARK: Final = "\x01"
"""Stands before the number of a column whose name is not settled yet."""
_SHOWN: Final = 200
_DEFAULT_LINE: Final = 2 << 20


def quoted(text: str | Path) -> str:
    """A SQL string literal."""
    return "'" + str(text).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def csv_relation(path: Path, columns: list[str], dialect: Dialect, *, header: bool, padded: bool, longest: int) -> str:
    """A `read_csv` call over text columns, read lazily and, when nothing speaks against it, by several threads."""
    types = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in columns)
    options = [
        quoted(path),
        "auto_detect = false, all_varchar = true",
        f"header = {str(header).lower()}",
        f"delim = {quoted(dialect.delimiter)}, quote = {quoted(dialect.quote)}, escape = {quoted(dialect.quote)}",
        f"columns = {{{types}}}",
        f"parallel = {str(not padded).lower()}",
    ]
    if padded:
        options.append("null_padding = true")
    if longest > _DEFAULT_LINE // 2:
        options.append(f"max_line_size = {2 * longest}, buffer_size = {8 * longest}")
    return f"read_csv({', '.join(options)})"


class RowFile:
    """Rows and findings of one table. Columns may be added while rows are written; earlier rows are then empty there."""

    def __init__(self, work: Path, stem: str) -> None:
        self._rows_path = work / f"{stem}.rows.csv"
        self._findings_path = work / f"{stem}.findings.csv"
        self._rows_file = self._rows_path.open("w", encoding="utf-8", newline="", errors="replace")
        self._findings_file = self._findings_path.open("w", encoding="utf-8", newline="", errors="replace")
        self._rows = csv.writer(self._rows_file, lineterminator="\n")
        self._findings = csv.writer(self._findings_file, lineterminator="\n")
        self._longest = 0
        self.count = 0
        self.findings = 0
        self.oversized = 0
        """Cells that were left out because they are longer than LONGEST_CELL."""
        self.width = 0
        self._unseen: set[int] = set()

    def write(self, number: int, cells: list[str | None]) -> None:
        """Add a row. Cells beyond LONGEST_CELL are left out with a finding."""
        length = sum(map(len, filter(None, cells)))
        if length > LONGEST_CELL:
            cells = self._shorten(number, cells)
            length = sum(map(len, filter(None, cells)))
        self._longest = max(self._longest, 4 * length + 4 * len(cells))
        if len(cells) > self.width:
            self._unseen.update(range(self.width, len(cells)))
            self.width = len(cells)
        if self._unseen:
            self._unseen.difference_update([at for at in self._unseen if at < len(cells) and cells[at]])
        self.count += 1
        self._rows.writerow([number, *cells])

    def has_values(self, place: int) -> bool:
        """Whether any row has something in the column at `place`."""
        return place < self.width and place not in self._unseen

    def _shorten(self, number: int, cells: list[str | None]) -> list[str | None]:
        kept: list[str | None] = []
        for place, cell in enumerate(cells):
            long = cell is not None and len(cell) > LONGEST_CELL
            if long:
                self.oversized += 1
                self.find(number, f"{MARK}{place}", "cell.size", "error", (cell or "")[:_SHOWN] + "…")
            kept.append(None if long else cell)
        return kept

    def find(
        self, number: int, column: str, rule: str, severity: str, value: str, suggestion: str | None = None
    ) -> None:
        """Add a finding; a column goes by MARK and its position."""
        self.findings += 1
        self._findings.writerow([number, column, rule, severity, value[:10_000], suggestion])

    def to_parquet(self, con: duckdb.DuckDBPyConnection, target: Path, places: list[int]) -> None:
        """Close, and write the columns at `places` as Parquet, called `_row`, c0, c1, ..."""
        self._rows_file.close()
        every = ["n", *(f"p{place}" for place in range(max([self.width, *(place + 1 for place in places)])))]
        source = csv_relation(self._rows_path, every, Dialect(), header=False, padded=True, longest=self._longest)
        cells = "".join(f", p{place} AS c{number}" for number, place in enumerate(places))
        con.execute(
            f"COPY (SELECT CAST(n AS BIGINT) AS {ROW}{cells} FROM {source})"
            f" TO {quoted(target)} (FORMAT parquet, COMPRESSION snappy)"
        )
        self._rows_path.unlink()

    def findings_relation(self, places: list[int]) -> str:
        """Close the findings; a FROM item of FINDING_DDL's columns where column is still MARK and the number of the column
        among `places`, "" when there are none."""
        self._findings_file.close()
        if not self.findings:
            self._findings_path.unlink()
            return ""
        columns = ["row", "column", "rule", "severity", "value", "suggestion"]
        source = csv_relation(self._findings_path, columns, Dialect(), header=False, padded=True, longest=50_000)
        marks = {f"{MARK}{place}": f"{MARK}{number}" for number, place in enumerate(places)}
        cells = f'CAST("row" AS BIGINT) AS "row", {renamed(marks)} AS "column", rule, severity, value, suggestion'
        return f"(SELECT {cells} FROM {source})"


def renamed(names: dict[str, str]) -> str:
    """SQL for "column" with its values changed by `names`; NULL becomes ""."""
    cases = " ".join(f"WHEN {quoted(old)} THEN {quoted(new)}" for old, new in names.items())
    return f"""coalesce(CASE "column" {cases} ELSE "column" END, '')""" if cases else """coalesce("column", '')"""
