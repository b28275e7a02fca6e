"""Whether a delimited file is clean enough to be read where it lies: a whole-file proof of its shape, an evenly spread sample of
its text, and a whole-file look for rare bytes that clean Vietnamese text does not have."""

from __future__ import annotations

import csv
import re
from enum import Enum
from typing import Final

import msgspec

from nhip.datasets.decode import detect
from nhip.datasets.decode.cells import has_group_mark, is_footnote, is_section, is_signature, is_total
from nhip.datasets.decode.heading import Heading, find_heading
from nhip.datasets.decode.lost import is_lost
from nhip.datasets.decode.mend import cleaned
from nhip.datasets.decode.rare import has_faults
from nhip.formats import delimited, regular, text
from nhip.formats.model import Delimited
from nhip.kernel.text import fold

_NOT_LETTERS: Final = {0x00, *b"?_&", 0xC2, 0xCC, 0xE2, 0xEF}
_SAMPLE: Final = 3_000
_ODD: Final = re.compile("[^ -%'->@-^`-~ÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝàáâãèéêìíòóôõùúýĂăĐđĨĩŨũƠơƯưẠ-ỹ]")
"""What clean text in plain letters and signs does not have; `&`, `?` and `_` may stand for something else."""
_LONGEST_HEADER: Final = 1 << 20


class Verdict(Enum):
    """What may be done with the file."""

    CLEAN = "clean"
    """Read it lazily; nothing is to be mended."""
    TEXT = "text"
    """Its shape is regular, but letters have to be mended."""
    SHAPE = "shape"
    """Its shape is not regular: read it record by record."""
    BYTES = "bytes"
    """It is no UTF-8."""


class Probe(msgspec.Struct, frozen=True):
    """The verdict, with the header and the number of rows under it where the shape is regular."""

    verdict: Verdict
    heading: Heading | None = None
    rows: int = 0
    sure: bool = True
    """False: let DuckDB count the rows before believing it."""


def probe(part: Delimited) -> Probe:
    """Look at a UTF-8 file once, in constant memory."""
    lines = delimited.first_lines(part.path)
    head = [
        (number, [cell or None for cell in cells])
        for number, cells in enumerate(csv.reader(lines, delimiter=part.dialect.delimiter), 1)
    ]
    heading = find_heading(head, [])
    if heading is None or heading.rows != [1] or heading.width < 2 or len(head[0][1]) != heading.width:
        return Probe(Verdict.SHAPE)
    if any("\n" in (cell or "") for cell in head[0][1]):
        return Probe(Verdict.SHAPE)  # DuckDB reads no row at all where that line break is not the file's
    found = regular.scan(part.path, part.dialect.delimiter, heading.width)
    if set(found.rare) - _NOT_LETTERS and not text.is_utf8(part.path):
        return Probe(Verdict.BYTES)
    samples = _samples(part, heading)
    if not found.ok or found.rare.get(0) or samples is None:
        return Probe(Verdict.SHAPE)
    dirty = _is_dirty([*samples, heading.names]) or has_faults(
        part.path, _under_header(part, found.rare), part.dialect.delimiter
    )
    return Probe(Verdict.TEXT if dirty else Verdict.CLEAN, heading, found.records - 1, found.quotes_sure)


def _samples(part: Delimited, heading: Heading) -> list[list[str]] | None:
    """Distinct values of each column in pieces of the whole file; None when rows are there that are no data."""
    seen: list[set[str]] = [set() for _ in heading.names]
    header = [fold(name) for name in heading.names]
    for piece in text.windows(part.path):
        lines = piece.decode("utf-8", "ignore").splitlines()
        rows = [row for row in csv.reader(lines[1:], delimiter=part.dialect.delimiter) if len(row) == heading.width]
        for cells in rows:
            if _is_no_data(cells, header):
                return None
        for values, column in zip(seen, zip(*rows, strict=True), strict=False):
            values.update(column)
    return [sorted(values)[:_SAMPLE] if len(values) > _SAMPLE else list(values) for values in seen]


def _is_no_data(cells: list[str], header: list[str]) -> bool:
    """Whether a row may be a total, a heading, a remark or the header again, so that the whole table is read with care."""
    places = [cell or None for cell in cells]
    if is_total(places, len(header)) or (fold(cells[0]) == header[0] and [fold(cell) for cell in cells] == header):
        return True
    if len(header) < 3 or sum(map(bool, cells)) > 2:
        return False
    return is_footnote(places) or is_section(places) or has_group_mark(places) or is_signature(places)


def _is_dirty(samples: list[list[str]]) -> bool:
    for values in samples:
        for value in values:
            if not _ODD.search(value):
                continue
            if not value.isascii() or "&" in value:
                if cleaned(value) != value or is_lost(value):
                    return True
            elif ("?" in value or "_" in value) and is_lost(value):
                return True
    return any(column.charsets for column in detect.columns(samples))


def _under_header(part: Delimited, rare: dict[int, int]) -> dict[int, int]:
    """The rare bytes without those of the first line: names of columns are full of `_`, and are judged as samples."""
    with part.path.open("rb") as file:
        header = file.readline(_LONGEST_HEADER)
    return {byte: count - header.count(byte) for byte, count in rare.items()}
