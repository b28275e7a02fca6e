"""Delimited text (RFC 4180 and what people make of it): its dialect, and records with numbers; a bad line costs no other."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple, TextIO

from nhip.formats.errors import BrokenFile
from nhip.formats.model import Dialect
from nhip.formats.text import LONGEST_LINE
from nhip.kernel.i18n import _

_DELIMITERS: Final = ",;\t|"
_RARE: Final = {"\x1f": 1, "~": 1, "^": 1, "#": 2, "!": 2}
"""Delimiters of old programs, and how often each must stand in every line alike before it is taken for one."""
_DECIMALS: Final = re.compile(r"\s*[+-]?\d+,\d+\s*")
_SAMPLE_LINES: Final = 200
_LONGEST_RECORD: Final = 500
"""Lines that a quoted cell may span before its opening quote is taken for a stray one."""
csv.field_size_limit(LONGEST_LINE)


class Record(NamedTuple):
    """A record: its number in the file (the first has 1), its cells, and whether its quotes are out of order."""

    number: int
    cells: list[str]
    stray_quote: bool = False


def sniff_dialect(lines: list[str]) -> Dialect:
    """The dialect that cuts most of the first lines into the same number of cells."""
    if lines and (stated := lines[0].strip().lower()).startswith("sep=") and len(stated) == 5:
        return Dialect(stated[4])
    scores = [(_score(lines, delimiter), -place, delimiter) for place, delimiter in enumerate(_DELIMITERS)]
    best, _, delimiter = max(scores)
    if best < 1 and (rare := next((sign for sign, least in _RARE.items() if _divides(lines, sign, least)), "")):
        return Dialect(rare)
    if delimiter == "," and _are_decimals(lines):
        return Dialect(";")
    return Dialect(delimiter if best > 0 else ",")


def _divides(lines: list[str], sign: str, least: int) -> bool:
    counts = {line.count(sign) for line in lines if line.strip()}
    return len(counts) == 1 and min(counts) >= least


def _are_decimals(lines: list[str]) -> bool:
    """Whether the lines are one column of numbers with a decimal comma under a name."""
    name, *numbers = [line for line in lines if line.strip()] or [""]
    return bool(numbers) and "," not in name and all(map(_DECIMALS.fullmatch, numbers))


def _score(lines: list[str], delimiter: str) -> float:
    widths = Counter(len(cells) for cells in csv.reader(lines, delimiter=delimiter) if any(cells))
    widths.pop(1, None) if len(widths) > 1 else None
    total = sum(1 for line in lines if line.strip())
    if not widths or not total:
        return 0.0
    width, count = max(widths.items(), key=lambda item: (item[1] * min(item[0], 4), item[0]))
    return 0.0 if width < 2 else count / total + 0.02 * min(width, 10)


def first_lines(path: Path, count: int = _SAMPLE_LINES) -> list[str]:
    """The first lines of a UTF-8 file, each at most 1 MB."""
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        lines = (file.readline(1 << 20) for _ in range(count))
        return [line for line in lines if line]


def iter_records(path: Path, dialect: Dialect) -> Iterator[Record]:
    """All records of a UTF-8 file, blank ones included as [""]. Raises BrokenFile for a line of more than 64 MB."""
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        lines = _Lines(file, path.name)
        number = 0
        while (line := lines.take()) is not None:
            number += 1
            if number == 1 and line.strip().lower() == f"sep={dialect.delimiter}":
                continue
            yield _record(number, line, lines, dialect)


class _Lines:
    """Lines that can be put back."""

    def __init__(self, file: TextIO, name: str) -> None:
        self._file, self._name = file, name
        self._waiting: list[str] = []

    def take(self) -> str | None:
        if self._waiting:
            return self._waiting.pop()
        line = self._file.readline(LONGEST_LINE)
        if len(line) >= LONGEST_LINE:
            raise BrokenFile(file=self._name, format="CSV", what=_("it has a line of more than 64 MB"))
        return line or None

    def put_back(self, lines: list[str]) -> None:
        self._waiting.extend(reversed(lines))


def _record(number: int, line: str, lines: _Lines, dialect: Dialect) -> Record:
    if dialect.quote not in line:
        return Record(number, line.rstrip("\r\n").split(dialect.delimiter))
    taken = [line]
    while True:
        try:
            return Record(number, _parse("".join(taken), dialect))
        except csv.Error as error:
            if "unexpected end" not in str(error):
                return Record(number, _lenient(taken[0], dialect, lines, taken), stray_quote=True)
        following = lines.take() if len(taken) < _LONGEST_RECORD else None
        if following is None:
            lines.put_back(taken[1:])
            return Record(number, line.rstrip("\r\n").split(dialect.delimiter), stray_quote=True)
        taken.append(following)


def _parse(text: str, dialect: Dialect) -> list[str]:
    return next(csv.reader([text], delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True))


def _lenient(line: str, dialect: Dialect, lines: _Lines, taken: list[str]) -> list[str]:
    """The cells of the first line alone, its quotes read as far as they make sense; the other lines are records again."""
    lines.put_back(taken[1:])
    reader = csv.reader([line.rstrip("\r\n")], delimiter=dialect.delimiter, quotechar=dialect.quote, strict=False)
    return next(reader)
