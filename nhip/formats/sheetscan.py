"""A look over the XML of an XLSX sheet without building anything: how far its cells reach, which formulas have no result and
which have an error for one.

Programs write cells in one form, and that form is counted by a pattern. Where any cell is written otherwise (prefixes, other
quotes, no addresses) the whole sheet is parsed: what is not counted could take all memory in the reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any, Final
from xml.sax import SAXException
from xml.sax.handler import ContentHandler, feature_namespaces

from defusedxml import DefusedXmlException
from defusedxml.sax import make_parser

from nhip.formats.repack import pieces

MOST_CELLS: Final = 20_000_000
"""Area of a sheet above which it must be reasonably full."""
_LONGEST: Final = 64 << 20
_ADDRESS: Final = re.compile(r"([A-Za-z]{1,3})(\d{1,7})")
_ANY_CELL: Final = re.compile(rb"<c[\s/>]|:c[\s/>]")
_CELL: Final = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"')
_NO_RESULT: Final = re.compile(
    rb'<c (?![^>]{0,80}\bt="str")[^>]{0,80}><f\b[^>]{0,80}>[^<]*</f>\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>'
)
"""A formula whose result nobody stored; an empty text is a result."""
_ERROR: Final = re.compile(
    rb'<c r="([A-Z]{1,3}\d{1,7})"[^<>]*? t="e"[^<>]*>\s*(?:<f\b[^<>]*/>|<f\b[^<>]*>[^<]*</f>)?\s*<v>([^<]{1,40})</v>'
)


class Seen:
    """What a sheet holds. `width` and `last` are its last column and row, from 1."""

    def __init__(self) -> None:
        self.name = ""
        self.width = self.last = self.cells = 0
        self.lacking = False
        """Whether a formula has no stored result."""
        self.errors = 0
        self.error = self.at = ""
        """The first error in place of a result, and its cell."""

    def failed(self, error: str, at: str) -> None:
        """Count an error."""
        self.errors += 1
        self.error, self.at = self.error or error, self.at or at


def scan(source: IO[bytes]) -> Seen:
    """Read the sheet once, twice where it is written in an unusual way. Raises ValueError for what is no XML."""
    found = _quick(source)
    if found is None:
        source.seek(0)
        found = _Parser().parsed(source)
    return found


def _quick(source: IO[bytes]) -> Seen | None:
    """None where any cell is in another form than programs write."""
    seen = Seen()
    columns: set[bytes] = set()
    for piece in _whole_cells(source):
        cells = _CELL.findall(piece)
        if (piece.count(b"<c") != len(cells) or b":c" in piece) and len(_ANY_CELL.findall(piece)) != len(cells):
            return None
        seen.cells += len(cells)
        columns.update(letters for letters, _row in cells)
        seen.last = max(seen.last, max((int(row) for _letters, row in cells), default=0))
        seen.lacking = seen.lacking or _NO_RESULT.search(piece) is not None
        for at, error in _ERROR.findall(piece) if b't="e"' in piece else ():
            seen.failed(error.decode(errors="replace"), at.decode())
    seen.width = max(map(_number, columns), default=0)
    return seen


def _whole_cells(source: IO[bytes]) -> Iterator[bytes]:
    """The text in pieces that end before a cell."""
    left = b""
    for piece in pieces(source):
        data = left + piece
        cut = at if (at := data.rfind(b"<c r=")) >= 0 else max(data.rfind(b"<"), 0)
        if len(data) - cut > _LONGEST:
            raise ValueError("a cell without end")
        left = data[cut:]
        yield data[:cut]
    yield left


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


class _Parser(ContentHandler):
    """Counts cells however they are written; one without an address is the next of its row."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = Seen()
        self._row = self._column = 0
        self._error = self._formula = self._value = False
        self._text: list[str] | None = None

    def parsed(self, source: IO[bytes]) -> Seen:
        """What the sheet holds."""
        parser = make_parser()
        parser.setFeature(feature_namespaces, True)
        parser.setContentHandler(self)
        try:
            for piece in pieces(source):
                parser.feed(piece)
            parser.close()
        except (SAXException, DefusedXmlException) as error:
            raise ValueError(str(error)) from error
        return self.seen

    def startElementNS(self, name: Any, qname: Any, attrs: Any) -> None:
        """An element begins: `name` is its namespace and its name, without the prefix."""
        match name[1]:
            case "row":
                row = attrs.get((None, "r"), "")
                self._row, self._column = int(row) if row.isdecimal() and len(row) < 9 else self._row + 1, 0
            case "c":
                self._cell({key: value for (_space, key), value in attrs.items()})
            case "f":
                self._formula = True
            case "v":
                self._text = []

    def _cell(self, attributes: dict[str, str]) -> None:
        self._column += 1
        if found := _ADDRESS.fullmatch(attributes.get("r", "")):
            self._column, self._row = _number(found[1].upper().encode()), int(found[2])
        self.seen.cells += 1
        self.seen.width, self.seen.last = max(self.seen.width, self._column), max(self.seen.last, self._row)
        self._error = attributes.get("t") == "e"
        self._formula, self._value = False, attributes.get("t") == "str"

    def characters(self, content: str) -> None:
        """Text, of which only values count."""
        if self._text is not None:
            self._text.append(content)

    def endElementNS(self, name: Any, qname: Any) -> None:
        """An element ends."""
        match name[1]:
            case "v":
                text, self._text = "".join(self._text or ()), None
                self._value = self._value or bool(text.strip())
                if self._error and text:
                    self.seen.failed(text[:40], f"{column_letters(self._column)}{self._row}")
            case "c":
                self.seen.lacking = self.seen.lacking or (self._formula and not self._value)


def column_letters(number: int) -> str:
    """The name of a column: A for 1, AA for 27."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
