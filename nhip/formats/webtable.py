"""Tables of a web page (HTML), which many programs save under the name .xls; scripts never run and nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from nhip.formats.errors import BrokenFile, TooManyColumns, UnknownFormat
from nhip.formats.model import Grid, Merge, Note, Row
from nhip.kernel.i18n import _
from nhip.settings import Settings

MOST_CELLS: Final = 5_000_000
"""Cells of one page, spans counted; a web page of more is no export that a spreadsheet could open."""
_WIDEST_SPAN: Final = 1_000
_CHUNK: Final = 1 << 18
_SILENT: Final = frozenset(["script", "style", "title", "noscript"])
_DEEPEST: Final = 20


class _Table:
    """A table while it is read. `layout`: a table stands in one of its cells, so it only arranges the page."""

    def __init__(self) -> None:
        self.rows: list[list[str | None]] = []
        self.merges: list[Merge] = []
        self.layout = False
        self.cell: list[str] | None = None
        self._span = (1, 1)
        self._taken: dict[int, int] = {}

    def start_row(self) -> None:
        self.end_cell()
        self._taken = {column: rows - 1 for column, rows in self._taken.items() if rows > 1}
        self.rows.append([])

    def start_cell(self, rows: int, columns: int) -> None:
        self.end_cell()
        if not self.rows:
            self.start_row()
        self._span, self.cell = (rows, columns), []

    def end_cell(self) -> None:
        """Put the cell at the first column that no cell of an earlier row reaches down to."""
        if self.cell is None:
            return
        row, (down, across) = self.rows[-1], self._span
        while self._taken.get(len(row)):
            row.append(None)
        left, top = len(row), len(self.rows)
        row.extend([" ".join("".join(self.cell).split()) or None, *[None] * (across - 1)])
        if down > 1:
            self._taken.update(dict.fromkeys(range(left, left + across), down))
        if down > 1 or across > 1:
            self.merges.append(Merge(top, left, top + down - 1, left + across - 1))
        self.cell = None


class _Reader(HTMLParser):
    """Collects the tables of a page, inner ones apart from the outer."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[_Table] = []
        self.cells = 0
        self.asks_password = False
        self._open: list[_Table] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "table" and len(self._open) < _DEEPEST:
            for table in self._open:
                table.layout = True
            self._open.append(_Table())
            self.found.append(self._open[-1])
        elif tag == "input":
            self.asks_password |= dict(attrs).get("type", "") == "password"
        elif self._open and tag == "tr":
            self._open[-1].start_row()
        elif self._open and tag in ("td", "th"):
            rows, columns = (_span(dict(attrs).get(name)) for name in ("rowspan", "colspan"))
            self.cells += columns
            self._open[-1].start_cell(rows, columns)
        elif tag in ("br", "p", "div", "li"):
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif self._open and tag in ("td", "th", "tr"):
            self._open[-1].end_cell()
        elif self._open and tag == "table":
            self._open.pop().end_cell()

    def handle_data(self, data: str) -> None:
        if self._open and not self._silent and self._open[-1].cell is not None:
            self._open[-1].cell.append(data)

    def close(self) -> None:
        super().close()
        while self._open:
            self._open.pop().end_cell()


def _span(text: str | None) -> int:
    return min(max(int(text), 1), _WIDEST_SPAN) if text and text.isdecimal() and len(text) < 9 else 1


def open_page(path: Path, filename: str, settings: Settings) -> list[Grid]:
    """The tables of a page in UTF-8 that hold more than one cell. Raises UnknownFormat where there is none or where the page asks
    for a password (it is no export then), BrokenFile for more cells than any spreadsheet opens, TooManyColumns."""
    reader = _Reader()
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        while chunk := file.read(_CHUNK):
            reader.feed(chunk)
            if reader.cells > MOST_CELLS:
                raise BrokenFile(file=filename, format="HTML", what=_("its tables have more than 5,000,000 cells"))
    reader.close()
    tables = [table for table in reader.found if not table.layout and _cells_of(table) > 1]
    if not tables or reader.asks_password:
        raise UnknownFormat(file=filename)
    widest = max(len(row) for table in tables for row in table.rows)
    if widest > settings.max_columns:
        raise TooManyColumns(table="1", file=filename, columns=widest, limit=settings.max_columns)
    stem = Path(filename).stem
    names = [stem] if len(tables) == 1 else [f"{stem} {number}" for number in range(1, len(tables) + 1)]
    return [_grid(name, table) for name, table in zip(names, tables, strict=True)]


def _cells_of(table: _Table) -> int:
    return sum(1 for row in table.rows for cell in row if cell is not None)


def _grid(name: str, table: _Table) -> Grid:
    def rows() -> Iterator[Row]:
        yield from enumerate(table.rows, 1)

    return Grid(name=name, sheet="", rows=rows, merges=table.merges)


def named_as_workbook(filename: str) -> Note:
    """What to tell the sender of a web page under a spreadsheet's name."""
    message = _(
        "The file {filename} is a web page (HTML) under the name of a spreadsheet, as some programs export it. Its table was "
        "read; better send a real Excel file (.xlsx), as a web page keeps no types and may lose zeros in front."
    )
    return Note(code="file.webpage", message=message, values={"filename": filename})
