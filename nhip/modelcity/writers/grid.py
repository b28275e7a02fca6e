"""A sheet as people make it: titles, two header rows, merged cells, blank rows, totals, notes, a second table below."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from nhip.modelcity.model import DatasetSpec, Table

GROUPS = ("Thông tin chung", "Chi tiết")
"""Texts of the upper header row, each over one half of the columns."""
_BLANK_EVERY = 40


@dataclass(slots=True)
class Grid:
    """Cells by row, merged ranges (top, left, bottom, right; from 0), and what each kind of row is, from 1."""

    cells: list[list[Any]] = field(default_factory=list)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    data_rows: list[int] = field(default_factory=list)
    extras: list[tuple[str, int, str]] = field(default_factory=list)
    """Kind of layout, row number, text: the rows that are no data."""
    covered: list[tuple[int, int, Any]] = field(default_factory=list)
    """Place of the data row, column and good value of cells that a merged cell covers."""

    def add(self, *cells: Any) -> int:
        """Append a row and return its number from 1."""
        self.cells.append(list(cells))
        return len(self.cells)


def lay_out(spec: DatasetSpec, headers: list[str], table: Table, agency: str) -> Grid:
    """The sheet of this delivery, with everything that `spec.dirt.layout` asks for."""
    grid, wants = Grid(), set(spec.dirt.layout)
    width = len(headers)
    if "title" in wants:
        _titles(grid, spec, agency, width)
    if "header2" in wants:
        _groups(grid, width)
    grid.add(*headers)
    _body(grid, spec, table, "blank" in wants)
    if "merged" in wants:
        _merge_runs(grid, spec)
    if "total" in wants:
        grid.extras.append(("layout.total", grid.add(*_totals(spec, table)), "Tổng cộng"))
    if "notes" in wants:
        grid.add()
        for text in ("Ghi chú: Số liệu tổng hợp từ các đơn vị cơ sở.", "Người lập biểu: (đã ký)"):
            grid.extras.append(("layout.note", grid.add(text), text))
    if "tables" in wants:
        _second_table(grid)
    return grid


def _titles(grid: Grid, spec: DatasetSpec, agency: str, width: int) -> None:
    for text in (agency.upper(), spec.title.upper(), "(Kèm theo công văn của đơn vị)"):
        row = grid.add(text)
        grid.merges.append((row - 1, 0, row - 1, width - 1))
        grid.extras.append(("layout.title", row, text))
    grid.add()


def _groups(grid: Grid, width: int) -> None:
    half = width // 2
    row = grid.add(GROUPS[0], *[None] * (half - 1), GROUPS[1], *[None] * (width - half - 1)) - 1
    grid.merges += [(row, 0, row, half - 1), (row, half, row, width - 1)]
    grid.extras.append(("layout.header2", row + 1, GROUPS[0]))


def _body(grid: Grid, spec: DatasetSpec, table: Table, blanks: bool) -> None:
    for place, row in enumerate(zip(*table.values(), strict=True)):
        if blanks and place and place % _BLANK_EVERY == 0:
            grid.extras.append(("layout.blank", grid.add(), ""))
        grid.data_rows.append(grid.add(*row))


def _merge_runs(grid: Grid, spec: DatasetSpec) -> None:
    """Merge equal communes that stand below each other, as people do to make a list easier on the eye."""
    column = next((place for place, c in enumerate(spec.columns) if c.kind == "commune"), None)
    if column is None:
        return
    rows = grid.data_rows
    start = 0
    for place in range(1, len(rows) + 1):
        top = grid.cells[rows[start] - 1][column]
        same = place < len(rows) and rows[place] == rows[place - 1] + 1 and grid.cells[rows[place] - 1][column] == top
        if same:
            continue
        if place - start > 1 and top is not None:
            grid.merges.append((rows[start] - 1, column, rows[place - 1] - 1, column))
            for covered in range(start + 1, place):
                grid.cells[rows[covered] - 1][column] = None
                grid.covered.append((covered, column, top))
        start = place


def _totals(spec: DatasetSpec, table: Table) -> list[Any]:
    sums: list[Any] = ["Tổng cộng"]
    for column in spec.columns[1:]:
        numbers = [
            value for value in table[column.name] if isinstance(value, int | float) and not isinstance(value, bool)
        ]
        adds_up = column.type in ("integer", "number") and column.kind not in ("latitude", "longitude", "x", "y")
        sums.append(round(sum(numbers), 2) if adds_up else None)
    return sums


def _second_table(grid: Grid) -> None:
    grid.add()
    grid.add()
    first = grid.add("Chỉ tiêu", "Kế hoạch", "Thực hiện")
    for name in ("Quý I", "Quý II", "Quý III"):
        grid.add(name, 100, 96)
    grid.extras.append(("layout.tables", first, "Chỉ tiêu"))
