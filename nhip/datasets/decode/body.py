"""From the rows of a sheet or text file to its tables: headers found, totals and repeated headers set aside with a finding each,
merged cells filled down, notes kept apart. Rows are streamed; only the first ones are looked at ahead."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from nhip.datasets.decode.cells import (
    TOTAL_STARTS,
    Cells,
    filled,
    has_group_mark,
    has_header_words,
    is_footnote,
    is_group_mark,
    is_header_like,
    is_number,
    is_numbered_section,
    is_section,
    is_total,
    joined,
)
from nhip.datasets.decode.heading import Heading, find_heading, heads_other_table
from nhip.datasets.decode.rowfile import RowFile
from nhip.formats.model import Merge, Row
from nhip.kernel.text import fold

_AHEAD: Final = 200
_MOST_PENDING: Final = 1_000
_LEARNING: Final = 500


class RawTable(msgspec.Struct, kw_only=True):
    """A table as found: its rows are in `rowfile`. Counts are of rows and cells that were treated specially."""

    heading: Heading
    rowfile: RowFile
    title: str = ""
    notes: list[str] = []
    blank_rows: int = 0
    filled_down: int = 0
    totals: int = 0
    sections: int = 0
    repeated: int = 0


class _Rows:
    """Rows that can be looked at ahead."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self._ahead: deque[Row] = deque()

    def peek(self, count: int) -> list[Row]:
        while len(self._ahead) < count and (row := next(self._rows, None)) is not None:
            self._ahead.append(row)
        return list(self._ahead)[:count]

    def take(self) -> Row | None:
        return self._ahead.popleft() if self._ahead else next(self._rows, None)

    def put_back(self, rows: list[Row]) -> None:
        self._ahead.extendleft(reversed(rows))


class TableReader:
    """Reads all tables of one source of rows. `strays` are the numbers of rows whose quotes are out of order; with `shaped`,
    rows with too few or too many cells are findings."""

    def __init__(
        self,
        rows: Iterator[Row],
        open_rowfile: Callable[[int], RowFile],
        merges: list[Merge] | None = None,
        *,
        shaped: bool = False,
        strays: set[int] | None = None,
    ) -> None:
        self._rows = _Rows(rows)
        self._open = open_rowfile
        self._merges = merges or []
        self._shaped = shaped
        self._strays = strays if strays is not None else set()
        self._tables: list[RawTable] = []

    def read(self) -> list[RawTable]:
        """All tables, in order."""
        while (heading := find_heading(self._rows.peek(_AHEAD), self._merges)) is not None:
            table = RawTable(heading=heading, rowfile=self._open(len(self._tables)), notes=list(heading.notes))
            table.title = heading.notes[-1] if heading.notes and self._tables else ""
            self._tables.append(table)
            self._skip_to(heading.after)
            _Body(self._rows, table, self._merges, self._shaped, self._strays).run()
        return self._tables

    def _skip_to(self, number: int) -> None:
        while (row := self._rows.peek(1)) and row[0][0] <= number:
            self._rows.take()


