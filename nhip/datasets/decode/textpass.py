"""The letters of a whole table put right: character sets found on a sample, every distinct suspicious value mended once, and
the result joined back by DuckDB. Memory is bounded by the session's limit."""

from __future__ import annotations

import csv
import itertools
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import duckdb
import msgspec

from nhip.datasets.decode import charsets, detect
from nhip.datasets.decode.lost import is_lost
from nhip.datasets.decode.mend import RULES, Fault, Mender, cleaned, is_mostly_double
from nhip.datasets.decode.rowfile import MARK, csv_relation, identifier, quoted
from nhip.datasets.model import ROW, DecodedColumn
from nhip.formats.model import Dialect

_SAMPLE: Final = 4_000
_BATCH: Final = 10_000
_CLEAN: Final = r"\x20-\x7e\t\n\r\x{00a0}ÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝàáâãèéêìíòóôõùúýĂăĐđĨĩŨũƠơƯư\x{1ea0}-\x{1ef9}–—‘’“”…°²³×€₫•"
_SUSPECT: Final = rf"[^{_CLEAN}]|[Ãáâ][^a-zA-Z]|&[#a-zA-Z0-9]+;|\pL[?_]|[?_]\pL"
_LEGACY: Final = r"[^\x20-\x7e\t\n\r]"
_VIQR: Final = r"[aeiouyAEIOUY]['`?~.^(+]|[dD][dD]"
_LOOK: Final = rf"{_LEGACY}|{_VIQR}|&[#a-zA-Z0-9]+;|\pL[?_]|[?_]\pL"
_names = itertools.count()


class TextResult(msgspec.Struct, frozen=True):
    """The table after mending: FROM item with `_row`, c0, c1, ...; FROM item of findings ("" for none); the columns."""

    relation: str
    findings: str
    names: list[str]
    columns: list[DecodedColumn]
    charsets: dict[str, int]
    """How many columns are in each legacy set."""
    header_mended: bool


