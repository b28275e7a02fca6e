"""One file being decoded: each of its parts is taken the way that suits it, and becomes one or more tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb

from nhip.datasets.decode import probe, problems
from nhip.datasets.decode.body import RawTable, TableReader
from nhip.datasets.decode.finish import Finished, Raw, finish, lazy_table
from nhip.datasets.decode.probe import Verdict
from nhip.datasets.decode.rowfile import MARK, RowFile, csv_relation, identifier, quoted
from nhip.datasets.decode.sheets import side_by_side
from nhip.datasets.model import ROW, DecodedTable, Problem
from nhip.datasets.rowsource import numbered
from nhip.formats import text
from nhip.formats.delimited import iter_records
from nhip.formats.errors import BrokenFile, TooManyColumns
from nhip.formats.model import Columnar, Delimited, Grid, Part, Records, Row
from nhip.formats.opening import nul_notes
from nhip.kernel.i18n import _
from nhip.settings import Settings


class Job:
    """One file being decoded."""

    def __init__(
        self, work: Path, settings: Settings, filename: str, con: duckdb.DuckDBPyConnection, careful: bool
    ) -> None:
        self._work, self._settings, self._filename, self._con = work, settings, filename, con
        self._careful = careful
        self.tables: list[DecodedTable] = []
        self.problems: list[Problem] = []
        self.charsets: Counter[str] = Counter()
        self.encoding = ""

    def take(self, part: Part) -> None:
        """Decode one part of the file."""
        if isinstance(part, Delimited):
            self._delimited(part)
        elif isinstance(part, Grid):
            for grid in side_by_side(part):
                reader = TableReader(grid.rows(), self._rowfile, grid.merges)
                self._raw_tables(reader.read(), grid.name, grid.sheet, from_bytes=False)
        elif isinstance(part, Records):
            self._records(part)
        else:
            self._columnar(part)

    def _delimited(self, part: Delimited) -> None:
        if not self._careful and not part.from_bytes:
            found = probe.probe(part)
            if found.heading is not None and self._regular(part, found):
                return
            if found.verdict is Verdict.BYTES:
                part = self._transcoded(part)
        elif self._careful and not part.from_bytes and not text.is_utf8(part.path):
            part = self._transcoded(part)
        strays: set[int] = set()
        reader = TableReader(_rows(part, strays), self._rowfile, shaped=True, strays=strays)
        self._raw_tables(reader.read(), part.name, "", from_bytes=part.from_bytes)

    def _transcoded(self, part: Delimited) -> Delimited:
        done = text.transcode(part.path, self._work / f"text{len(self.tables)}.utf8", "bytes")
        self.problems += [problems.from_note(note) for note in nul_notes(done.nuls)]
        self.encoding = "bytes"
        return Delimited(
            name=part.name, path=done.path, dialect=part.dialect, encoding="bytes", from_bytes=bool(done.strange_lines)
        )

    def _regular(self, part: Delimited, found: probe.Probe) -> bool:
        """A file of regular shape; False when DuckDB does not agree that it is."""
        assert found.heading is not None
        self._check_width(found.heading.width, part.name)
        path = _without_glob(part.path, self._work)
        cells = [f"c{place}" for place in range(found.heading.width)]
        source = csv_relation(path, cells, part.dialect, header=True, padded=False, longest=0)
        raw = Raw(numbered(source), found.heading.names, found.rows, name=part.name, header_rows=[1])
        if not found.sure and not self._agrees(source, found.rows):
            return False
        if found.verdict is Verdict.CLEAN:
            self._add(lazy_table(raw, path, part.dialect))
            return True
        target = self._work / f"t{len(self.tables)}.raw.parquet"
        try:
            self._con.execute(f"COPY (FROM {raw.relation}) TO {quoted(target)} (FORMAT parquet, COMPRESSION snappy)")
        except (duckdb.InvalidInputException, duckdb.ConversionException):
            return False
        self._finish(raw._replace(relation=f"read_parquet({quoted(target)})"))
        return True

    def _agrees(self, source: str, rows: int) -> bool:
        try:
            return self._con.execute(f"SELECT count(*) FROM {source}").fetchone() == (rows,)
        except (duckdb.InvalidInputException, duckdb.ConversionException):
            return False

    def _rowfile(self, number: int) -> RowFile:
        return RowFile(self._work, f"t{len(self.tables)}.{number}")

    def _raw_tables(self, tables: list[RawTable], name: str, sheet: str, *, from_bytes: bool) -> None:
        for place, table in enumerate(tables):
            called = name if place == 0 else (table.title[:60] or f"{name} ({place + 1})")
            self._check_width(table.heading.width, called)
            names = [*table.heading.names, *[""] * (table.rowfile.width - table.heading.width)]
            places = [at for at, text_ in enumerate(names) if text_ or table.rowfile.has_values(at)] or [0]
            raw = self._stored(table.rowfile, [names[at] for at in places], places, called)
            raw = raw._replace(sheet=sheet, header_rows=table.heading.rows, from_bytes=from_bytes)
            done = self._finish(raw)
            columns = [column.name for column in done.table.columns]
            self.problems += problems.of_table(table, done.table.name, columns)

    def _stored(self, rowfile: RowFile, names: list[str], places: list[int], called: str) -> Raw:
        target = self._work / f"t{len(self.tables)}.raw.parquet"
        rowfile.to_parquet(self._con, target, places)
        findings = rowfile.findings_relation(places)
        return Raw(f"read_parquet({quoted(target)})", names, rowfile.count, name=called, findings=findings)

    def _records(self, part: Records) -> None:
        rowfile = self._rowfile(0)
        places: dict[str, int] = {name: place for place, name in enumerate(part.columns)}
        faults: list[str] = []
        for number, cells, fault in part.rows():
            row: list[str | None] = [None] * len(places)
            for name, cell in cells.items():
                place = places.setdefault(name, len(places))
                if place >= len(row):
                    row.append(None)
                row[place] = cell
            if len(places) > self._settings.max_columns:
                self._check_width(len(places), part.name)
            rowfile.write(number, row)
            if fault:
                faults.append(fault) if len(faults) < 1 else None
                rowfile.find(
                    number, f"{MARK}{places['geometry']}", "geometry.invalid", "error", cells["geometry"] or fault
                )
        names = list(places) or ["value"]
        raw = self._stored(rowfile, names, list(range(len(names))), part.name)
        from_bytes = part.from_bytes and (part.strange is None or part.strange())
        done = self._finish(raw._replace(from_bytes=from_bytes))
        self.problems += problems.of_size(done.table.name, rowfile.oversized)
        self.problems += problems.of_names(names, done.table.name, [column.name for column in done.table.columns])
        if faults:
            self.problems.append(problems.invalid_geometry(done.table.name, rowfile.findings, faults[0]))

    def _columnar(self, part: Columnar) -> None:
        path = quoted(_without_glob(part.path, self._work))
        try:
            described = self._con.execute(f"DESCRIBE SELECT * FROM read_parquet({path})").fetchall()
            counted = self._con.execute(f"SELECT count(*) FROM read_parquet({path})").fetchone()
        except duckdb.Error as error:
            raise BrokenFile(file=self._filename, format="Parquet", what=_("its content cannot be read")) from error
        names = [str(row[0]) for row in described]
        self._check_width(len(names), part.name)
        cells = "".join(f", {_as_text(row[0], row[1])} AS c{place}" for place, row in enumerate(described))
        relation = f"(SELECT file_row_number + 1 AS {ROW}{cells} FROM read_parquet({path}, file_row_number = true))"
        self._finish(Raw(relation, names, counted[0] if counted else 0, name=part.name))

    def _finish(self, raw: Raw) -> Finished:
        done = finish(self._con, raw, self._work, f"t{len(self.tables)}")
        self._add(done)
        self.charsets.update(done.charsets)
        return done

    def _add(self, done: Finished) -> None:
        self.tables.append(done.table)
        self.problems += done.problems

    def _check_width(self, width: int, table: str) -> None:
        if width > self._settings.max_columns:
            raise TooManyColumns(table=table, file=self._filename, columns=width, limit=self._settings.max_columns)


def _rows(part: Delimited, strays: set[int]) -> Iterator[Row]:
    for record in iter_records(part.path, part.dialect):
        if record.stray_quote:
            strays.add(record.number)
        yield record.number, [cell or None for cell in record.cells]


def _without_glob(path: Path, work: Path) -> Path:
    """DuckDB takes `*`, `?` and `[` in a path for patterns: such a file is linked under a plain name."""
    if not set("*?[") & set(str(path)):
        return path
    plain = work / "input.plain"
    plain.unlink(missing_ok=True)
    plain.symlink_to(path.resolve())
    return plain


def _as_text(name: str, kind: str) -> str:
    """SQL of a Parquet column as a text cell: numbers without `.0`, binary as hexadecimal, nested values as JSON."""
    column = identifier(name)
    if kind in ("DOUBLE", "FLOAT"):
        return f"regexp_replace(CAST({column} AS VARCHAR), '\\.0$', '')"
    if kind == "BLOB":
        return f"lower(hex({column}))"
    if kind.startswith(("STRUCT", "MAP")) or kind.endswith("]"):
        return f"CAST(to_json({column}) AS VARCHAR)"
    return f"nullif(CAST({column} AS VARCHAR), '')"