class _Body:
    """The rows under one header, up to the next table or the end."""

    def __init__(self, rows: _Rows, table: RawTable, merges: list[Merge], shaped: bool, strays: set[int]) -> None:
        self._rows, self._table, self._shaped, self._strays = rows, table, shaped, strays
        self._heading = table.heading
        self._width = self._heading.width
        self._named = max(len(filled([*self._heading.names])), 1)
        self._headers = [_folded(cells) for cells in self._heading.texts]
        self._firsts = {fold(_first(cells)) for cells in self._heading.texts}
        self._tall: dict[int, list[Merge]] = {}
        for merge in merges:
            if merge.bottom > merge.top:
                self._tall.setdefault(merge.top, []).append(merge)
        self._wide = {m.top for m in merges if m.right > m.left}
        self._below: dict[int, list[tuple[int, str]]] = {}
        self._pending: list[Row] = []
        self._blank = 0
        self._numbers: Counter[int] = Counter()
        self._texts: Counter[int] = Counter()
        self._sections: Counter[int] = Counter()

    def run(self) -> None:
        while (row := self._rows.take()) is not None:
            if self._is_plain(row[1]):
                self._write(*row)
                continue
            if not _first(row[1]):
                self._blank += 1
                self._table.blank_rows += 1
                continue
            if self._starts_table(row):
                self._rows.put_back([*self._pending, row])
                return
            if self._is_thin(row):
                self._pending.append(row)
                if len(self._pending) > _MOST_PENDING:
                    self._flush()
            else:
                self._learn(row[1])
                self._flush()
                self._solid(row)
            self._blank = 0
        self._finish()

    def _is_plain(self, cells: Cells) -> bool:
        """A quick yes for most rows: nothing is pending, most cells are filled, and the first is no header or total."""
        if (
            self._blank
            or self._pending
            or self._tall
            or len(cells) != self._width
            or 2 * cells.count(None) >= len(cells)
        ):
            return False
        first = cells[0] or ""
        label = first.lower() if first.isascii() else fold(first)
        return (
            bool(label) and not label[0].isspace() and not label.startswith(TOTAL_STARTS) and label not in self._firsts
        )

    def _starts_table(self, row: Row) -> bool:
        """A header after a gap: other texts than this table's, where this one has numbers or with usual column names."""
        gap = self._blank or (self._pending and self._table.rowfile.count)
        if not gap or len(filled(row[1])) < 2 or not is_header_like(row[1]) or self._is_header(row[1]):
            return False
        following = self._rows.peek(1)
        if not following or len(filled(following[0][1])) < 2 or is_footnote(row[1]):
            return False
        if self._heads_group(row[1]):
            return False
        ahead = [row[1], *(cells for _, cells in self._rows.peek(3))]
        other = heads_other_table(ahead, self._named, self._numbers, self._texts)
        return other or self._clashes(row[1]) or has_header_words(row[1])

    def _clashes(self, cells: Cells) -> bool:
        return any(
            self._numbers[place] >= 2 and self._numbers[place] > 4 * self._texts[place] for place in filled(cells)
        )

    def _is_thin(self, row: Row) -> bool:
        """A row that may be a section's heading, or a note under the table: which, only what follows tells."""
        number, cells = row
        places = filled(cells)
        gap = bool(self._blank or self._pending)
        if self._heads_group(cells):
            return True
        if self._named < 3 or len(places) > max(1, self._named // (2 if gap else 3)) or is_total(cells, self._named):
            return False
        if any(is_number(cells[place] or "") for place in places) or number in self._below:
            return False
        return self._heads_section(row) or gap or is_footnote(cells)

    def _heads_group(self, cells: Cells) -> bool:
        """The number of a group and its name, where the column has plain numbers otherwise."""
        if self._named < 4 or not has_group_mark(cells):
            return False
        place = filled(cells)[0]
        if self._numbers[place] or self._texts[place]:
            return self._numbers[place] > self._texts[place]
        below = [row[place] if place < len(row) else None for _, row in self._rows.peek(2)]
        return bool(below) and (is_number(below[0] or "x") or (is_group_mark(below[0]) and is_number(below[-1] or "x")))

    def _heads_section(self, row: Row) -> bool:
        """One cell in capitals, numbered or merged across; not so where the column's other cells look the same."""
        number, cells = row
        places = filled(cells)
        if self._heads_group(cells):
            return True
        if len(places) != 1:
            return False
        often = (
            2 if is_numbered_section((cells[places[0]] or "").strip()) else 4
        )  # capitals alone say less than a number
        return number in self._wide or (
            is_section(cells) and often * self._sections[places[0]] <= self._texts[places[0]] + self._numbers[places[0]]
        )

    def _flush(self) -> None:
        """A full row follows what was pending: single cells were sections, wider rows are data."""
        for number, cells in self._pending:
            if self._heads_section((number, cells)):
                self._table.sections += 1
                self._set_aside(number, cells, "row.section")
            else:
                self._solid((number, cells))
        self._pending.clear()

    def _finish(self) -> None:
        self._table.notes += [joined(cells) for _, cells in self._pending]
        self._pending.clear()

    def _solid(self, row: Row) -> None:
        number, cells = row
        if is_number(_first(cells)):  # neither a header nor a total: most rows go this way
            self._write(number, cells)
        elif self._is_header(cells):
            self._table.repeated += 1
            self._set_aside(number, cells, "row.header")
        elif is_total(cells, self._named):
            self._table.totals += 1
            self._set_aside(number, cells, "row.total")
        else:
            self._write(number, cells)

    def _write(self, number: int, cells: Cells) -> None:
        self._table.rowfile.write(number, self._shape(number, self._fill(number, cells)))
        if self._table.rowfile.count < _LEARNING:
            self._learn(cells)

    def _set_aside(self, number: int, cells: Cells, rule: str) -> None:
        self._table.rowfile.find(number, "", rule, "mended", joined(cells))

    def _learn(self, cells: Cells) -> None:
        for place in filled(cells):
            (self._numbers if is_number(cells[place] or "") else self._texts)[place] += 1
            self._sections[place] += is_section([cells[place]])

    def _is_header(self, cells: Cells) -> bool:
        return fold(_first(cells)) in self._firsts and _folded(cells) in self._headers

    def _fill(self, number: int, cells: Cells) -> Cells:
        """Give the rows under a tall merged cell its text."""
        if not self._tall:
            return cells
        for place, text in self._below.pop(number, ()):
            if place < len(cells) and not cells[place]:
                cells[place] = text
                self._table.filled_down += 1
        for merge in self._tall.get(number, ()):
            merged = cells[merge.left] if merge.left < len(cells) else None
            for below in range(number + 1, merge.bottom + 1) if merged else ():
                self._below.setdefault(below, []).append((merge.left, merged or ""))
        return cells

    def _shape(self, number: int, cells: Cells) -> Cells:
        if not self._shaped:
            return cells
        extra = cells[self._width :]
        stray = number in self._strays
        self._strays.discard(number)
        if len(cells) != self._width or stray:
            self._table.rowfile.find(number, "", "row.shape", "error", joined(cells))
        return cells[: self._width] if extra else cells


def _first(cells: Cells) -> str:
    """The first filled cell, "" when there is none."""
    return next((cell for cell in cells if cell and not cell.isspace()), "")


def _folded(cells: Cells) -> tuple[str, ...]:
    texts = [fold(cell or "") for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)
