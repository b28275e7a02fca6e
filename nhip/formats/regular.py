"""A proof, at a gigabyte a second, that a delimited file has the same number of cells in every record.

All bytes but delimiters, quotes, line ends and a few rare ones are dropped (`bytes.translate`); what is left of a regular file
is one pattern repeated. The rare bytes tell at the same time what else may be wrong with the text.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

import msgspec

from nhip.formats.text import iter_chunks

_CHUNK: Final = 2 << 20
_BLOCK: Final = 1 << 20
_VIETNAMESE_LEADS: Final = frozenset([0xC3, 0xC4, 0xC5, 0xC6, 0xE1, 0xE2])
"""First bytes of the letters and marks of Vietnamese in UTF-8 (U+00C0-U+01BF, U+1E00-U+2FFF)."""
RARE: Final = bytes(sorted({0x00, *b"?_&", *(set(range(0xC0, 0x100)) - _VIETNAMESE_LEADS)}))
_QUOTE: Final = ord('"')


class Regular(msgspec.Struct, frozen=True):
    """The result: whether every record has the same width, the number of records, and how often rare bytes occur."""

    ok: bool
    records: int
    rare: dict[int, int]
    quotes_sure: bool = True
    """Whether all quotes open or close a cell; else (doubled quotes, stray ones) only a parser can tell that `ok` holds."""


def scan(path: Path, delimiter: str, width: int) -> Regular:
    """Read the file once, in constant memory. A False `ok` may be cautious: it only means that a slower reader must look."""
    sign = delimiter.encode()
    keep = set(RARE) | set(sign + b'"\r\n')
    drop = bytes(byte for byte in range(256) if byte not in keep)
    rare: Counter[int] = Counter()
    walker = _Walker(sign * (width - 1))
    quotes = _Quotes(sign)
    unusual, last, empty = False, b"\n", b"\n" + sign * (width - 1)
    for chunk in iter_chunks(path, _CHUNK):
        unusual = unusual or _has_long_line(chunk) or _has_empty_record(last, chunk, empty)
        last = (last + chunk[-len(empty) - 1 :])[-len(empty) - 1 :]
        quotes.feed(chunk)
        left = chunk.translate(None, drop)
        plain = left.translate(None, RARE)
        if len(plain) != len(left):
            others = left.translate(None, sign + b'"\r\n')
            rare.update({byte: others.count(byte) for byte in set(others)})
        walker.feed(plain)
    rare.pop(0xEF, None) if rare.get(0xEF) == 1 and _has_mark(path) else None
    return Regular(
        walker.finish(quotes.ended) and not unusual and not last.endswith(empty),
        walker.records,
        dict(rare),
        quotes.are_sure(),
    )


def _has_long_line(chunk: bytes) -> bool:
    """Whether a line of about 1 MB or more may be in it: DuckDB refuses lines of 2 MB."""
    return any(chunk.find(b"\n", at, at + _BLOCK) < 0 for at in range(0, len(chunk) - _BLOCK + 1, _BLOCK))


def _has_empty_record(last: bytes, chunk: bytes, line: bytes) -> bool:
    """Whether a line of delimiters only is in it, as spreadsheets write blank rows; `last` is the end of the chunk before."""
    for data in (last + chunk[: len(line) + 1], chunk):
        at = data.find(line)
        while at >= 0:
            if data[at + len(line) : at + len(line) + 1] in (b"\n", b"\r"):
                return True
            at = data.find(line, at + 1)
    return False


def _has_mark(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(3) == b"\xef\xbb\xbf"


class _Quotes:
    """Looks at each quote: it must stand where a cell begins or where one ends, and not both."""

    def __init__(self, sign: bytes) -> None:
        self._opens = bytes(byte in sign + b"\n" for byte in range(256))
        self._closes = bytes(byte in sign + b"\r\n" for byte in range(256))
        self._last = ord("\n")
        self._held: bool | None = None
        """Whether the quote that is the last byte so far can open a cell; None when the last byte is no quote."""
        self._inside = False
        """Whether the last quote opened a cell; opening and closing ones must take turns."""
        self._odd = 0

    def feed(self, chunk: bytes) -> None:
        self._settle(bool(self._closes[chunk[0]]))
        if b'"' in chunk:
            self._count(chunk)
        self._last = chunk[-1]

    def _count(self, chunk: bytes) -> None:
        import numpy as np  # only here: most files have no quotes, and it takes a tenth of a second to load

        data = np.frombuffer(chunk, np.uint8)
        opens, closes = np.frombuffer(self._opens, np.bool_), np.frombuffer(self._closes, np.bool_)
        places = np.flatnonzero(data == _QUOTE)
        opening = opens[data[places - 1]]
        if places[0] == 0:
            opening[0] = opens[self._last]
        if places[-1] == data.size - 1:
            self._held = bool(opening[-1])
            places, opening = places[:-1], opening[:-1]
        closing = closes[data[places + 1]]
        turns = (np.arange(opening.size) % 2 == 0) != self._inside
        self._odd += int((opening == closing).sum()) + int((opening != turns).sum())
        self._inside ^= bool(opening.size % 2)

    def _settle(self, closing: bool) -> None:
        if self._held is not None:
            self._odd += (self._held == closing) + (self._held == self._inside)
            self._inside = not self._inside
            self._held = None

    @property
    def ended(self) -> bool:
        return self._last == ord("\n")

    def are_sure(self) -> bool:
        """Call once, at the end of the file."""
        self._settle(closing=True)
        return self._odd == 0 and not self._inside


class _Walker:
    """Compares the structure with its pattern, chunk by chunk."""

    def __init__(self, cells: bytes) -> None:
        self._cells = cells
        self._line = b""
        self._rest = b""
        self._ok = True
        self.records = 0

    def feed(self, structure: bytes) -> None:
        if not self._ok:
            return
        data = self._rest + structure
        held = b""
        if b'"' in data:
            if data.count(b'"') % 2:
                cut = data.rindex(b'"')
                data, held = data[:cut], data[cut:]
            data = b"".join(data.split(b'"')[::2])  # what stands outside quotes; a doubled quote leaves nothing
        if not self._line:
            self._line = self._cells + (b"\r\n" if data.startswith(self._cells + b"\r\n") else b"\n")
        count = data.count(b"\n")
        end = len(self._line) * count
        self._ok = data[:end] == self._line * count and len(held) < 2 * _CHUNK
        self.records += count
        self._rest = data[end:] + held

    def finish(self, ended: bool) -> bool:
        """`ended`: the file's last byte is a line end."""
        if not ended:
            self.records += 1
        return self._ok and self._rest == (b"" if ended else self._cells)
