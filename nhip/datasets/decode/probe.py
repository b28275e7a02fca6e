"""Whether a delimited file is clean enough to be read where it lies: a whole-file proof of its shape, an evenly spread sample of
its text, and a whole-file look for rare bytes that clean Vietnamese text does not have."""

from __future__ import annotations

import csv
import mmap
import re
from enum import Enum
from typing import Final

import msgspec

from nhip.datasets.decode import detect
from nhip.datasets.decode.cells import is_total
from nhip.datasets.decode.heading import Heading, find_heading
from nhip.datasets.decode.lost import is_lost
from nhip.datasets.decode.mend import cleaned
from nhip.formats import delimited, regular, text
from nhip.formats.model import Delimited
from nhip.kernel.text import fold

_NOT_LETTERS: Final = {0x00, *b"?_&", 0xC2, 0xCC, 0xE2, 0xEF}
_FAULTS: Final = re.compile(
    rb"\xcc[\x80-\xbf]|\xef\xbf\xbd|[\xc3\xc6][\x80-\xbf]\xc2[\x80-\xbf]|\xc2[\x80-\x9f]|&(?:#|[a-zA-Z]{2,8};)"
)
_ODD: Final = re.compile(rb"\xc2[\xa1-\xbf]|[\x41-\x5a\x61-\x7a\x80-\xff][?_]|[?_][\x41-\x5a\x61-\x7a\x80-\xff]")
_MOST_ODD: Final = 5_000
_REACH: Final = 120
_SAMPLE: Final = 3_000


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
    found = regular.scan(part.path, part.dialect.delimiter, heading.width)
    if set(found.rare) - _NOT_LETTERS and not text.is_utf8(part.path):
        return Probe(Verdict.BYTES)
    samples = _samples(part, heading)
    if not found.ok or found.rare.get(0) or samples is None:
        return Probe(Verdict.SHAPE)
    dirty = _is_dirty([*samples, heading.names]) or _has_faults(part, found.rare)
    return Probe(Verdict.TEXT if dirty else Verdict.CLEAN, heading, found.records - 1, found.quotes_sure)


def _samples(part: Delimited, heading: Heading) -> list[list[str]] | None:
    """Distinct values of each column in pieces of the whole file; None when rows are there that are no data."""
    seen: list[set[str]] = [set() for _ in heading.names]
    header = [fold(name) for name in heading.names]
    for piece in text.windows(part.path):
        lines = piece.decode("utf-8", "ignore").splitlines()
        for cells in csv.reader(lines[1:], delimiter=part.dialect.delimiter):
            if len(cells) != heading.width:
                continue
            if is_total([cell or None for cell in cells], heading.width) or (
                fold(cells[0]) == header[0] and [fold(cell) for cell in cells] == header
            ):
                return None
            for values, cell in zip(seen, cells, strict=True):
                values.add(cell)
    return [sorted(values)[:_SAMPLE] if len(values) > _SAMPLE else list(values) for values in seen]


def _is_dirty(samples: list[list[str]]) -> bool:
    for values in samples:
        for value in values:
            if not value.isascii() or "&" in value:
                if cleaned(value) != value or is_lost(value):
                    return True
            elif ("?" in value or "_" in value) and is_lost(value):
                return True
    return any(column.charsets for column in detect.columns(samples))


def _has_faults(part: Delimited, rare: dict[int, int]) -> bool:
    """Look at the places of rare bytes in the whole file."""
    if not any(rare.get(byte) for byte in (0xC2, 0xCC, 0xEF, *b"&?_")):
        return False
    with part.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if any(rare.get(byte) for byte in (0xC2, 0xCC, 0xEF, *b"&")) and _FAULTS.search(data):
            return True
        if not any(rare.get(byte) for byte in (0xC2, *b"?_")):
            return False
        return _has_odd_text(data, part.dialect.delimiter)


def _has_odd_text(data: mmap.mmap, delimiter: str) -> bool:
    """Judge the cells around odd characters, a few thousand of them."""
    ends = re.compile("[" + re.escape(delimiter) + '"\r\n]')
    cells: set[str] = set()
    for count, match in enumerate(_ODD.finditer(data)):
        if count >= _MOST_ODD:
            break
        before = ends.split(data[max(match.start() - _REACH, 0) : match.start()].decode("utf-8", "ignore"))[-1]
        after = ends.split(data[match.start() : match.end() + _REACH].decode("utf-8", "ignore"))[0]
        cells.add(before + after)
    return any(map(is_lost, cells)) or bool(detect.columns([sorted(cells)])[0].charsets)