class TextPass:
    """Works on `relation`: a FROM item with `_row` and VARCHAR columns c0, c1, ... named `names` in the file."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        relation: str,
        names: list[str],
        work: Path,
        stem: str,
        *,
        from_bytes: bool,
    ) -> None:
        self._con, self._relation, self._raw_names = con, relation, names
        self._work, self._stem, self._from_bytes = work, stem, from_bytes
        self._maps: dict[int, str] = {}

    def run(self) -> TextResult:
        """Detect, mend, and write what changed."""
        samples = [self._sample(place) for place in range(len(self._raw_names))]
        headers = [cleaned(name) for name in self._raw_names]
        tidy = [[cleaned(value) for value in values] for values in samples]
        *found, header = detect.columns([*tidy, headers], from_bytes=self._from_bytes)
        menders = [self._mender(*one) for one in zip(found, tidy, samples, strict=True)]
        for place, (mender, values) in enumerate(zip(menders, samples, strict=True)):
            self._map(place, mender, values)
        relation, findings = self._write() if self._maps else (self._relation, "")
        names = [_name(name, column, header) for name, column in zip(headers, found, strict=True)]
        counts = self._counts(findings)
        encodings = [_encoding(column, values) for column, values in zip(found, samples, strict=True)]
        columns = [
            DecodedColumn(name=name, encoding=encoding, repaired=counts[place][0], lost=counts[place][1])
            for place, (name, encoding) in enumerate(zip(names, encodings, strict=True))
        ]
        sets = Counter(encoding for encoding in encodings if encoding != "utf-8")
        return TextResult(relation, findings, names, columns, dict(sets), names != self._raw_names)

    def close(self) -> None:
        """Drop the temporary tables."""
        for name in self._maps.values():
            self._con.execute(f"DROP TABLE IF EXISTS {name}")

    def _sample(self, place: int) -> list[str]:
        sql = (  # the pattern is a literal: DuckDB compiles a parameter anew for every row
            f"SELECT v FROM (SELECT DISTINCT c{place} AS v FROM {self._relation} WHERE regexp_matches(c{place}, {quoted(_LOOK)}))"
            f" USING SAMPLE reservoir({_SAMPLE} ROWS) REPEATABLE (7)"
        )
        return sorted(row[0] for row in self._con.execute(sql).fetchall())

    def _mender(self, column: detect.Column, tidy: list[str], values: list[str]) -> Mender:
        lost = sum(is_lost(value) for value in tidy) >= 2
        double = is_mostly_double(values)
        return Mender(column=column, from_bytes=self._from_bytes, lost_context=lost, double=double)

    def _map(self, place: int, mender: Mender, sample: list[str]) -> None:
        """A table of the values of a column that mending changes or has something to say about."""
        name = f"nhip_text_{next(_names)}"
        pattern = _SUSPECT
        if mender.column.charsets:
            pattern = f"{_LEGACY}|{_SUSPECT}" + (f"|{_VIQR}" if "viqr" in mender.column.charsets else "")
        path = self._work / f"{name}.csv"
        values = iter([sample])  # all there is, unless the sample is full
        if len(sample) >= _SAMPLE:
            sql = f"SELECT DISTINCT c{place} FROM {self._relation} WHERE regexp_matches(c{place}, {quoted(pattern)})"
            values = _batches(self._con.execute(sql))
        count, longest = _write_mended(values, mender, path)
        if count:
            columns = ["v", "faults", "new"]
            source = csv_relation(path, columns, Dialect(), header=False, padded=True, longest=longest)
            self._con.execute(
                f"CREATE TEMP TABLE {name} AS SELECT v, CAST(faults AS INTEGER) AS faults, new FROM {source}"
            )
            self._maps[place] = name
        path.unlink()

    def _write(self) -> tuple[str, str]:
        target = self._work / f"{self._stem}.text.parquet"
        cells, joins = [], []
        for place in range(len(self._raw_names)):
            mapped = place in self._maps
            cells.append(f"coalesce(m{place}.new, r.c{place}) AS c{place}" if mapped else f"r.c{place}")
            if mapped:
                joins.append(f"LEFT JOIN {self._maps[place]} m{place} ON r.c{place} = m{place}.v")
        self._con.execute(
            f"COPY (SELECT r.{ROW}, {', '.join(cells)} FROM {self._relation} r {' '.join(joins)} ORDER BY r.{ROW})"
            f" TO {quoted(target)} (FORMAT parquet, COMPRESSION snappy)"
        )
        return f"read_parquet({quoted(target)})", self._findings()

    def _findings(self) -> str:
        target = self._work / f"{self._stem}.textfindings.parquet"
        parts = [
            f'SELECT r.{ROW} AS "row", {quoted(f"{MARK}{place}")} AS "column", {quoted(rule)} AS rule,'
            f" {quoted(severity)} AS severity, r.c{place} AS value, "
            f"{'NULL' if fault is Fault.LOST else 'm.new'} AS suggestion"
            f" FROM {self._relation} r JOIN {name} m ON r.c{place} = m.v WHERE m.faults & {int(fault)} <> 0"
            for place, name in self._maps.items()
            for fault, (rule, severity) in RULES.items()
        ]
        self._con.execute(f"COPY ({' UNION ALL '.join(parts)}) TO {quoted(target)} (FORMAT parquet, COMPRESSION zstd)")
        return f"read_parquet({quoted(target)})"

    def _counts(self, findings: str) -> dict[int, tuple[int, int]]:
        """Mended and lost cells by column."""
        counts = dict.fromkeys(range(len(self._raw_names)), (0, 0))
        if findings:
            rows = self._con.execute(
                'SELECT "column", count(DISTINCT "row") FILTER (severity = \'mended\'),'
                f" count(*) FILTER (rule = 'text.lost') FROM {findings} GROUP BY 1"
            ).fetchall()
            counts |= {int(column[1:]): (mended, lost) for column, mended, lost in rows}
        return counts


def _name(name: str, column: detect.Column, header: detect.Column) -> str:
    """A column's name: in the set of the other names, or of its cells."""
    sets = tuple(dict.fromkeys((*header.charsets, *column.charsets)))
    return Mender(column=detect.Column(sets, column.trusted or header.trusted)).mend(name).text


def _batches(cursor: duckdb.DuckDBPyConnection) -> Iterator[list[str]]:
    while rows := cursor.fetchmany(_BATCH):
        yield [row[0] for row in rows]


def _write_mended(values: Iterator[list[str]], mender: Mender, path: Path) -> tuple[int, int]:
    """Write each value that mending changes or has something to say about, its faults and its new text; returns their number
    and the bytes of the longest line. (A DuckDB function in Python would do the same 100 times slower.)"""
    count = longest = 0
    with path.open("w", encoding="utf-8", newline="", errors="replace") as file:
        writer = csv.writer(file, lineterminator="\n")
        for batch in values:
            for value in batch:
                result = mender.mend(value)
                if result.text != value or result.faults:
                    count += 1
                    longest = max(longest, 4 * (len(value) + len(result.text)) + 16)
                    writer.writerow([value, int(result.faults), result.text])
    return count, longest


def _encoding(column: detect.Column, values: list[str]) -> str:
    """The set that most of a column's letters are in."""
    if not column.charsets:
        return "utf-8"
    used = Counter(detect.choose(cleaned(value), column) or "utf-8" for value in values)
    if charsets.SETS and column.trusted:
        used.pop("utf-8", None)
    return used.most_common(1)[0][0] if used else column.charsets[0]


def named(relation: str, names: list[str]) -> str:
    """A FROM item with the columns' own names."""
    cells = "".join(f", c{place} AS {identifier(name)}" for place, name in enumerate(names))
    return f"(SELECT {ROW}{cells} FROM {relation})"
