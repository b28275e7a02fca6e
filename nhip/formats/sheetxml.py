"""Excel 2003 XML (SpreadsheetML), which many programs write under the name .xls or .xml: sheets as grids of text cells.

Formulas give their stored results. The file is read as a stream, once; its rows wait on disk until a sheet is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple
from xml.etree import ElementTree

import defusedxml
import defusedxml.ElementTree
import msgspec

from nhip.formats.errors import BrokenFile, TooManyColumns, TooSpread
from nhip.formats.excel import cell_text, hidden, number_text
from nhip.formats.model import Grid, Merge, Note, Opened, Row
from nhip.formats.sheetscan import MOST_CELLS
from nhip.kernel.i18n import _
from nhip.settings import Settings

NAMESPACE: Final = "urn:schemas-microsoft-com:office:spreadsheet"
_SS: Final = f"{{{NAMESPACE}}}"
_VISIBLE: Final = "{urn:schemas-microsoft-com:office:excel}Visible"
_LAST: Final = 1 << 20
"""The last row that a sheet can have."""
_NO_DAY: Final = 1900
"""Times of day stand as moments of the year before."""
_TRUTH: Final = {"1": True, "true": True, "0": False, "false": False}
_Kept = tuple[int, list[tuple[int, str | None]]]
"""A row as it waits: its number, and the cells with their columns."""
_written: Final = msgspec.json.Encoder().encode
_read: Final = msgspec.json.Decoder(_Kept).decode


class _Cell(NamedTuple):
    """`at` counts from 0; `across` and `down` are the columns and rows that are merged with it."""

    at: int
    text: str | None
    across: int
    down: int


class _Line(NamedTuple):
    """One row of the sheet at `sheet`."""

    sheet: int
    row: int
    cells: list[_Cell]


class _Sheet:
    """What is known of a sheet before its rows are asked for."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.hidden = False
        self.width = self.rows = self.cells = 0
        self.start = 0
        """Where its rows begin in the file in which they wait."""
        self.merges: list[Merge] = []

    def add(self, line: _Line) -> None:
        self.rows += 1
        self.cells += len(line.cells)
        for cell in line.cells:
            self.width = max(self.width, cell.at + 1)
            if cell.across or cell.down:
                self.merges.append(Merge(line.row, cell.at, line.row + cell.down, cell.at + cell.across))


class _Reader:
    """Goes through the file; `sheets` is filled on the way."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._row = 0
        self.sheets: list[_Sheet] = []

    def lines(self) -> Iterator[_Line]:
        """Every row of every sheet. Raises ValueError or ParseError for a file that Excel would refuse too."""
        events = defusedxml.ElementTree.iterparse(self._path, events=("start", "end"), forbid_dtd=True)
        table = None
        for event, element in events:
            if event == "start":
                if element.tag == f"{_SS}Worksheet":
                    self.sheets.append(_Sheet(element.get(f"{_SS}Name") or f"{len(self.sheets) + 1}"))
                    self._row = 0
                elif element.tag == f"{_SS}Table":
                    table = element
            elif element.tag == f"{_SS}Row" and table is not None and self.sheets:
                yield self._line(element)
                table.clear()
            elif element.tag == _VISIBLE and self.sheets and (element.text or "").startswith("SheetHidden"):
                self.sheets[-1].hidden = True
            elif element.tag == f"{_SS}Worksheet":
                table = None
                element.clear()

    def _line(self, element: ElementTree.Element) -> _Line:
        row = _place(element, self._row)
        self._row = row + _count(element, "Span")
        cells, after = [], 0
        for child in element:
            if child.tag == f"{_SS}Cell":
                at = _place(child, after)
                across, down = _count(child, "MergeAcross"), _count(child, "MergeDown")
                cells.append(_Cell(at - 1, _text(child.find(f"{_SS}Data")), across, down))
                after = at + across
        return _Line(len(self.sheets) - 1, row, cells)


def _place(element: ElementTree.Element, before: int) -> int:
    """The number of a row or cell: as it says itself, else the one after the last."""
    place = _count(element, "Index") or before + 1
    if place <= before:
        raise ValueError(place)
    return place


def _count(element: ElementTree.Element, name: str) -> int:
    text = element.get(f"{_SS}{name}") or "0"
    count = int(text) if text.isdecimal() and len(text) < 9 else -1
    if not 0 <= count <= _LAST:
        raise ValueError(text)
    return count


def _text(data: ElementTree.Element | None) -> str | None:
    """A cell as text, by the rules of other workbooks."""
    if data is None:
        return None
    text = "".join(data.itertext())
    kind = data.get(f"{_SS}Type")
    try:
        if kind == "Number" and math.isfinite(number := float(text)) and "_" not in text:
            return number_text(number)
        if kind == "DateTime":
            return cell_text(_moment(datetime.fromisoformat(text)))
    except ValueError:
        return text or None
    return cell_text(_TRUTH.get(text.strip().lower(), text) if kind == "Boolean" else text)


def _moment(moment: datetime) -> object:
    if moment.year < _NO_DAY:
        return moment.time()
    return moment if moment.time() != datetime.min.time() else moment.date()


def open_book(path: Path, work: Path, settings: Settings, filename: str) -> Opened:
    """The sheets of the file; their rows wait in `work`. Raises BrokenFile, TooSpread, TooManyColumns."""
    reader, kept = _Reader(path), work / "rows.jsonl"
    try:
        with kept.open("wb") as file:
            for line in reader.lines():
                _keep(file, line, sheet := reader.sheets[line.sheet])
                if (width := sheet.width) > settings.max_columns:
                    raise TooManyColumns(table=sheet.name, file=filename, columns=width, limit=settings.max_columns)
    except (ElementTree.ParseError, defusedxml.DefusedXmlException, ValueError, LookupError) as error:
        # the last: an encoding that nobody knows
        raise BrokenFile(file=filename, format="Excel XML", what=_("its content cannot be read")) from error
    parts, notes = [], []
    for sheet in reader.sheets:
        area = sheet.width * sheet.rows
        if area > MOST_CELLS and sheet.cells * 50 < area:
            raise TooSpread(table=sheet.name, file=filename, rows=sheet.rows, columns=sheet.width)
        if sheet.hidden:
            notes.append(hidden(sheet.name))
        parts.append(_grid(kept, sheet))
    return Opened(format="spreadsheetml", encoding="", parts=[*parts], notes=notes)


def _keep(file: BinaryIO, line: _Line, sheet: _Sheet) -> None:
    if not sheet.rows:
        sheet.start = file.tell()
    sheet.add(line)
    file.write(_written((line.row, [(cell.at, cell.text) for cell in line.cells])) + b"\n")


def _grid(kept: Path, sheet: _Sheet) -> Grid:
    def rows() -> Iterator[Row]:
        with kept.open("rb") as file:
            file.seek(sheet.start)
            for _place in range(sheet.rows):
                row, found = _read(file.readline())
                cells: list[str | None] = [None] * sheet.width
                for at, text in found:
                    cells[at] = text
                yield row, cells

    return Grid(name=sheet.name, sheet=sheet.name, rows=rows, merges=sheet.merges)


def named_as_workbook(filename: str) -> Note:
    """What to tell the sender of such a file under the name .xls, at which Excel itself warns."""
    message = _(
        "The file {filename} is Excel 2003 XML under the name of a workbook, as some programs export it. Its sheets were read; "
        "better save it as a real Excel file (.xlsx)."
    )
    return Note(code="file.sheetxml", message=message, values={"filename": filename})
